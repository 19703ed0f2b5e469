#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judge the instruction counts of 'gilbench cost --json'. Prints KTAP.

usage: judge.py BEFORE TRACED AFTER

TRACED was made while the gil events were on, the others before and after.
"""

import json
import sys

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
    """While it is on, the fast path is not taken: else off and on are one."""
    return traced["pair"] > 2 * before["pair"]


def judges():
    """Would what is too dear be seen?"""
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
    if len(sys.argv) != 4:
        sys.stderr.write("usage: judge.py BEFORE TRACED AFTER\n")
        return 2
    documents = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            documents.append(json.load(file))
    medians, instructions = figures(documents[0])
    traced, after = (figures(document)[0] for document in documents[1:])
    print("TAP version 13")
    if not instructions:
        print("1..0 # SKIP the clock does not count instructions: "
              "run it by tools/vm/run --icount")
        return 4
    for name, value in medians.items():
        print(f"# {name}: {value:.2f} instructions")
    print(f"# pair: {traced['pair']:.2f} while traced, "
          f"{after['pair']:.2f} after")
    tests = [
        ("acquire and release take no more than a pthread mutex's lock and "
         "unlock", pair_is_cheap(medians)),
        (f"a checkpoint takes at most {CHECKPOINT_MAX}",
         checkpoint_is_cheap(medians)),
        ("while traced, every acquire and release goes through the kernel",
         tracing_is_seen(medians, traced)),
        ("after tracing, they take as many instructions as before",
         tracing_off_is_free(medians, after)),
        ("more would be noticed", judges()),
    ]
    print(f"1..{len(tests)}")
    for number, (name, good) in enumerate(tests, 1):
        print(f"{'' if good else 'not '}ok {number} {name}")
    return 0 if all(good for _, good in tests) else 1


if __name__ == "__main__":
    sys.exit(main())
