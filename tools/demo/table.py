#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Show what the demo claimed and what it saw.

usage: table.py FOLDER

FOLDER holds what tools/demo/guest left: gilbench's JSON documents, the
traces of the contended runs, and steps.tsv, which says how each step ended.
The limits that a claim must keep are read from the workloads' sources.

Prints one row for each claim, 'claimed | seen | verdict', then what is missing.
The first cell also says what the claim needs so that it is confirmed. Exits 0
if every step ran, every result is there, and no claim that could be judged was
refuted. Otherwise exits 1.
"""

import json
import re
import shutil
import sys
import textwrap
from collections import namedtuple
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "userspace/gilbench"

WIDTH_MAX = 100
WIDTH_MIN = 60
VERDICT_WIDTH = 13

# The workloads that must have run, and what their claims are about.
WORKLOADS = ("countdown", "io", "counter", "convoy", "fairness", "handoff")
TOPICS = {
    ("countdown", "threads"): "threads against one",
    ("countdown", "processes"): "processes against one",
    ("countdown", "own locks"): "processes with a lock each against one",
    ("io", ""): "I/O overlap",
    ("counter", ""): "lost updates",
}
# A claim is not said to have held: in this table that may be read as a held lock.
VERDICTS = {"held": "confirmed", "not held": "NOT CONFIRMED",
            "not judged": "not judged"}

# What gilbench must measure so that it confirms a claim, by workload and aspect.
# {NAME} stands for the number that work_WORKLOAD.c defines.
NEEDS = {
    ("countdown", "threads"): "{SERIAL_MIN} to {SERIAL_MAX} on one lock, "
                              "at most {PARALLEL_MAX} without",
    ("countdown", "processes"): "{SERIAL_MIN} to {SERIAL_MAX}",
    ("countdown", "own locks"): "at most {PARALLEL_MAX}",
    ("io", ""): "asleep and at a socket at most {OVERLAP_SLACK} divided by the "
                "number of workers; if they keep the lock, at least {KEPT_MIN}",
    ("counter", ""): "100% with a mutex, less than 100% in the other two cases",
    ("convoy", ""): "each of the intervals per hog {CONVOY_MIN} to {CONVOY_MAX}",
    ("fairness", ""): "Jain's index at least {JAIN_MIN}, at most "
                      "{TURNS_APART_MAX} turns apart, 3 of 4 turns within "
                      "{TURN_MAX}, worst wait at most 1",
    ("handoff", ""): "a factor of at most {GROWTH_MAX}",
}

TRACE_CLAIM = ("Tracing sees everything: the scripts, the recording, the "
               "kernel's statistics and gilbench count the same contended "
               "acquisitions")


Row = namedtuple("Row", "workload topic claim needs seen verdict")


def read_steps(folder):
    """What ran: the name, exit status and command of each step."""
    path = folder / "steps.tsv"
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, status, _seconds, command = line.split("\t", 3)
        yield name, int(status), command


def read_json(path):
    """A gilbench document, or None if there is none that can be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if document.get("schema") != "gilbench/1":
        return None
    return document


def needs(workload, aspect):
    """What confirms the claim, with the numbers by which gilbench judges."""
    source = (SOURCES / f"work_{workload}.c").read_text(encoding="utf-8")
    limits = dict(re.findall(r"^#define (\w+) ([\d.]+)$", source, re.M))
    return NEEDS[workload, aspect].format(**limits)


def claim_rows(document):
    for result in document["results"]:
        workload = result["workload"]
        verdict = VERDICTS[result["verdict"]]
        seen = result["seen"]
        aspect = result.get("aspect") or ""
        topic = TOPICS.get((workload, aspect),
                           f"{workload} {aspect}".strip())
        if result["reason"]:
            seen += f". {verdict.capitalize()}: {result['reason']}"
        yield Row(workload, topic, result["claim"], needs(workload, aspect),
                  seen, verdict)


def known_answer(folder, step):
    """gilbench contend's lock number, and what it and the kernel counted."""
    document = read_json(folder / f"{step}.json")
    if document is None or not document["results"]:
        return None
    details = document["results"][0]["details"]
    return details["lock"], details["made"], details["kernel"]["contended"]


