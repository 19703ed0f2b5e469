# SPDX-License-Identifier: GPL-2.0
"""Two threads add one to a counter. The figures are the share of the additions that
were kept: of counter += 1 as it stands, with a call between the load and the store,
and with a lock around it. Then two threads append to a list, and two processes add to
the counter.
"""

import threading

from measure import QUICK, as_many_as_take, in_processes, in_threads, show

THREADS = 2
SECONDS = 0.3 if QUICK else 1
MOST = 100_000_000

counter = 0
lock = threading.Lock()


def one():
    return 1


def plain(n):
    global counter
    for _ in range(n):
        counter += 1


def with_call(n):
    """CPython may switch threads when a function begins."""
    global counter
    for _ in range(n):
        counter = counter + one()


def with_lock(n):
    global counter
    for _ in range(n):
        with lock:
            counter = counter + one()


def kept(function):
    global counter
    each = as_many_as_take(SECONDS, function, MOST) // THREADS
    counter = 0
    in_threads(THREADS, function, each)
    return counter / (THREADS * each)


def appended(each):
    items = []

    def append(n):
        for i in range(n):
            items.append(i)

    in_threads(THREADS, append, each)
    return len(items) / (THREADS * each)


def seen_of_processes(each):
    global counter
    counter = 0
    in_processes(THREADS, plain, each)
    return counter / (THREADS * each)


if __name__ == "__main__":
    show({"plain": kept(plain), "call": kept(with_call),
          "mutex": kept(with_lock), "append": appended(100_000),
          "processes": seen_of_processes(1000)})
