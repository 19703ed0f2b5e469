#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judge how threads shared a lock's time, by what gil_shares printed: one
object a line. Prints KTAP.

usage: judge_shares.py FILE
"""

import json
import os
import sys

import ktap

JAIN_MIN = 0.99
# How far a share may be off what its weight gives it. The lock also stays put
# for a thread that lags while it is between two holds of 0.1 ms: 3 us that
# count in no hold.
WEIGHT_SLACK = 0.05
DEBUG_KERNEL = "/proc/lockdep"
# From the kernel's sched_prio_to_weight[], for the nice values that are tried.
WEIGHTS = {0: 1024, 5: 335, 10: 110}


def jain(shares):
    total = sum(shares)
    return total * total / (len(shares) * sum(s * s for s in shares) or 1)


def shares(run):
    return [thread["hold_ns"] for thread in run["threads"]]


def is_even(run):
    return jain(shares(run)) >= JAIN_MIN


def by_weight(run):
    """Each thread's share as a multiple of the one that its weight gives it."""
    weights = [WEIGHTS[thread["nice"]] for thread in run["threads"]]
    return [share / (sum(shares(run)) or 1) / (weight / sum(weights))
            for share, weight in zip(shares(run), weights)]


def is_by_weight(run):
    return all(abs(part - 1) <= WEIGHT_SLACK for part in by_weight(run))


def example(*threads):
    return {"threads": [{"hold_ns": hold, "nice": nice}
                        for hold, nice in threads]}


def judges():
    """Would other shares be noticed?"""
    return (is_even(example((100, 0), (104, 0), (97, 0))) and
            not is_even(example((100, 0), (125, 0), (100, 0))) and
            not is_even(example((0, 0), (0, 0))) and
            is_by_weight(example((1024, 0), (335, 5), (110, 10))) and
            not is_by_weight(example((1024, 0), (380, 5), (110, 10))) and
            not is_by_weight(example((1024, 0), (1024, 5))))


def describe(run):
    yield (f"{run['policy']}: Jain's index {jain(shares(run)):.4f}; "
           f"by weight {', '.join(f'{part:.3f}' for part in by_weight(run))}")
    for thread in run["threads"]:
        yield (f"  {thread['hold_us'] / 1000:g} ms at nice "
               f"{thread['nice']}: {thread['hold_ns'] / 1e6:.2f} ms in "
               f"{thread['turns']} turns, waited {thread['wait_max_ns'] / 1e6:.2f}"
               " ms at most")


def main():
    with open(*ktap.arguments(__doc__, 1), encoding="utf-8") as file:
        runs = [json.loads(line) for line in file]
    nice, mixed = [], {}
    for run in runs:
        ktap.comment("\n".join(describe(run)))
        if any(thread["nice"] for thread in run["threads"]):
            nice.append(run)
        else:
            mixed.setdefault(run["policy"], []).append(run)

    def shares_go_by_weight():
        if os.path.exists(DEBUG_KERNEL):
            raise ktap.Skip("between holds a debug kernel takes as long as "
                            "in them")
        return bool(nice) and all(map(is_by_weight, nice))

    return ktap.run((
        ("fair: long and short holds have equal shares",
         "fair" in mixed and all(map(is_even, mixed["fair"]))),
        ("fifo, for comparison: they have unequal shares",
         "fifo" in mixed and not any(map(is_even, mixed["fifo"]))),
        ("fair: shares go by nice as the kernel's weights do",
         shares_go_by_weight),
        ("other shares would be noticed", judges()),
    ))


if __name__ == "__main__":
    sys.exit(main())
