#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judge the instruction counts of 'gilbench cost --json'. Prints KTAP.

usage: judge.py BEFORE TRACED AFTER

TRACED was made while the gil events were on, the others before and after.
"""

import json
import sys
from pathlib import Path

import ktap

# Per operation, for the timer interrupts that fall into a loop of millions.
SLACK = 0.5
CHECKPOINT_MAX = 4


def figures(document):
    """Medians by name, and whether they are instructions."""
    result = document["results"][0]
    medians = {f["name"]: f["median"] for f in result["figures"]}
    return medians, result["details"]["clock_counts_instructions"]


def pair_is_cheap(medians):
    return 0 < medians["pair"] <= medians["pthread_mutex"] + SLACK


def checkpoint_is_cheap(medians):
    return 0 < medians["checkpoint"] <= CHECKPOINT_MAX + SLACK


def tracing_off_is_free(before, after):
    return 0 < before["pair"] and (
        abs(after["pair"] - before["pair"]) <= SLACK)


def tracing_is_seen(before, traced):
    """While tracing is on, the fast path is not taken. Otherwise tracing was
    not on at all.
    """
    return traced["pair"] > 2 * before["pair"]


def judges():
    """Would figures that are too large be noticed?"""
    dear = {"pair": 51, "pthread_mutex": 50, "checkpoint": 5}
    fair = {"pair": 50, "pthread_mutex": 50, "checkpoint": 4}
    none = {"pair": 0, "pthread_mutex": 50, "checkpoint": 0}
    return (pair_is_cheap(fair) and checkpoint_is_cheap(fair) and
            tracing_off_is_free(fair, fair) and
            not tracing_off_is_free(fair, dear) and
            not tracing_off_is_free(none, none) and
            not tracing_is_seen(fair, dear) and
            not pair_is_cheap(dear) and not checkpoint_is_cheap(dear) and
            not pair_is_cheap(none) and not checkpoint_is_cheap(none))


def main():
    (medians, instructions), (traced, _), (after, _) = (
        figures(json.loads(Path(path).read_text("utf-8")))
        for path in ktap.arguments(__doc__, 3))
    if not instructions:
        return ktap.run([], "the clock does not count instructions: "
                        "run it by tools/vm/run --icount")
    for name, value in medians.items():
        ktap.comment(f"{name}: {value:.2f} instructions")
    ktap.comment(f"pair: {traced['pair']:.2f} while traced, "
                 f"{after['pair']:.2f} after")
    return ktap.run((
        ("acquire and release take no more than a pthread mutex's lock and "
         "unlock", pair_is_cheap(medians)),
        (f"a checkpoint takes at most {CHECKPOINT_MAX}",
         checkpoint_is_cheap(medians)),
        ("while traced, every acquire and release goes through the kernel",
         tracing_is_seen(medians, traced)),
        ("after tracing, they take as many instructions as before",
         tracing_off_is_free(medians, after)),
        ("a fast path that takes more would be noticed", judges()),
    ))


if __name__ == "__main__":
    sys.exit(main())
