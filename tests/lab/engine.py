#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test the engine in guests, with submissions that try to break it. Prints KTAP.

usage: engine.py [hostile | crashes]...
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "tools/lab")]

# pylint: disable=wrong-import-position
import bench  # noqa: E402
import grading  # noqa: E402
import kit  # noqa: E402
import ktap  # noqa: E402
import score  # noqa: E402

# The tests of the module in crashes/ that must fail.
CRASHES = ["panic", "irqs-off", "oops", "warning", "leaked-lock", "rmmod-hangs",
           "power-off"]


def failures(name):
    assignment = kit.Assignment(HERE / name)
    sources = {each: (assignment.folder / each).read_bytes()
               for each in assignment.sources}
    made = grading.grade(assignment, sources, 0, lambda test, result: kit.note(
        f"{name}: {test}: {result['kind'] or result['ok']}"))
    print("\n".join("# " + line for line in score.table(made).splitlines()))
    if made["refused"]:
        raise AssertionError(made["refused"])
    return [test["name"] for test in made["tests"] if not test["ok"]]


def hostile():
    """A student's program can do nothing outside its folder."""
    ktap.same("failed tests", [], failures("hostile"))


def crashes():
    """Whatever a module does costs the test in which it does it."""
    bench.TEST_LIMIT = 5  # seconds, because four tests hang
    ktap.same("failed tests", CRASHES, failures("crashes"))


if __name__ == "__main__":
    grading.prepare([])
    ktap.main([(f"engine: {each.__name__}: {each.__doc__}", each)
               for each in (hostile, crashes)])
