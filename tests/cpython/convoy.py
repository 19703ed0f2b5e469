#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Measure CPython's convoy: a thread sleeps 1 ms again and again, beside
threads that only compute, under CPython's own lock. gilbench convoy does the same under
/dev/gil.

usage: convoy.py INTERVAL_MS OPERATIONS HOGS...

Prints a JSON object: number of computing threads -> seconds that each
operation took.
"""

import json
import sys
import threading
import time

SLEEP_S = 0.001

# These operations do not count: they give the hogs the time to begin.
WARM_UP = 2


def hog(stop):
    n = 0
    while not stop:
        n += 1


def operations(count):
    """Seconds that each took, sleep and coming back."""
    took = []
    for _ in range(WARM_UP + count):
        begin = time.monotonic()
        time.sleep(SLEEP_S)
        took.append(time.monotonic() - begin)
    return took[WARM_UP:]


def beside(hogs, count):
    stop = []
    threads = [threading.Thread(target=hog, args=(stop,))
               for _ in range(hogs)]
    for thread in threads:
        thread.start()
    try:
        return operations(count)
    finally:
        stop.append(True)
        for thread in threads:
            thread.join()


def main():
    interval_ms, count, *arms = sys.argv[1:]
    # A build of Python without its lock has no convoy to compare with.
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        sys.exit("convoy.py: this Python has no lock of its own")
    sys.setswitchinterval(float(interval_ms) / 1000)
    print(json.dumps({hogs: beside(int(hogs), int(count)) for hogs in arms}))


if __name__ == "__main__":
    main()
