#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Grade submissions of wrong.toml again and again, and count their scores.

usage: repeat.py ROUNDS [LAB:NAME]...

Exits with 1 if a submission has not had the same result each time, or another
one than wrong.toml says. When it is stopped, it counts the rounds that have
ended. The rounds of one submission share a guest until it
breaks, because only the tests can be unstable. 'taskset -c 0' before the command
gives it one CPU, 'systemd-run --scope -p CPUQuota=50%' half of one.
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
    """How often each set of tests failed, and whether all rounds came to an end."""
    assignment = kit.assignment(str(told["lab"]))
    sources, variant = submissions.hand_in(assignment, told)
    with bench.Builds(assignment, sources, variant) as builds:
        if said := builds.build():
            sys.exit(said)
        run = bench.Run(builds, rounds=rounds)
        ended = True
        try:
            run.all()
        except KeyboardInterrupt:
            ended = False
    failed, cut = {}, set()
    for name in run.wanted:
        test, _, number = name.partition(":")
        lost = failed.setdefault(number, [])
        if name not in run.results:
            cut.add(number)
        elif not run.results[name]["ok"]:
            lost.append(test)
    return Counter(tuple(lost) for number, lost in failed.items()
                   if number not in cut), ended


def main():
    rounds, *words = ktap.arguments(__doc__, 1, 100)
    chosen = [told for told in submissions.listed() if not words or
              f"{told['lab']}:{told['name']}" in words]
    grading.prepare([kit.assignment(str(told["lab"])) for told in chosen])
    bad = 0
    for told in chosen:
        counted, ended = rounds_of(told, int(rounds))
        bad += set(counted) != {tuple(told["fails"])}
        for failed, count in counted.most_common():
            print(f"{told['lab']}:{told['name']}: {count} of "
                  f"{sum(counted.values())} times "
                  f"{'lost ' + ', '.join(failed) if failed else 'full'}",
                  flush=True)
        if not ended:
            return 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