def gilsnoop_count(text, lock):
    """Lines of the lock's acquires that waited; None if lines were lost."""
    lines = re.findall(rf"^ *[\d.]+ .* +\d+ +{lock} acquire waited", text,
                       re.M)
    return None if "Lost " in text else len(lines)


def gillat_count(text, lock):
    total = re.search(rf"^@contended\[{lock}\]: (\d+)$", text, re.M)
    return int(total.group(1)) if total else 0


def gilrecord_count(text, lock):
    lost = re.search(r"^# events lost: (\d+)", text, re.M)
    if not lost or lost.group(1) != "0":
        return None
    return len(re.findall(rf" gil_acquire: +lock={lock} .* contended=1 ",
                          text))


TRACES = (
    ("gilsnoop", "gilsnoop.txt", gilsnoop_count),
    ("gillat", "gillat.txt", gillat_count),
    ("gilrecord", "contended.txt", gilrecord_count),
)


def trace_row(folder):
    """One row from the three traced runs; None when one is missing."""
    seen, agree, lossless = [], True, True
    for name, trace, count in TRACES:
        answer = known_answer(folder, name)
        path = folder / trace
        if answer is None or not path.exists():
            return None
        lock, made, kernel = answer
        traced = count(path.read_text(encoding="utf-8"), lock)
        if traced is None:
            lossless = False
            seen.append(f"{name} lost events")
            continue
        agree = agree and made == kernel == traced
        seen.append(f"gilbench {made}, kernel {kernel}, {name} {traced}")
    if not agree:
        verdict = "not held"
    else:
        verdict = "held" if lossless else "not judged"
    return Row("contend", "tracing", TRACE_CLAIM, "equal counts in each run",
               "; ".join(seen), VERDICTS[verdict])


def collect(folder):
    """All rows, and what is missing, in words."""
    rows, missing = [], []
    for workload in WORKLOADS:
        document = read_json(folder / f"{workload}.json")
        found = list(claim_rows(document)) if document else []
        if not found:
            missing.append(f"{workload}: no result")
        rows += found
    row = trace_row(folder)
    if row:
        rows.append(row)
    else:
        missing.append("tracing: no complete set of traced runs")
    return rows, missing


def failures(steps, rows):
    """Steps that ended badly, except for a claim that the table shows."""
    refuted = {row.workload for row in rows
               if row.verdict == VERDICTS["not held"]}
    for name, status, command in steps:
        if status == 1 and name in refuted:
            continue
        if status:
            why = "took too long" if status == 124 else f"status {status}"
            yield f"{name}: {why}: {command} (see {name}.log)"
    if not steps:
        yield "the guest ran no step at all"


def wrap(text, width):
    return textwrap.wrap(text, width, break_long_words=True) or [""]


def print_row(cells, widths):
    columns = [wrap(cell, width) for cell, width in zip(cells, widths)]
    height = max(map(len, columns))
    for i in range(height):
        line = " | ".join((column[i] if i < len(column) else "").ljust(width)
                          for column, width in zip(columns, widths))
        print(line.rstrip())


def print_table(rows):
    width = shutil.get_terminal_size((WIDTH_MAX, 24)).columns
    width = max(WIDTH_MIN, min(width, WIDTH_MAX))
    text = width - VERDICT_WIDTH - 2 * len(" | ")
    widths = (text // 2, text - text // 2, VERDICT_WIDTH)
    rule = "-+-".join("-" * width for width in widths)
    print_row(("claimed", "seen", "verdict"), widths)
    for row in rows:
        print(rule)
        print_row((f"{row.topic}: {row.claim}. Needs: {row.needs}", row.seen,
                   row.verdict), widths)
    print(rule)


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: table.py FOLDER\n")
        return 2
    folder = Path(arguments[0])
    rows, missing = collect(folder)
    failed = list(failures(list(read_steps(folder)), rows))
    if rows:
        print_table(rows)
    for text in missing:
        print(f"MISSING  {text}")
    for text in failed:
        print(f"FAILED   {text}")
    refuted = [row for row in rows if row.verdict == VERDICTS["not held"]]
    judged = [row for row in rows if row.verdict != VERDICTS["not judged"]]
    print(f"{len(judged) - len(refuted)} confirmed, {len(refuted)} not confirmed, "
          f"{len(rows) - len(judged)} not judged, {len(missing)} missing")
    return 1 if refuted or missing or failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
