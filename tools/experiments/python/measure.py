# SPDX-License-Identifier: GPL-2.0
"""What the experiments in Python share: a clock, workers, and how figures are
printed. See the experiments for what is measured.
"""

import json
import multiprocessing
import re
import sys
import threading
import time

QUICK = "--quick" in sys.argv


def timed(function, *arguments):
    """Seconds that a call takes."""
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def as_many_as_take(seconds, function, most):
    """The number with which a call takes that long, and at most this number. The
    fastest of three calls tells, because other work can only slow one down.
    """
    number = 1000
    while timed(function, number) < seconds / 20 and number < most:
        number *= 2
    took = min(timed(function, number) for _ in range(3))
    return min(most, int(number * seconds / took))


def start_and_join(workers):
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def in_threads(count, function, *arguments):
    """Seconds until that many threads have done it."""
    return timed(start_and_join, [
        threading.Thread(target=function, args=arguments)
        for _ in range(count)])


def in_processes(count, function, *arguments):
    """The same in processes, which fork() makes."""
    fork = multiprocessing.get_context("fork")
    return timed(start_and_join, [
        fork.Process(target=function, args=arguments) for _ in range(count)])


def memory_left_kib():
    """What programs could still get, by the kernel's own estimate."""
    with open("/proc/meminfo", encoding="ascii") as file:
        return int(re.search(r"MemAvailable: +(\d+) kB", file.read())[1])


def memory_taken_kib(left_before):
    """At least 1, because other programs may have given some back."""
    return max(1, left_before - memory_left_kib())


def show(figures):
    print(json.dumps(figures))
