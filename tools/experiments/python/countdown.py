# SPDX-License-Identifier: GPL-2.0
"""A fixed amount of counting down: one thread, 2 and 4 threads, 2 and 4
processes, and 2 interpreters in one process, each with a lock of its own.
"""

import threading

from measure import (QUICK, as_many_as_take, in_processes, in_threads, show,
                     start_and_join, timed)

# Texts count down from 20 million. A slow machine counts from less.
MOST = 20_000_000
SECONDS = 0.3 if QUICK else 1


def countdown(n):
    while n > 0:
        n -= 1


def in_interpreters(number, count):
    """Seconds, without the start of the interpreters; None: there are none."""
    try:
        import _interpreters
    except ImportError:
        return None
    made = [_interpreters.create("isolated") for _ in range(number)]
    code = f"n = {count}\ndef f(n):\n    while n > 0: n -= 1\nf(n)"
    took = timed(start_and_join, [
        threading.Thread(target=_interpreters.exec, args=(one, code))
        for one in made])
    for one in made:
        _interpreters.destroy(one)
    return took


def main():
    count = as_many_as_take(SECONDS, countdown, MOST)
    figures = {"decrements": count}
    for number in 2, 4:
        figures |= {
            f"{number}.single": timed(countdown, count),
            f"{number}.threads": in_threads(number, countdown,
                                            count // number),
            f"{number}.own_locks": in_processes(number, countdown,
                                                count // number),
        }
    took = in_interpreters(2, count // 2)
    if took is not None:
        figures["2.interpreters"] = took
    show(figures)


if __name__ == "__main__":
    main()
