#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Known answers of gilreport, from recordings made of known events.

usage: check_report.py GILREPORT [FOLDER]

Prints KTAP. Needs neither the module nor a guest. Reports of known events are
left in FOLDER/convoy/out, FOLDER/kernel/out, FOLDER/queue/out, FOLDER/busy/out
and FOLDER/two/out, for check_page.py.
"""

import csv
import functools
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import ktap
from ktap import same
from make_trace import Trace

MS = 1000000
US = 1000
YIELD, IO, EXIT = 1, 2, 4


class Scene:
    """hog computes on CPU 0; io sleeps 1 ms, asks, and gets the lock when the
    interval has run out; so many times over."""

    def __init__(self, rounds, wait_ns, lock=3, names=("hog-0", "io-1"),
                 **recorded):
        self.trace = Trace(**recorded)
        self.time = 10 * MS
        self.lock = lock
        self.hog = {"lock": lock, "id": 1, "tid": 100, "comm": names[0]}
        self.io = {"lock": lock, "id": 2, "tid": 101, "comm": names[1]}
        self.granted = self.time
        add = self.trace.add
        add(0, self.time - 30, "sched_switch", next_pid=100,
            next_comm=names[0])
        add(0, self.time - 20, "gil_request", **self.hog)
        add(0, self.time, "gil_acquire", **self.hog)
        self.io_turn_begin()
        for _ in range(rounds):
            self.round(wait_ns)

    def io_turn_begin(self):
        """io is there, and has had the lock once, before hog."""
        add, t = self.trace.add, self.time - 9 * MS
        add(1, t, "sched_switch", next_pid=101, next_comm="io-1")
        add(1, t + 10, "gil_request", **self.io)
        add(1, t + 20, "gil_acquire", **self.io)
        add(1, t + 1020, "gil_release", reason=IO, hold_ns=1000, **self.io)
        add(1, t + 1100, "sched_switch", prev_pid=101, prev_state=1)

    def round(self, wait):
        add, t = self.trace.add, self.time + MS
        add(1, t, "sched_wakeup", pid=101, comm="io-1")
        add(1, t + 100, "sched_switch", next_pid=101, next_comm="io-1")
        add(1, t + 200, "gil_request", **self.io)
        add(1, t + 300, "sched_switch", prev_pid=101, prev_state=1)
        asked, granted = t + wait, t + 200 + wait
        if wait >= 5 * MS:
            add(0, asked, "gil_drop_request", hold_ns=asked - self.granted,
                waiting=1, **self.hog)
        add(0, granted - 50, "gil_release", reason=YIELD,
            hold_ns=granted - 50 - self.granted, waiting=1, **self.hog)
        add(0, granted, "gil_grant", from_tid=100, wait_ns=wait, **self.io)
        add(0, granted + 10, "gil_request", **self.hog)
        add(0, granted + 60, "sched_switch", prev_pid=100, prev_state=1)
        add(1, granted + 100, "sched_switch", next_pid=101, next_comm="io-1")
        add(1, granted + 500, "gil_acquire", contended=1, wait_ns=wait,
            wakeup_ns=500, **self.io)
        free = granted + 20 * US
        add(1, free, "gil_release", reason=IO, hold_ns=free - granted,
            waiting=1, **self.io)
        add(1, free + 5, "gil_grant", from_tid=101, wait_ns=free - granted - 5,
            **self.hog)
        add(1, free + 100, "sched_switch", prev_pid=101, prev_state=1)
        add(0, free + 200, "sched_switch", next_pid=100, next_comm="hog-0")
        add(0, free + 300, "gil_acquire", contended=1,
            wait_ns=free - granted - 5, wakeup_ns=295, **self.hog)
        self.granted, self.time = free + 5, free + 300


def leave_reports(program, folder):
    """For whoever wants to look at them, or to have a browser do so."""
    for name, trace in (("convoy", Scene(20, 5 * MS).trace),
                        ("kernel", kernel_scene()),
                        ("queue", queue_scene()),
                        ("busy", busy_scene(4000)),
                        ("two", two_locks())):
        Path(folder, name).mkdir(parents=True, exist_ok=True)
        Report(program, trace, Path(folder, name))


def read_perfetto(directory):
    with gzip.open(Path(directory) / "trace.json.gz") as file:
        return json.load(file)["traceEvents"]


class Report:
    """What gilreport makes of a trace."""

    def __init__(self, program, trace, directory, *options, name="trace.dat"):
        path = Path(directory) / name
        trace.write(path)
        self.path, self.directory = path, Path(directory) / "out"
        self.run = subprocess.run(
            [program, "--json", "-o", self.directory, *options, path],
            capture_output=True, text=True, check=False)
        assert self.run.returncode == 0, self.run.stderr
        self.json = json.loads(self.run.stdout)
        self.words = " ".join(said["text"] for said in self.json["words"] +
                              self.json["locks"][0]["words"])

    def rows(self, name):
        with open(self.directory / name, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def perfetto(self):
        return read_perfetto(self.directory)


def check_convoy(program, directory):
    report = Report(program, Scene(20, 5 * MS).trace, directory)
    sentence = ("Convoy: after every one of its 20 I/Os, io-1 waited behind "
                "hog-0: 5.00 ms on average, 100 ms in all.")
    assert sentence in report.words, report.words
    hog, io = sorted(report.rows("threads.csv"), key=lambda row: row["comm"])
    same("waits of io", (20, 100 * MS), (int(io["wait_count"]),
                                         int(io["wait_ns"])))
    same("holds of io", 20 * 20 * US + 1000, int(io["hold_ns"]))
    same("requests to drop", 20, int(hog["drop_requests"]))
    same("forced switches", 20, int(hog["forced_switches"]))
    same("interval", 5 * MS - 200, report.json["locks"][0]["interval_ns"])
    same("wake-ups in the lane", 20 * 500, int(io["granted_ns"]))
    # And from the first request, which had the lock 10 ns later.
    same("waits in the lane", 100 * MS + 10, int(io["waiting_ns"]))
    for thread in report.json["locks"][0]["threads"]:
        same("the lane is whole", report.json["end_ns"] -
             report.json["start_ns"], sum(thread["states_ns"].values()))


def check_no_convoy(program, directory):
    report = Report(program, Scene(20, 2 * MS).trace, directory)
    assert "No convoy: threads came back from I/O or sleep 20 times" in \
        report.words, report.words
    report = Report(program, Scene(20, 2 * MS).trace, directory, "-i", "2ms")
    assert "I/Os, io-1 waited behind hog-0" in report.words, report.words


def check_turns(program, directory):
    report = Report(program, Scene(3, 5 * MS).trace, directory)
    rows = report.rows("turns.csv")
    same("turns", 8, len(rows))
    for row in rows:
        steps = [int(row[name]) for name in (
            "requested_ns", "granted_ns", "acquired_ns", "released_ns")
            if row[name]]
        same("order of steps", sorted(steps), steps)
    same("reasons", ["", "io", "io", "io", "io", "yield", "yield", "yield"],
         sorted(row["reason"] for row in rows))


def check_lost(program, directory):
    scene = Scene(3, 5 * MS)
    scene.trace.add(1, scene.time + MS, "sched_wakeup", lost=17, pid=7,
                    comm="x")
    report = Report(program, scene.trace, directory)
    assert "CPU 1 lost 17 events" in report.run.stderr, report.run.stderr
    assert "17 events were lost" in report.words, report.words
    same("lost", [17], [gap["events"] for gap in report.json["lost"]])


def check_middle(program, directory):
    """An acquisition and a release whose beginnings were not recorded."""
    trace = Trace()
    who = {"lock": 1, "id": 1, "tid": 50, "comm": "late"}
    trace.add(0, 10 * MS, "sched_wakeup", pid=9, comm="x")
    trace.add(0, 20 * MS, "gil_acquire", contended=1, wait_ns=3 * MS,
              wakeup_ns=MS, **who)
    trace.add(0, 22 * MS, "gil_release", hold_ns=3 * MS, **who)
    row, = Report(program, trace, directory).rows("turns.csv")
    same("filled in", [str(n * MS) for n in (16, 19, 20, 22)],
         [row[f"{step}_ns"] for step in
          ("requested", "granted", "acquired", "released")])
    same("repaired", "1", row["repaired"])


def two_locks():
    scene = Scene(3, 5 * MS)
    who = {"lock": 9, "id": 1, "tid": 100, "comm": "hog-0"}
    scene.trace.add(0, scene.time + 10, "gil_request", **who)
    scene.trace.add(0, scene.time + 20, "gil_acquire", **who)
    return scene.trace


def check_locks(program, directory):
    report = Report(program, two_locks(), directory)
    same("locks", [3, 9], sorted(l["lock"] for l in report.json["locks"]))
    check_events(report.perfetto())


def kernel_scene():
    """A bound thread whose lock the kernel takes when it blocks, and which dies
    as the owner under another policy than it began with; beside it one that
    waits without sleeping."""
    trace = Trace()
    add = trace.add
    bound = {"lock": 5, "id": 1, "tid": 60, "comm": "bound-0"}
    poller = {"lock": 5, "id": 2, "tid": 61, "comm": "poller-1"}
    add(0, 1 * MS, "sched_switch", next_pid=60, next_comm="bound-0")
    add(0, 1 * MS + 10, "gil_bind", flags=3, **bound)
    add(0, 1 * MS + 20, "gil_take_back", **bound)
    add(0, 1 * MS + 30, "gil_request", **bound)
    add(0, 1 * MS + 40, "gil_acquire", **bound)
    add(1, 2 * MS, "gil_request", **poller)
    add(0, 3 * MS, "gil_io_release", hold_ns=2 * MS, waiting=1, **bound)
    add(0, 3 * MS + 10, "gil_release", reason=IO, hold_ns=2 * MS, waiting=1,
        **bound)
    add(0, 3 * MS + 20, "gil_grant", from_tid=60, wait_ns=MS, **poller)
    add(1, 3 * MS + 30, "gil_acquire", contended=1, wait_ns=MS, wakeup_ns=10,
        **poller)
    add(0, 4 * MS, "gil_take_back", **bound)
    add(0, 4 * MS + 10, "gil_request", **bound)
    add(0, 4 * MS + 20, "gil_wait", **bound)
    add(1, 5 * MS, "gil_policy", lock=5, policy="fair")
    add(1, 6 * MS, "gil_release", hold_ns=3 * MS, waiting=1, **poller)
    add(1, 6 * MS + 10, "gil_grant", from_tid=61, wait_ns=2 * MS, **bound)
    add(0, 6 * MS + 20, "gil_acquire", contended=1, wait_ns=2 * MS,
        wakeup_ns=10, **bound)
    add(0, 8 * MS, "gil_owner_died", **bound)
    add(0, 8 * MS + 10, "gil_release", reason=EXIT, hold_ns=2 * MS, **bound)
    add(0, 8 * MS + 20, "gil_unbind", **bound)
    add(0, 9 * MS, "sched_wakeup", pid=9, comm="x")
    return trace


def check_kernel(program, directory):
    report = Report(program, kernel_scene(), directory)
    for said in (
            "the kernel released the lock for it (once) and took it back before "
            "the thread went on (twice)",
            "One thread was bound to the lock, with the switch interval",
            "Its policy became fair 4.00 ms after the start.",
            "Thread bound-0 died while it owned the lock, 7.00 ms after the"):
        assert said in report.words, (said, report.words)
    same("marks", [("bound", 0, MS + 10), ("policy", None, 5 * MS),
                   ("died", 0, 8 * MS), ("unbound", 0, 8 * MS + 20)],
         [(mark["what"], mark.get("thread"), mark["ns"])
          for mark in report.json["locks"][0]["marks"]])
    same("who, slept, taken", [("bound-0", "0", "1"), ("poller-1", "0", "0"),
                               ("bound-0", "1", "0")],
         [(row["comm"], row["slept"], row["taken"])
          for row in report.rows("turns.csv")])
    same("released by the kernel", ["1", "0"],
         [row["taken"] for row in report.rows("threads.csv")])
    events = report.perfetto()
    check_events(events)
    same("instants", {"bound", "policy fair", "owner died", "unbound"},
         {event["name"] for event in events if event["ph"] == "i"})


def queue_scene():
    """first holds the lock for 5 ms, second for 4 ms; third waits from 2 ms
    on and then has it for 1 ms; second waits once more meanwhile. A fourth
    thread has the lock before, and meets no other."""
    trace = Trace()
    add = trace.add
    lone, first, second, third = (
        {"lock": 6, "id": i, "tid": 80 + i, "comm": name}
        for i, name in enumerate(("lone", "first", "second", "third")))
    add(0, MS, "gil_request", **lone)
    add(0, MS, "gil_acquire", **lone)
    add(0, 2 * MS, "gil_release", hold_ns=MS, **lone)
    t = 10 * MS
    add(0, t, "gil_request", **first)
    add(0, t, "gil_acquire", **first)

    def hand_on(at, who, to, held, waited):
        add(0, at - 10, "gil_release", hold_ns=held - 10, waiting=1,
            **who)
        add(0, at, "gil_grant", from_tid=who["tid"], wait_ns=waited, **to)
        add(0, at, "gil_acquire", contended=1, wait_ns=waited, **to)

    add(0, t + MS, "gil_request", waiting=1, **second)
    add(0, t + 2 * MS, "gil_request", waiting=2, **third)
    hand_on(t + 5 * MS, first, second, 5 * MS, 4 * MS)
    hand_on(t + 9 * MS, second, third, 4 * MS, 7 * MS)
    add(0, t + 9 * MS + 10, "gil_request", waiting=1, **second)
    hand_on(t + 10 * MS, third, second, MS, MS - 10)
    add(0, t + 12 * MS, "gil_release", hold_ns=2 * MS, **second)
    add(0, t + 13 * MS, "sched_wakeup", pid=9, comm="x")
    return trace


def busy_scene(turns, threads=3):
    """Threads take turns of 5 us, and ask again at once: the next thread is
    the one that has waited longest."""
    trace = Trace()
    who = [{"lock": 7, "id": i, "tid": 200 + i, "comm": f"busy-{i}"}
           for i in range(threads)]
    t = MS
    for each in who:
        trace.add(0, t, "gil_request", **each)
    trace.add(0, t, "gil_acquire", **who[0])
    for i in range(turns):
        owner, following = who[i % threads], who[(i + 1) % threads]
        t += 5 * US
        wait = (threads - 1) * 5 * US if i >= threads else i * 5 * US
        trace.add(0, t - 20, "gil_release", reason=YIELD, hold_ns=5 * US - 20,
                  waiting=1, **owner)
        trace.add(0, t - 10, "gil_request", waiting=threads - 1, **owner)
        trace.add(0, t, "gil_grant", from_tid=owner["tid"], wait_ns=wait,
                  **following)
        trace.add(0, t, "gil_acquire", contended=1, wait_ns=wait, **following)
    return trace


def check_behind(program, directory):
    """Each wait is behind the threads that held the lock meanwhile."""
    report = Report(program, queue_scene(), directory)
    same("behind.csv", {("third", "second"): 4 * MS - 10,
                        ("third", "first"): 3 * MS - 10,
                        ("second", "first"): 4 * MS - 10,
                        ("second", "third"): MS - 20},
         {(row["comm"], row["owner_comm"]): int(row["wait_ns"])
          for row in report.rows("behind.csv")})
    threads = {thread["name"]: thread
               for thread in report.json["locks"][0]["threads"]}
    same("behind", [("second", 4 * MS - 10), ("first", 3 * MS - 10)],
         [(owner["name"], owner["ns"]) for owner in threads["third"]["behind"]])
    same("made others wait", 7 * MS - 20, threads["first"]["made_wait_ns"])
    same("in threads.csv", ["0", "6999980", "3999990", "999980"],
         [row["made_wait_ns"] for row in report.rows("threads.csv")])
    assert ("third waited 7.00 ms in all, behind second for 4.00 ms and first "
            "for 3.00 ms." in report.words), report.words
    run = subprocess.run([program, "-o", report.directory, report.path],
                         check=True, capture_output=True, text=True)
    assert "third waited 7.00 ms in all" in run.stdout, run.stdout


def check_fairness(program, directory):
    """Only threads that waited for each other are compared."""
    report = Report(program, queue_scene(), directory)
    shares = report.json["locks"][0]["hold_shares"]
    # first 5 ms, second 4 and 2, third 1; lone is left out.
    same("compared", (3, 1), (shares["threads"], shares["left_out"]))
    same("shares", (6 * MS - 10, MS - 10), (shares["most"], shares["least"]))
    assert abs(shares["jain"] - 12 ** 2 / (3 * (25 + 36 + 1))) < 1e-3, shares
    assert ("Among the 3 threads that waited for each other" in report.words and
            "1 other did not compete" in report.words), report.words
    assert "by 4 threads" in report.words, report.words


def check_advice(program, directory):
    """What to try against a convoy, unless it is in use."""
    scene = Scene(20, 5 * MS)
    report = Report(program, scene.trace, directory)
    assert ("policies io_first and fair" in report.words and
            "does not tell the policy" in report.words), report.words
    scene.trace.add(0, scene.time + MS, "gil_policy", lock=3, policy="cpython")
    report = Report(program, scene.trace, directory)
    assert "the recorded policy is cpython" in report.words, report.words
    scene.trace.add(0, scene.time + 2 * MS, "gil_policy", lock=3, policy="fair")
    report = Report(program, scene.trace, directory)
    assert "policies io_first" not in report.words, report.words


def refused(program, directory, data, *reasons):
    """gilreport says why it makes nothing of this recording; and what it said."""
    path = Path(directory) / "trace.dat"
    path.write_bytes(data)
    run = subprocess.run([program, "--json", "-o", f"{directory}/out", path],
                         capture_output=True, text=True, check=False)
    same("status", 1, run.returncode)
    same("what is printed", "", run.stdout)
    for reason in reasons:
        assert reason in run.stderr, run.stderr
    assert not os.path.exists(f"{directory}/out"), "there is a report"


def check_clocks(program, directory):
    for clock, name in (("mono", "CLOCK_MONOTONIC"), ("boot", "CLOCK_BOOTTIME"),
                        ("local", "local")):
        scene = Scene(3, 5 * MS, clock=clock)
        report = Report(program, scene.trace, directory)
        same("clock", name, report.json["clock"])
        assert f"clock {name}" in report.words, report.words
        shutil.rmtree(report.directory)
    for clock in ("x86-tsc", "counter", "uptime", "nonsense"):
        scene = Scene(3, 5 * MS, clock=clock)
        refused(program, directory, scene.trace.bytes(),
                f"clock {clock}", "nanoseconds", "gilrecord")


def check_instance(program, directory):
    """What gilrecord makes: the events are not in the top buffer."""
    scene = Scene(3, 5 * MS, clock="mono", instance="gilrecord-x")
    report = Report(program, scene.trace, directory)
    same("turns", 8, len(report.rows("turns.csv")))
    same("clock", "CLOCK_MONOTONIC", report.json["clock"])
    same("instance", "gilrecord-x", report.json["instance"])


def check_damaged(program, directory):
    data = Scene(3, 5 * MS, clock="mono").trace.bytes()
    for part in range(40):
        refused(program, directory, data[:len(data) * part // 40],
                "gilreport: ", "trace.dat")


def check_hostile(program, directory):
    name = '<!--<script",'
    scene = Scene(3, 5 * MS, names=(name, "io-1"))
    report = Report(program, scene.trace, directory)
    page = (report.directory / "report.html").read_text(encoding="utf-8")
    assert name not in page, "markup from a thread's name is in the page"
    assert name in {row["comm"] for row in report.rows("threads.csv")}
    check_events(report.perfetto())


def check_outside_text(program, directory):
    """Bytes that are not UTF-8, and control characters, wherever they come in."""
    bad = b"\xe9\x1b[31m\xc2\x9b\xed\xa0\x80\n"
    scene = Scene(3, 5 * MS, names=(b"hog" + bad, b"io" + bad),
                  clock="mono", instance="gilrecord-\x1b")
    for note in (b"command=cat caf" + bad.strip() + 70 * "\u20ac".encode(),
                 b"kernel=6" + bad):
        scene.trace.add(0, scene.time + MS, "print", buf=b"gilrecord: " + note)
    scene.trace.add(0, scene.time + MS, "gil_policy", lock=3,
                    policy=b"fair" + bad)
    report = Report(program, scene.trace, directory, name=b"caf\xe9".decode(
        errors="surrogateescape") + "\n.dat")
    washed = "??[31m?????"
    assert report.json["command"].startswith("cat caf" + washed + "\u20ac")
    same("kernel", "6" + washed, report.json["kernel"])
    same("policy", "fair" + washed, report.json["locks"][0]["policy"])
    same("instance", "gilrecord-?", report.json["instance"])
    same("file", "caf??.dat", report.json["parameters"]["trace"])
    page = (report.directory / "report.html").read_text(encoding="utf-8")
    assert '"schema":"gilreport/1"' in page, "the page has no data"
    check_events(report.perfetto())
    same("names", {"hog" + washed + "?", "io" + washed + "?"},
         {row["comm"] for row in report.rows("threads.csv")})
    for options in ([], ["--events"]):
        run = subprocess.run([program, *options, report.path], check=True,
                             capture_output=True, cwd=directory)
        assert not set(run.stdout) & {0x1b, 0xe9, 0x9b}, run.stdout


def slices_of(events):
    tracks = {}
    for event in events:
        if event["ph"] == "X":
            start = round(event["ts"] * 1000)
            end = start + round(event["dur"] * 1000)
            assert end > start, event
            tracks.setdefault((event["pid"], event["tid"]),
                              []).append((start, end))
    return tracks


def check_events(events):
    """What viewers demand: no overlap, arrows that end inside of slices."""
    tracks = slices_of(events)
    for track, slices in tracks.items():
        for (_, end), (start, _) in zip(slices, slices[1:]):
            assert start >= end, f"{track}: slices overlap at {start}"
    same("a track has one process", len({tid for _, tid in tracks}),
         len(tracks))
    ends = {"s": {}, "f": {}}
    for event in events:
        if event["ph"] not in ends:
            continue
        assert event["id"] not in ends[event["ph"]], event
        ends[event["ph"]][event["id"]] = event["ts"]
        time = round(event["ts"] * 1000)
        assert any(start <= time < end for start, end in
                   tracks[event["pid"], event["tid"]]), event
    same("arrows' ends", set(ends["s"]), set(ends["f"]))
    for number, start in ends["s"].items():
        assert start <= ends["f"][number], f"arrow {number} goes back"
    named = {(e["pid"], e["tid"]) for e in events
             if e["ph"] == "M" and e["name"] == "thread_name"}
    assert set(tracks) <= named, "tracks without a name"


def check_perfetto(program, directory):
    events = Report(program, Scene(5, 5 * MS).trace, directory).perfetto()
    check_events(events)
    same("arrows", 10, sum(event["ph"] == "f" for event in events))
    broken = [dict(event) for event in events]
    events = Report(program, queue_scene(), directory).perfetto()
    check_events(events)
    tracks = {event["tid"]: event["args"]["name"] for event in events
              if event["ph"] == "M" and event["name"] == "thread_name"}
    owner = next(tid for tid, name in tracks.items() if name == "owner")
    same("owners", [("lone 80", 1), ("first 81", 10), ("second 82", 15),
                    ("third 83", 19), ("second 82", 20)],
         [(event["name"], round(event["ts"] / 1000)) for event in events
          if event["ph"] == "X" and event["tid"] == owner])
    same("how they got it", [0, 0, 4, 7, 0.99999],
         [event["args"]["waited (ms)"] for event in events
          if event["ph"] == "X" and event["tid"] == owner])
    same("names", {"lone", "first", "second", "third", "owner",
                   "CPU 0"}, set(tracks.values()))
    same("behind", [{"second 82": 3.99999, "first 81": 2.99999}],
         [event["args"] for event in events if event["tid"] == 83 and
          event.get("name") == "waiting for the lock"])
    next(e for e in broken if e["ph"] == "X")["dur"] = 1e9
    try:
        check_events(broken)
    except AssertionError:
        return
    raise AssertionError("slices that overlap went unnoticed")


def check_events_option(program, directory):
    """What a thread is called changes neither the counts nor the lines."""
    path = Path(directory) / "trace.dat"
    scene = Scene(3, 5 * MS, names=("a gil_grant: b", "tid=7\n tid=7"))
    scene.trace.add(1, scene.time + MS, "sched_wakeup", pid=7, comm="tid=101")
    scene.trace.add(1, scene.time + MS, "gil_policy", lost=9, policy="fair")
    scene.trace.write(path)
    out = f"{directory}/out"
    run = subprocess.run([program, "--events", "-o", out, path], check=True,
                         capture_output=True, text=True)
    lines = run.stdout.splitlines()
    head = dict(line[2:].split(": ") for line in lines if line[0] == "#")
    same("grants", "6", head["gil_grant"])
    same("contended", "6", head["contended"])
    same("acquires", "8", head["gil_acquire"])
    same("events of lock users", int(head["events in the recording"]) - 1,
         sum(" comm=" in line or line.endswith(": x") for line in lines))
    same("lines about loss", 1, sum("9 EVENTS DROPPED" in line
                                    for line in lines))
    same("files", [path.name], os.listdir(directory))


def check_full_disk(program, directory):
    path = Path(directory) / "trace.dat"
    Scene(3, 5 * MS).trace.write(path)
    for options in (["--json"], [], ["--events"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            run = subprocess.run(
                [program, "-o", f"{directory}/out", *options, path],
                stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        same(f"status with {options}", 1, run.returncode)
        assert "No space left" in run.stderr, (options, run.stderr)


def check_no_gzip(program, directory):
    """Without gzip, or if it fails, the report says so."""
    path = Path(directory) / "trace.dat"
    Scene(3, 5 * MS).trace.write(path)
    folder = Path(directory) / "bin"
    folder.mkdir()
    for script, reason in ((None, "No such file"), ("#!/bin/sh\nexit 1\n",
                                                   "Input/output error")):
        if script:
            (folder / "gzip").write_text(script, encoding="ascii")
            (folder / "gzip").chmod(0o755)
        run = subprocess.run(
            [program, "-o", f"{directory}/out", path], check=False,
            env=os.environ | {"PATH": str(folder)}, capture_output=True,
            text=True)
        same("status", 1, run.returncode)
        assert "trace.json.gz" in run.stderr and reason in run.stderr, run


def check_refusals(program, directory):
    for arguments, status in ((["/nonexistent"], 1), ([__file__], 1), ([], 2),
                              (["--interval", "x", "t"], 2)):
        run = subprocess.run([program, "-o", f"{directory}/out", *arguments],
                             capture_output=True, text=True, check=False)
        same(f"status of {arguments}", status, run.returncode)
        assert run.stderr, f"nothing said of {arguments}"
    run = subprocess.run([program, "-i", "0.5ms", "t"], capture_output=True,
                         text=True, check=False)
    assert "from 1us to 10s in whole ns, us, ms or s" in run.stderr, run.stderr


TESTS = [
    ("a convoy is named, and its figures are right", check_convoy),
    ("waits shorter than half an interval are no convoy", check_no_convoy),
    ("a convoy comes with advice", check_advice),
    ("threads that never met are not compared", check_fairness),
    ("turns.csv: each turn, in order", check_turns),
    ("each wait is behind those who held the lock", check_behind),
    ("lost events are told everywhere", check_lost),
    ("what began before the recording is filled in", check_middle),
    ("several locks", check_locks),
    ("what the kernel does by itself: I/O, death, policy, binding",
     check_kernel),
    ("the clock is told; one without nanoseconds is refused", check_clocks),
    ("events in the buffer of an instance", check_instance),
    ("a recording that is cut anywhere is refused", check_damaged),
    ("names that look like markup", check_hostile),
    ("text from outside is washed", check_outside_text),
    ("trace.json.gz is as viewers demand", check_perfetto),
    ("--events goes by fields, whatever threads are called",
     check_events_option),
    ("a full disk is told, with a reason", check_full_disk),
    ("a gzip that is missing or fails is told", check_no_gzip),
    ("what cannot be read is refused with a reason", check_refusals),
]


def main():
    program, *folder = ktap.arguments(__doc__, 1, 2)
    program = os.path.abspath(program)

    def in_folder(check):
        with tempfile.TemporaryDirectory() as directory:
            check(program, directory)

    status = ktap.run((name, functools.partial(in_folder, check))
                      for name, check in TESTS)
    if folder:
        leave_reports(program, *folder)
    return status


if __name__ == "__main__":
    sys.exit(main())
