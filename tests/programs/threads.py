# SPDX-License-Identifier: GPL-2.0
"""Run threads that compute, talk by queues, and sleep, for mix.py."""

import hashlib
import queue
import threading
import time

THREADS = 4
ROUNDS = 6


def work(number, todo, done):
    while (item := todo.get()) is not None:
        total = sum(i * i % 7 for i in range(3000))
        # Large enough for hashlib to let go of Python's own lock.
        digest = hashlib.sha256(bytes([item]) * 50000).hexdigest()
        time.sleep(0.0005 * (number % 2))
        done.put((item, total, digest))


def main():
    todo, done = queue.Queue(), queue.Queue()
    threads = [threading.Thread(target=work, args=(n, todo, done))
               for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for item in range(THREADS * ROUNDS):
        todo.put(item)
    for _ in threads:
        todo.put(None)
    for thread in threads:
        thread.join()
    for line in sorted(done.get() for _ in range(THREADS * ROUNDS)):
        print(*line)


main()
