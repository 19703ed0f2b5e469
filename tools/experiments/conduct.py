#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run the experiments of claims.toml, each with CPython and on /dev/gil, and say
which claims of the teaching texts were seen. Needs the module, so it is run in
the guest: 'make experiments' does that.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import rules
import servers
import table
from page import page

LIMIT_S = 120  # for one run of one arm
ROUNDS, QUICK_ROUNDS = 3, 1

# Rounds beyond these are begun only this soon after the start, so that all takes
# less than 10 minutes.
MORE_ROUNDS_S = 360
BEGUN = time.monotonic()
SCRIPTS = rules.HERE / "python"
SKIPPED = 4


class Failed(Exception):
    """An arm could not be run."""


def stop(process):
    """End the arm with all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def output(command):
    """What an arm prints. Its processes are a group, so that none of them is left
    whatever happens.
    """
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True,
                                   start_new_session=True)
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from error
    try:
        text, errors = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"'{' '.join(command)}' took more than {LIMIT_S} s"
                     ) from error
    finally:
        stop(process)
    try:
        return json.loads(text)
    except ValueError as error:
        said = errors.strip().splitlines() or [f"status {process.returncode}"]
        raise Failed(f"'{' '.join(command)}' failed: {said[-1]}") from error


def python_figures(script, quick):
    """A script prints an object: figure -> number."""
    return output(["python3", str(SCRIPTS / script),
                   *(["--quick"] if quick else [])])


def gilbench_figures(prefix, options, quick):
    """The figures of all results. All claims of a workload have the same."""
    document = output(["gilbench", "--json", "--repeat", "1",
                       *(["--quick"] if quick else []), *options.split()])
    prefix = f"{prefix}." if prefix else ""
    return {f"{prefix}{figure['name']}": figure["samples"][0]
            for result in document["results"] for figure in result["figures"]
            if figure["samples"]}


def arms(experiment, quick):
    """(side, what takes one sample of each of its figures), for each arm."""
    if "python" in experiment:
        yield "cpython", lambda: python_figures(experiment["python"], quick)
    for prefix, options in experiment.get("gilbench", {}).items():
        # A point of a curve that only a long run has.
        if quick and prefix in experiment.get("long", ()):
            continue
        yield "gil", lambda p=prefix, o=options: gilbench_figures(p, o, quick)


def run_round(experiment, number, quick, samples):
    """One sample of each figure. Every other round begins with the last arm, so
    that a machine which gets slower or faster favours no side.
    """
    order = list(arms(experiment, quick))
    for side, take in order if number % 2 else reversed(order):
        for figure, value in take().items():
            samples[side].setdefault(figure, []).append(value)


def close_call(claims, samples):
    return any(rules.near(claim, rules.ratio_of(claim, side, samples[side]))
               for claim in claims for side in rules.sides(claim))


def more_rounds(claims, samples, quick):
    """Is it worth it to run more rounds than there should be?"""
    return (not quick and close_call(claims, samples) and
            time.monotonic() < BEGUN + MORE_ROUNDS_S)


def conduct(experiment, claims, rounds, quick, progress):
    """Run one experiment; as many rounds again if a ratio is near its limit."""
    samples = {side: {} for side in rules.SIDES}
    started, number, error = time.monotonic(), 0, None
    try:
        with servers.all_of(experiment.get("servers", ())):
            while number < rounds or (number < 2 * rounds and
                                      more_rounds(claims, samples, quick)):
                number += 1
                progress(f"{experiment['name']}, round {number}")
                run_round(experiment, number, quick, samples)
    except (Failed, servers.NoServer) as failed:
        error = str(failed)
    why = error or rules.unable(experiment, samples)
    return {
        "name": experiment["name"],
        "rounds": number,
        "seconds": round(time.monotonic() - started, 3),
        "error": error,
        "samples": samples,
        "claims": [{"id": claim["id"], **rules.judge(
            claim, samples, why if error or claim.get("parallel") else None)}
            for claim in claims],
    }


def document(data, chosen, rounds, quick, progress):
    found = []
    for i, experiment in enumerate(chosen, 1):
        found.append(conduct(
            experiment, [claim for claim in data["claim"]
                         if claim.get("experiment") == experiment["name"]],
            rounds, quick,
            lambda text, i=i: progress(f"[{i}/{len(chosen)}] {text}")))
    return {
        "schema": "experiments/1",
        "kernel": platform.release(),
        "cpus": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "quick": quick,
        "experiments": found,
    }


def progress_on(stream):
    """A line that is written over; nothing unless it is for a terminal."""
    shown = stream.isatty() or os.environ.get("EXPERIMENTS_PROGRESS")

    def progress(text):
        if shown:
            print(f"\r\033[K{text}", end="", file=stream, flush=True)
    return progress


def arguments(data):
    names = [experiment["name"] for experiment in data["experiment"]]
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="The experiments: " + ", ".join(names) +
        ". Exit status: 0 if all ran, whatever was seen; 1 if one could not be "
        "run or a file could not be written; 2 on wrong use; 4 if skipped, "
        "because there is no /dev/gil.")
    parser.add_argument("names", metavar="EXPERIMENT", nargs="*",
                        help="run only these (default: all)")
    parser.add_argument("--quick", action="store_true",
                        help="take less time: one round of short arms")
    parser.add_argument("--rounds", type=int, metavar="N",
                        help="take N samples of each figure (default 3, "
                        "quick 1), and as many again near a limit")
    parser.add_argument("--output", type=Path, metavar="FOLDER",
                        default=Path("build/experiments"),
                        help="for experiments.json and experiments.html "
                        "(default: build/experiments)")
    given = parser.parse_args()
    for name in given.names:
        if name not in names:
            parser.error(f"there is no experiment '{name}'; the experiments "
                         f"are: {', '.join(names)}")
    if given.rounds is None:
        given.rounds = QUICK_ROUNDS if given.quick else ROUNDS
    elif not 1 <= given.rounds <= 100:
        parser.error("--rounds must be 1 to 100")
    return given


def main():
    data = rules.load()
    given = arguments(data)
    if not os.path.exists("/dev/gil"):
        print("conduct: skipped: there is no /dev/gil: load the module first",
              file=sys.stderr)
        return SKIPPED
    chosen = [experiment for experiment in data["experiment"]
              if not given.names or experiment["name"] in given.names]
    progress = progress_on(sys.stderr)
    result = document(data, chosen, given.rounds, given.quick, progress)
    progress("")
    try:
        given.output.mkdir(parents=True, exist_ok=True)
        for name, text in (("experiments.json", json.dumps(result, indent=1)),
                           ("experiments.html", page(data, result))):
            (given.output / name).write_text(text + "\n", encoding="utf-8")
        table.show(data, result)
        sys.stdout.flush()
    except OSError as error:
        where = error.filename or given.output
        print(f"conduct: cannot write {where}: {error.strerror}; "
              "make room or choose another --output", file=sys.stderr)
        # Python would try to write the rest once more as it ends.
        os._exit(1)
    return 1 if any(found["error"] for found in result["experiments"]) else 0


if __name__ == "__main__":
    sys.exit(main())
