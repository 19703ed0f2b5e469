# SPDX-License-Identifier: GPL-2.0
"""Run the test cases of a script and print KTAP, for all tests in Python."""

import os
import shutil
import subprocess
import sys
import time
import traceback

SKIPPED = 4

# Seconds within which anything that must happen has happened, even in a slow
# guest.
PATIENCE = 60


class Skip(Exception):
    """What this case needs is not here."""


def same(what, expected, got):
    if expected != got:
        raise AssertionError(f"{what}: expected {expected!r}, got {got!r}")


def until(condition, what):
    """Wait until it holds; what it returned."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"it did not come to this: {what}")
        time.sleep(0.01)
    return value


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"no {program}")


def no_device():
    """Why no lock can be used here, or None."""
    if os.path.exists("/dev/gil"):
        return None
    return "no /dev/gil: load the module"


def no_binding():
    """Why no thread can be bound here, or None."""
    if why := no_device():
        return why
    done = subprocess.run(["gilrun", "true"], text=True, check=False,
                          capture_output=True)
    if "level" in done.stderr:
        return "no thread can be bound here: see the kernel log"
    return None


def arguments(usage, least, most=None):
    """The command line's arguments, if there are as many as there may be. The
    usage is a script's docstring, whose second paragraph says how to call it.
    """
    given = sys.argv[1:]
    if not least <= len(given) <= (least if most is None else most):
        sys.stderr.write(usage.split("\n\n")[1] + "\n")
        sys.exit(2)
    return given


def comment(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def passes(number, name, case):
    begin = time.monotonic()
    bad, said = "", ""
    try:
        result = case() if callable(case) else bool(case)
        if result is False:
            bad = "not "
        elif isinstance(result, str):
            said = f": {result}"
    except Skip as why:
        said = f" # SKIP {why}"
    except Exception:  # whatever a case raises is its failure
        comment(traceback.format_exc())
        bad = "not "
    if callable(case):
        comment(f"{time.monotonic() - begin:.1f} s")
    print(f"{bad}ok {number} {name}{said}", flush=True)
    return not bad


def run(cases, skip=None):
    """Cases are pairs of a name and a function or its result. A case fails if
    its function raises anything but Skip, or if the result is False; text is
    added to the name. Skip says why no case can be run here. Returns the exit
    status.
    """
    print("TAP version 13")
    if skip:
        print(f"1..0 # SKIP {skip}")
        return SKIPPED
    cases = list(cases)
    print(f"1..{len(cases)}", flush=True)
    passed = [passes(number, *case) for number, case in enumerate(cases, 1)]
    return 0 if all(passed) else 1


def main(cases, skip=None):
    """Run the cases whose names contain a word of the command line, or all of
    them if there is none, and exit.
    """
    words = sys.argv[1:]
    sys.exit(run([case for case in cases
                  if not words or any(word in case[0] for word in words)],
                 skip))
