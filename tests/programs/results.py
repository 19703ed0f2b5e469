# SPDX-License-Identifier: GPL-2.0
"""Run test cases and print KTAP."""

import os
import shutil
import subprocess
import sys
import time
import traceback

SKIPPED = 4


class Skip(Exception):
    """What this case needs is not here."""


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"no {program}")


def comment(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def can_bind():
    done = subprocess.run(["gilrun", "true"], text=True, check=False,
                          capture_output=True)
    return "no level" not in done.stderr


def run(cases, bound=True):
    """cases are (description, function) pairs; a function that returns text
    adds it to the description. If they are bound, all are skipped where no
    thread can be. Returns the exit status.
    """
    cases = list(cases)
    print("TAP version 13")
    if not os.path.exists("/dev/gil"):
        print("1..0 # SKIP no /dev/gil: load the module")
        return SKIPPED
    if bound and not can_bind():
        print("1..0 # SKIP no thread can be bound here: see the kernel log")
        return SKIPPED
    print(f"1..{len(cases)}", flush=True)
    failed = False
    for number, (description, function) in enumerate(cases, 1):
        begin = time.monotonic()
        try:
            seen = function()
        except Skip as why:
            print(f"ok {number} {description} # SKIP {why}", flush=True)
            continue
        except Exception:  # whatever a case raises is its failure
            failed = True
            comment(traceback.format_exc())
            print(f"not ok {number} {description}", flush=True)
            continue
        seen = f": {seen}" if seen else ""
        comment(f"{time.monotonic() - begin:.1f} s")
        print(f"ok {number} {description}{seen}", flush=True)
    return 1 if failed else 0


def main(cases, bound=True):
    sys.exit(run(cases, bound))
