#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test gilbench: every workload at every level that it works at, what gilbench
writes about it, and wrong uses. Nothing here depends on whether a claim holds,
because that depends on the machine. Prints KTAP.

usage: gilbench.py [PART-OF-A-CASE'S-NAME...]

FULL=1 has all workloads at all levels, also those that take long.
"""

import json
import math
import os
import statistics
import subprocess

import ktap
from ktap import same

LIMIT = 240  # seconds, under slow emulation
REPEAT = 2
BOUND_TOO = ("countdown", "io", "counter", "convoy", "handoff", "fairness",
             "policies", "levels", "start", "fetch", "web")
MANUAL_ONLY = ("cost", "contend", "release", "refcount", "sync",
               "pool", "loop")
LEVELS = ("manual", "auto-io", "enforced")
# They take 15 s under emulation, or experiments.py runs them at the level manual.
# So unless FULL=1 they run at these levels only.
LONG = {"policies": ["enforced"], "levels": ["auto-io"], "start": ["auto-io"],
        "fetch": ["enforced"], "web": ["enforced"],
        **dict.fromkeys(("release", "refcount", "sync", "pool", "loop"), [])}
LOCKS = ("gil", "pthread", "none")
VERDICTS = ("held", "not held", "not judged")
WRONG = (
    ((), "no WORKLOAD"),
    (("sleep",), "no workload 'sleep'"),
    (("--lock", "mutex", "io"), "no lock 'mutex'"),
    (("--level", "high", "io"), "'high' is not manual"),
    (("--level", "enforced", "--lock", "none", "io"), "--lock gil only"),
    (("--policy", "fair", "--lock", "pthread", "io"), "--lock gil only"),
    (("--threads", "0", "io"), "threads"),
    (("--threads", "2", "--procs", "2", "io"), "not both"),
    (("--count", "many", "io"), "count"),
    (("--interval", "1h", "io"), "interval"),
    (("--repeat", "0", "io"), "repeat"),
    (("--timeout", "-1", "io"), "timeout"),
    (("--nothing", "io"), "nothing"),
)


def gilbench(*options, **settings):
    return subprocess.run(["gilbench", *options], text=True, timeout=LIMIT,
                          capture_output=True, check=False, **settings)


def check_figures(result):
    # A known answer needs no repetition.
    samples = 1 if result["workload"] == "contend" else REPEAT
    figures = {figure["name"]: figure for figure in result["figures"]}
    same("names", len(result["figures"]), len(figures))
    for name, figure in figures.items():
        same(f"samples of {name}", samples, len(figure["samples"]))
        median = statistics.median(figure["samples"])
        if not math.isclose(median, figure["median"], rel_tol=1e-6):
            raise AssertionError(f"{name}: median {figure['median']} of "
                                 f"{figure['samples']}")
        if figure["ratio"] is None:
            continue
        base = figures[figure["baseline"]]["median"]
        assert math.isclose(median / base, figure["ratio"], rel_tol=1e-5), (
            f"{name}: ratio {figure['ratio']} to {base}")


def check_result(result, workload, lock):
    same("workload", workload, result["workload"])
    same("lock", lock, result["lock"])
    assert result["verdict"] in VERDICTS, f"verdict {result['verdict']!r}"
    same("a reason, if not judged", result["verdict"] == "not judged",
         bool(result["reason"]))
    for text in ("claim", "seen"):
        assert result[text], f"no {text}"
    check_figures(result)


def measure(workload, *options, level="manual", lock="gil"):
    """The results of one run, checked, and how it judged."""
    done = gilbench("--json", "--quick", "--repeat", str(REPEAT), *options,
                    "--level", level, "--lock", lock, workload)
    if done.returncode == ktap.SKIPPED and level != "manual":
        raise ktap.Skip("no thread can be bound here")
    if done.returncode > 1:
        raise AssertionError(f"status {done.returncode}: {done.stderr}")
    same("standard error", "", done.stderr)
    document = json.loads(done.stdout)
    same("schema", "gilbench/1", document["schema"])
    same("kernel", os.uname().release, document["kernel"])
    same("CPUs", len(os.sched_getaffinity(0)), document["cpus"])
    same("level", level, document["parameters"]["level"])
    same("workloads", [workload], document["parameters"]["workloads"])
    assert document["results"], "no results"
    for result in document["results"]:
        check_result(result, workload, lock)
    verdicts = [result["verdict"] for result in document["results"]]
    same(f"status after {verdicts}", 1 if "not held" in verdicts else 0,
         done.returncode)
    return verdicts


def at_level(workload, level):
    return lambda: ", ".join(measure(workload, level=level))


def on_lock(lock):
    def case():
        return ", ".join(verdict for workload in ("countdown", "counter")
                         for verdict in measure(workload, lock=lock))
    return case


def manual_only():
    for workload in MANUAL_ONLY:
        done = gilbench("--level", "enforced", workload)
        same("status", 2, done.returncode)
        assert (f"{workload} works at the level manual only" in
                done.stderr), done.stderr


def text():
    """The same workload in words."""
    done = gilbench("--quick", "--repeat", "1", "counter")
    if done.returncode > 1:
        raise AssertionError(f"status {done.returncode}: {done.stderr}")
    for line in ("counter on gil\n", "  claim:   ", "  seen:    ",
                 "  verdict: "):
        assert line in done.stdout, f"no {line!r} in {done.stdout}"
    same("what failed by the text and by the status",
         "verdict: not held" in done.stdout, done.returncode == 1)


def wrong_uses():
    for options, said in WRONG:
        done = gilbench(*options)
        same(f"status of {options}", 2, done.returncode)
        same(f"output of {options}", "", done.stdout)
        assert said in done.stderr, f"{options}: {done.stderr}"


def no_such_policy():
    done = gilbench("--policy", "lottery", "io")
    same("status", 1, done.returncode)
    assert "lottery" in done.stderr, done.stderr


def to_full(command, **streams):
    with open("/dev/full", "w", encoding="utf-8") as full:
        return subprocess.run(command, text=True, timeout=LIMIT, check=False,
                              **{"stdout": full, "stderr": subprocess.PIPE,
                                 **{name: full for name in streams}})


def full_disk():
    """Every program says why, and what it could not write."""
    commands = [(program, option) for option in ("--help", "--version")
                for program in ("gilbench", "giltop", "gilreport")]
    commands += [("gilbench", "--list"), ("giltop", "--once", "-d", "0.1"),
                 ("giltop", "--json", "-d", "0.1"),
                 ("gilbench", "--quick", "--repeat", "1", "counter"),
                 ("gilbench", "--quick", "--json", "--repeat", "1", "counter")]
    for command in commands:
        done = to_full(command)
        same(f"status of {command}", 1, done.returncode)
        same("lines", 1, len(done.stderr.splitlines()))
        assert "No space left" in done.stderr, done.stderr
    done = subprocess.run("gilbench --list >&-", shell=True, text=True,
                          capture_output=True, check=False)
    same("status of a closed output", 1, done.returncode)
    assert "Bad file" in done.stderr, done.stderr
    done = subprocess.run("giltop --help | head -n 1", shell=True, text=True,
                          capture_output=True, check=False)
    same("a reader that leaves", "", done.stderr)


def full_disk_of_gilrun():
    """A program's own status counts, unless it is 0."""
    if ktap.no_binding():
        raise ktap.Skip("no thread can be bound here")
    for status, expected in ((0, 125), (3, 3)):
        program = ("sh", "-c", f"exit {status}")
        for option in "--stats", "--json":
            done = to_full(("gilrun", option, *program), stderr=True)
            same(f"{option}, stderr", expected, done.returncode)
            done = to_full(("gilrun", option, "-o", "/dev/full", *program))
            same(f"{option} -o", expected, done.returncode)
            assert "No space left" in done.stderr, done.stderr


def listed():
    """What is tried here is what there is."""
    done = gilbench("--list")
    names = [line.split()[0] for line in done.stdout.splitlines()
             if line.startswith("  ")]
    same("workloads and locks", sorted(BOUND_TOO + MANUAL_ONLY + LOCKS),
         sorted(names))


def levels_of(workload):
    if workload in LONG and not os.environ.get("FULL"):
        return LONG[workload]
    if workload in MANUAL_ONLY:
        return LEVELS[:1]
    # Bound in any case: manual stands for enforced.
    return LEVELS[1:] if workload == "levels" else LEVELS


CASES = (
    ("workloads and locks", listed),
    *((f"{workload} at the level {level}", at_level(workload, level))
      for workload in BOUND_TOO + MANUAL_ONLY for level in levels_of(workload)),
    *((f"on the lock {lock}", on_lock(lock)) for lock in LOCKS[1:]),
    ("workloads that work at the level manual only", manual_only),
    ("output as text", text),
    ("wrong uses", wrong_uses),
    ("an unknown policy", no_such_policy),
    ("output that cannot be written", full_disk),
    ("a report of gilrun that cannot be written", full_disk_of_gilrun),
)

if __name__ == "__main__":
    ktap.main(CASES, ktap.no_device())
