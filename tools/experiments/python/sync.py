# SPDX-License-Identifier: GPL-2.0
"""threading's Event, Semaphore and Barrier and queue.Queue, each used by several
threads, with what it promises checked. The figures are how often a promise was
broken, and how many threads and items there were at most.
"""

import queue
import threading
import time

from measure import QUICK, show, start_and_join

WORKERS, INSIDE_MAX, PARTIES, QUEUE_SIZE = 8, 3, 4, 4
ROUNDS = 20 if QUICK else 100


def run(count, function):
    start_and_join([threading.Thread(target=function, args=(index,))
                    for index in range(count)])


def event():
    """The last thread sets it; nobody may come by before that."""
    gate, done, early = threading.Event(), [], []

    def work(index):
        if index == WORKERS - 1:
            time.sleep(0.002)
            done.append(True)
            gate.set()
            return
        gate.wait()
        if not done:
            early.append(index)

    run(WORKERS, work)
    return len(early)


def semaphore():
    """The largest number of threads inside at once."""
    gate, inside, most = threading.Semaphore(INSIDE_MAX), [], []

    def work(index):
        for _ in range(ROUNDS):
            with gate:
                inside.append(index)
                most.append(len(inside))
                time.sleep(0.0002)
                inside.remove(index)

    run(WORKERS, work)
    return max(most)


def barrier():
    """How often a thread was past the barrier of a round too early."""
    gate, done, early = threading.Barrier(PARTIES), [0] * PARTIES, []

    def work(index):
        for number in range(1, ROUNDS + 1):
            done[index] = number
            gate.wait()
            if min(done) < number:
                early.append(index)

    run(PARTIES, work)
    return len(early)


def bounded_queue():
    """(items that came wrong, the most that there were at once)."""
    items = queue.Queue(QUEUE_SIZE)
    producers = WORKERS // 2
    taken, sizes = [], []

    def work(index):
        for number in range(ROUNDS):
            if index < producers:
                items.put((index, number))
                sizes.append(items.qsize())
            else:
                taken.append(items.get())

    run(WORKERS, work)
    # Consumers note what they took in any order, so only compare what there is.
    wanted = [(index, number) for index in range(producers)
              for number in range(ROUNDS)]
    missing = set(wanted) - set(taken)
    return len(missing) + len(taken) - len(set(taken)), max(sizes)


def main():
    wrong, most = bounded_queue()
    show({"event_early": event(), "semaphore_most": semaphore(),
          "barrier_early": barrier(), "queue_wrong": wrong, "queue_most": most})


if __name__ == "__main__":
    main()
