#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Grade submissions of wrong.toml again and again, and count their scores.

usage: repeat.py ROUNDS [LAB:NAME]...

Exits with 1 if a submission has not had the same result each time, or another
one than wrong.toml says. The rounds of one submission share a guest until it
breaks, because only the tests can be unstable. 'taskset -c 0' and 'cpulimit -i -l
50 --' before the command show a machine that has one CPU, or half of one.
"""

import sys
from collections import Counter

import ktap
import submissions  # sets the path to the kit
from submissions import kit

# pylint: disable=wrong-import-order
import bench
import grading


def rounds_of(told, rounds):
    """How often each set of tests failed."""
    assignment = kit.assignment(str(told["lab"]))
    sources, variant = submissions.hand_in(assignment, told)
    with bench.Builds(assignment, sources, variant) as builds:
        if said := builds.build():
            sys.exit(said)
        run = bench.Run(builds, rounds=rounds)
        results = run.all()
    failed = [[] for _ in range(rounds)]
    for name in run.wanted:
        test, _, number = name.partition(":")
        if not results[name]["ok"]:
            failed[int(number or 1) - 1].append(test)
    return Counter(map(tuple, failed)), run.scale


def main():
    rounds, *words = ktap.arguments(__doc__, 1, 100)
    chosen = [told for told in submissions.listed() if not words or
              f"{told['lab']}:{told['name']}" in words]
    grading.prepare([kit.assignment(str(told["lab"])) for told in chosen])
    bad = 0
    for told in chosen:
        counted, scale = rounds_of(told, int(rounds))
        bad += set(counted) != {tuple(told["fails"])}
        for failed, count in counted.most_common():
            print(f"{told['lab']}:{told['name']}: {count} of {rounds} times "
                  f"{'lost ' + ', '.join(failed) if failed else 'full'}, at "
                  f"{scale:.1f} times the reference's time", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
