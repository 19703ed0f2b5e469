# SPDX-License-Identifier: GPL-2.0
"""Many waits of 100 ms: a thread for each, and asyncio, which has one thread for
all. Then three waits, A of 2 units, B of 1 and C of 3.
"""

import asyncio
import threading
import time

from measure import QUICK, memory_left_kib, memory_taken_kib, show

WAITS = 1000 if QUICK else 10_000
WAIT_S = 0.1
UNIT_S = 0.04


async def many():
    """KiB that the waits take."""
    left = memory_left_kib()
    waits = [asyncio.create_task(asyncio.sleep(WAIT_S)) for _ in range(WAITS)]
    await asyncio.sleep(0)
    taken = memory_taken_kib(left)
    await asyncio.gather(*waits)
    return taken


def threads():
    """KiB that the waits take."""
    left = memory_left_kib()
    waits = [threading.Thread(target=time.sleep, args=(WAIT_S,))
             for _ in range(WAITS)]
    for thread in waits:
        thread.start()
    taken = memory_taken_kib(left)
    for thread in waits:
        thread.join()
    return taken


async def three():
    """The names in the order in which they are done."""
    done = []

    async def fetch(name, units):
        await asyncio.sleep(units * UNIT_S)
        done.append(name)

    await asyncio.gather(fetch("A", 2), fetch("B", 1), fetch("C", 3))
    return done


def main():
    figures = {}
    threading.stack_size(64 * 1024)
    for name, run in ("loop", lambda: asyncio.run(many())), ("threads", threads):
        start = time.perf_counter()
        figures[f"{name}_kib"] = run()
        figures[name] = time.perf_counter() - start
    start = time.perf_counter()
    done = asyncio.run(three())
    figures["three"] = (time.perf_counter() - start) / (3 * UNIT_S)
    figures["in_order"] = int(done == ["B", "A", "C"])
    show(figures)


if __name__ == "__main__":
    main()
