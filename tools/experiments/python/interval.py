# SPDX-License-Identifier: GPL-2.0
"""The switch interval: how long two threads take to count down, and how long an
I/O thread takes beside one that computes, with intervals from 50 us to 100 ms.
"""

import statistics
import sys
import threading
import time

from measure import QUICK, as_many_as_take, in_threads, show, timed

INTERVALS = {"50us": 0.00005, "1ms": 0.001, "5ms": 0.005, "20ms": 0.02,
             "100ms": 0.1}
SLEEP_S = 0.001
OPERATIONS = 3 if QUICK else 8
SECONDS = 0.3 if QUICK else 1
MOST = 20_000_000


def countdown(n):
    while n > 0:
        n -= 1


def operations(count):
    """Seconds of the median sleep, until the thread runs again."""
    took = []
    for _ in range(count):
        took.append(timed(time.sleep, SLEEP_S))
    return statistics.median(took)


def beside_a_hog(count):
    stop = []

    def hog():
        while not stop:
            pass

    thread = threading.Thread(target=hog)
    thread.start()
    try:
        return operations(count)
    finally:
        stop.append(True)
        thread.join()


def main():
    count = as_many_as_take(SECONDS, countdown, MOST)
    figures = {}
    for name, interval in INTERVALS.items():
        sys.setswitchinterval(interval)
        figures |= {
            f"{name}.single": timed(countdown, count),
            f"{name}.threads": in_threads(2, countdown, count // 2),
            f"{name}_io.alone": operations(OPERATIONS),
            f"{name}_io.1_hog": beside_a_hog(OPERATIONS),
        }
    show(figures)


if __name__ == "__main__":
    main()
