# SPDX-License-Identifier: GPL-2.0
"""The same tasks, by a pool of threads and by a pool of processes: one word is
exchanged. The tasks take 50 us to 20 ms, and have little data, or much.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from measure import QUICK, as_many_as_take, show, timed

WORKERS = 2
SECONDS = 0.1 if QUICK else 0.3
MOST = 10_000_000
# Name -> seconds of a task, how many tasks, bytes of data of each.
TASKS = {
    "50us": (0.00005, 64, 256), "200us": (0.0002, 64, 256),
    "1ms": (0.001, 64, 256), "5ms": (0.005, 32, 256),
    "20ms": (0.02, 16, 256), "large": (0.001, 64, 256 * 1024),
}


def countdown(n):
    while n > 0:
        n -= 1


def task(work):
    n, data = work
    countdown(n)
    return data


def pool(kind, **options):
    """A pool that has started all its workers."""
    made = kind(WORKERS, **options)
    list(made.map(countdown, [100_000] * WORKERS))
    return made


def do_all(executor, n, count, size):
    return timed(lambda: list(executor.map(task, [(n, bytes(size))] * count)))


def main():
    per_second = as_many_as_take(SECONDS, countdown, MOST) / SECONDS
    fork = multiprocessing.get_context("fork")
    figures = {}
    # The processes come first, because a process should not be forked beside
    # threads.
    with pool(ProcessPoolExecutor, mp_context=fork) as processes, \
            pool(ThreadPoolExecutor) as threads:
        for name, (seconds, count, size) in TASKS.items():
            n = int(seconds * per_second)
            figures |= {
                f"{name}.threads": do_all(threads, n, count, size),
                f"{name}.processes": do_all(processes, n, count, size),
            }
    show(figures)


if __name__ == "__main__":
    main()
