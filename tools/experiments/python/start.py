# SPDX-License-Identifier: GPL-2.0
"""What a thread and a process cost before they have done anything: the time until
all have started and ended, and the memory that is missing meanwhile.
"""

import multiprocessing
import threading
import time

from measure import memory_left_kib, memory_taken_kib, show

WORKERS = 32


def work(arrived, gate):
    arrived.release()
    gate.wait()


def measure(kind, context):
    """(seconds, KiB) of one worker."""
    arrived, gate = context.Semaphore(0), context.Event()
    workers = [kind(target=work, args=(arrived, gate)) for _ in range(WORKERS)]
    left = memory_left_kib()
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for _ in workers:
        arrived.acquire()
    begun = time.perf_counter()
    taken = memory_taken_kib(left)
    resumed = time.perf_counter()
    gate.set()
    for worker in workers:
        worker.join()
    took = begun - start + time.perf_counter() - resumed
    return took / WORKERS, taken / WORKERS


def main():
    fork = multiprocessing.get_context("fork")
    thread, thread_kib = measure(threading.Thread, threading)
    process, process_kib = measure(fork.Process, fork)
    show({"thread": thread, "thread_kib": thread_kib,
          "process": process, "process_kib": process_kib})


if __name__ == "__main__":
    main()
