#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare the policy cpython, and other policies, with CPython itself.

usage: compare.py [POLICY...]

An I/O thread beside 1, 2 and 4 computing threads, under CPython's own lock
(convoy.py) and under cpython, fair and the policies named (gilbench convoy),
with the same switch interval, in turn. Prints, as comments, how many switch
intervals longer an operation takes than alone, at the median, and KTAP: CPython
has its convoy, the policy cpython has one like it, and fair has none. If that
is not so, it measures again, twice at most, because a busy machine spoils
figures.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

import ktap

HERE = Path(__file__).resolve().parent

# CPython's default, and gilbench's.
INTERVAL_MS = 5
OPERATIONS = 8
ROUNDS = 3
# A machine that is busy with other things makes waits longer now and then.
ATTEMPTS = 3
LIMIT = 120

HOGS = ("0", "1", "2", "4")
ARMS = ("alone", "1_hog", "2_hogs", "4_hogs")
PYTHON = "CPython"

# In a convoy a wait is an interval or more. A sleep that ended late hides the
# part of the owner's interval that passed before it ended.
CONVOY = 0.5

# How far apart the two may be beside one hog. Beside several hogs, chance
# decides in both which of the waiters is next.
ALIKE = 2.0


def output(*command):
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE,
                                     timeout=LIMIT, check=True).stdout)


def python():
    """Number of hogs -> median seconds of an operation."""
    found = output("python3", HERE / "convoy.py", str(INTERVAL_MS),
                   str(OPERATIONS), *HOGS)
    return {hogs: statistics.median(found[hogs]) for hogs in HOGS}


def policy(name):
    # Status 1 is a claim about arrival order that does not hold.
    process = subprocess.run(
        ["gilbench", "convoy", "--policy", name, "--json", "--repeat", "1",
         "--interval", f"{INTERVAL_MS}ms", "--count", str(OPERATIONS)],
        stdout=subprocess.PIPE, timeout=LIMIT, check=False)
    latency = json.loads(process.stdout)["results"][0]["details"]["latency"]
    return {hogs: latency[arm]["p50_s"] for hogs, arm in zip(HOGS, ARMS)}


def measure(policies):
    """Name -> number of hogs -> wait in intervals, medians of the rounds."""
    rounds = {name: [] for name in (PYTHON, *policies)}
    for _ in range(ROUNDS):
        rounds[PYTHON].append(python())
        for name in policies:
            rounds[name].append(policy(name))
    interval = INTERVAL_MS / 1000
    return {
        name: {hogs: statistics.median((found[hogs] - found["0"]) / interval
                                       for found in each)
               for hogs in HOGS[1:]}
        for name, each in rounds.items()}


def show(waits):
    print(f"# switch intervals of {INTERVAL_MS} ms that a 1 ms sleep takes"
          " longer than alone")
    print("# " + " " * 16 + "".join(f"{hogs:>2} hog(s)" for hogs in HOGS[1:]))
    for name, row in waits.items():
        title = name if name == PYTHON else f"policy {name}"
        print(f"# {title:<16}" + "".join(f"{row[hogs]:9.2f}"
                                         for hogs in HOGS[1:]))
    print(flush=True)


def judge(waits):
    """(description, did it hold) pairs."""
    real, like, fair = (waits[name] for name in (PYTHON, "cpython", "fair"))
    beside = HOGS[1:]
    yield ("CPython: half an interval and more for each I/O",
           all(real[hogs] >= CONVOY for hogs in beside))
    yield ("policy cpython: half an interval and more for each I/O",
           all(like[hogs] >= CONVOY for hogs in beside))
    yield (f"beside one hog neither is {ALIKE:g} times the other",
           1 / ALIKE < like["1"] / real["1"] < ALIKE)
    yield ("policy fair: at most half of that",
           all(2 * fair[hogs] <= min(real[hogs], like[hogs])
               for hogs in beside))


def main():
    if why := ktap.no_device():
        return ktap.run([], why)
    for _ in range(ATTEMPTS):
        waits = measure(dict.fromkeys(("cpython", "fair", *sys.argv[1:])))
        show(waits)
        verdicts = list(judge(waits))
        if all(held for _, held in verdicts):
            break
    return ktap.run(verdicts)


if __name__ == "__main__":
    sys.exit(main())
