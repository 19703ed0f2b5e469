#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A recording's report against what gilbench and the kernel counted.

usage: check_recording.py GILREPORT TRACE GILBENCH_JSON

TRACE is a recording of 'gilbench --json contend'. Fails, and says why, if they
do not agree.
"""

import csv
import json
import subprocess
import tempfile
from pathlib import Path

import ktap
from check_report import check_events, read_perfetto
from ktap import same


def check(program, trace, result, directory):
    bench = json.loads(Path(result).read_text(encoding="utf-8"))
    details = bench["results"][0]["details"]
    out = Path(directory) / "out"
    run = subprocess.run([program, "--json", "-o", out, trace], check=True,
                         capture_output=True, text=True)
    lock = next(lock for lock in json.loads(run.stdout)["locks"]
                if lock["lock"] == details["lock"])
    kernel, threads = details["kernel"], lock["threads"]
    same("waits", kernel["contended"], lock["wait"]["count"])
    same("turns", kernel["slow_acquires"], sum(t["turns"] for t in threads))
    same("repaired", 0, lock["repaired"])
    with open(out / "turns.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file)
                if row["lock"] == str(details["lock"])]
    same("handoffs", kernel["handoffs"], sum(bool(r["from_tid"]) for r in rows))
    for what in ("wait", "hold"):
        same(f"sum of {what}", sum(int(r[f"{what}_ns"] or 0) for r in rows),
             lock[what]["total_ns"])
    # The lanes, by the events' times, against the kernel's own clock readings.
    drawn = sum(int(r["released_ns"]) - int(r["granted_ns"]) for r in rows)
    assert abs(drawn - lock["hold"]["total_ns"]) < drawn / 10, drawn
    check_events(read_perfetto(out))


def main():
    arguments = ktap.arguments(__doc__, 3)
    with tempfile.TemporaryDirectory() as directory:
        check(*arguments, directory)


if __name__ == "__main__":
    main()
