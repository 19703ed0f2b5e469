# SPDX-License-Identifier: GPL-2.0
"""Two threads add one to a counter. The figures are the share of the additions that
were kept: of counter += 1 as it stands, with a call between the load and the store,
and with a lock around it.
"""

import threading

from measure import QUICK, as_many_as_take, in_threads, show

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


if __name__ == "__main__":
    show({"plain": kept(plain), "call": kept(with_call),
          "mutex": kept(with_lock)})
