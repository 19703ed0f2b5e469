#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test gdb and strace on programs under a lock, and under a lock themselves.

usage: [FULL=1] debuggers.py [PART-OF-A-CASE'S-NAME...]

Prints KTAP. FULL=1 tries more ways of the same.
"""

import functools
import os
import re
import tempfile
from pathlib import Path

import gilrun
import ktap
from ktap import PATIENCE, same, until

SOURCE = Path(__file__).with_name("two_threads.c")
STATUS = 6
TOTAL = "total 200200"

# In the thread that comes to add_number() first, then out of it; the other one.
SESSION = (
    "set pagination off",
    "set confirm off",
    "break add_number",
    "run",
    "info threads",
    "next",
    "stepi 20",
    "set scheduler-locking on",
    "finish",
    "set scheduler-locking off",
    "continue",
    "thread apply all backtrace 3",
    "delete",
    "continue",
)


def build(folder):
    """The program to debug."""
    ktap.need("gcc")
    program = str(Path(folder, "two_threads"))
    process = gilrun.run("gcc", "-g", "-O0", "-pthread", "-o", program,
                         str(SOURCE))
    same("gcc", (0, ""), (process.returncode, process.stderr))
    return program


def commands(lines):
    return [word for line in lines for word in ("-ex", line)]


def check_session(process):
    output = process.stdout
    for pattern in (r"\* \d+ +Thread .* add_number \(",
                    r"^#1 .* work \(", TOTAL,
                    rf"exited with code 0{STATUS}\]"):
        assert re.search(pattern, output, re.M), (
            f"'{pattern}' is not in:\n{output}\n{process.stderr}")
    # Of the other thread too, while the first one is stepped.
    hits = re.findall(r"^Thread .* hit Breakpoint 1, add_number \(", output,
                      re.M)
    assert len(hits) >= 2, output


def gdb_and_program(program):
    ktap.need("gdb")
    check_session(gilrun.run("gilrun", "gdb", "-nx", "-batch",
                             *commands(SESSION), program))


def gdb_outside(program):
    """gdb has a way to start its program through another."""
    ktap.need("gdb")
    lines = ("set exec-wrapper gilrun", *SESSION)
    check_session(gilrun.run("gdb", "-nx", "-batch", *commands(lines),
                             program))


def gdb_attaches(program):
    """To a program that is under its lock before, meanwhile and after."""
    ktap.need("gdb")
    with gilrun.started("gilrun", program, "wait") as process:
        pid = int(process.stdout.readline())
        gdb = gilrun.run("gdb", "-nx", "-batch", *commands(
            ("print total = 5", "backtrace", "detach")), program, str(pid))
        assert "$1 = 5" in gdb.stdout, (gdb.stdout, gdb.stderr)
        assert gilrun.is_bound(pid), gilrun.bound()
        process.stdin.write("\n")
        process.stdin.close()
        same("output", "total 200205\n", process.stdout.read())
        same("status", STATUS, process.wait(PATIENCE))


def check_trace(log):
    text = Path(log).read_text(encoding="utf-8")
    threads = set(re.findall(r"^(\d+) +clock_nanosleep\(.*", text, re.M))
    same("threads that slept", 2, len(threads))
    assert f'write(1, "{TOTAL}' in text, text[-2000:]
    # The end of a sleep may be told apart from its beginning.
    sleeps = len(re.findall(r"clock_nanosleep\(CLOCK_REALTIME", text))
    same("sleeps", 400, sleeps)


def strace(*prefix):
    """prefix is what strace is run with, and what it runs the program with.
    """
    before, after = prefix

    def case(program):
        ktap.need("strace")
        log = f"{program}.log"
        process = gilrun.run(*before, "strace", "-f", "-o", log, *after,
                             program)
        same("output", f"{TOTAL}\n", process.stdout)
        same("status", STATUS, process.returncode)
        check_trace(log)
    return case


def strace_attaches(program):
    ktap.need("strace")
    log = f"{program}.log"
    with gilrun.started("gilrun", program, "wait") as process:
        pid = int(process.stdout.readline())
        with gilrun.started("strace", "-qq", "-f", "-o", log, "-p",
                            str(pid)) as tracer:
            status = Path(f"/proc/{pid}/status")
            until(lambda: f"TracerPid:\t{tracer.pid}\n" in
                         status.read_text(encoding="ascii"),
                         "strace attaches")
            process.stdin.write("\n")
            process.stdin.close()
            same("output", f"{TOTAL}\n", process.stdout.read())
            same("status", STATUS, process.wait(PATIENCE))
            same("strace", 0, tracer.wait(PATIENCE))
        check_trace(log)


CASES = (
    ("gdb and its program under one lock: break, step, continue",
     gdb_and_program),
    ("strace -f attaches to a program under a lock", strace_attaches),
)
MORE_CASES = (
    ("gdb runs a program under a lock", gdb_outside),
    ("gdb attaches to a program under a lock", gdb_attaches),
    ("strace -f and its program under one lock",
     strace(("gilrun",), ())),
    ("strace -f runs gilrun", strace((), ("gilrun",))),
    ("strace -f runs gilrun --stats", strace((), gilrun.STAY)),
)


def main():
    cases = CASES + MORE_CASES if os.environ.get("FULL") else CASES
    with tempfile.TemporaryDirectory() as folder:
        built = []

        def on_program(case):
            if not built:
                built.append(build(folder))
            case(built[0])

        ktap.main(((name, functools.partial(on_program, case))
                   for name, case in cases), ktap.no_binding())


if __name__ == "__main__":
    main()
