# SPDX-License-Identifier: GPL-2.0
"""Recordings made in the guest as a student makes them, and the right answers
to the questions about them.

The answers come from other files than those from which the graders take them.
"""

import functools
import json
import math
import re
import subprocess

import bench
import kit


# What gilreport says of a recording that a student would hand in. On a machine
# that was busy with something else, it may say something else.
GOOD = ("none were lost", "Convoy: ")
TRIES = 3


@functools.cache
def record(number, variant):
    """name -> content of all that './record' brings out of the guest. Record again
    if a student would have to.
    """
    for _ in range(TRIES):
        said, files = record_once(number, variant)
        if number != "0" or all(each in said for each in GOOD):
            return files
    raise AssertionError(f"no good recording in {TRIES} tries:\n{said}")


def record_once(number, variant):
    assignment = kit.assignment(number)
    sources = {name: (assignment.folder / name).read_bytes()
               for name in assignment.sources}
    folder = kit.temporary("recording")
    try:
        with bench.Builds(assignment, sources, variant) as builds:
            if said := builds.build():
                raise AssertionError(said)
            said = subprocess.run(
                builds.boot(f"{bench.LOADS}; cd student; ./record"), check=True,
                capture_output=True, text=True, errors="replace").stdout
            builds.bring_out(folder)
        return " ".join(said.split()), {
            path.name: path.read_bytes() for path in folder.iterdir()
            if path.is_file()}
    finally:
        kit.remove(folder)


def convoy(number, files):
    """The answers of assignment 0, from gilrecord's text and bpftrace's."""
    io, hog1, hog2 = (f"{name}-{number}" for name in ("io", "hog1", "hog2"))
    waits = {}
    for waiter, owner, us in re.findall(
            r"^@wait_us\[\d+, (\S+), \d+, (\S+), \d+\]: (\d+)$",
            files["owners.txt"].decode(), re.M):
        waits.setdefault(waiter, {})[owner] = int(us)
    events = [(kind, comm, dict(re.findall(r"(\w+)=(\S+)", rest)))
              for kind, comm, rest in re.findall(
                  r": gil_(request|grant|acquire|release): .*?comm=(\S+) (.*)$",
                  files["convoy.txt"].decode(), re.M)]
    released = [told for kind, comm, told in events
                if kind == "release" and comm == hog1]
    holds = sorted(int(told["hold_ns"]) for told in released)
    return {
        "most_waiting": max(waits, key=lambda each: sum(waits[each].values())),
        "behind": behind(events, io, number % 10 + 11),
        "io_wait_us": sum(int(told["wait_ns"]) for kind, comm, told in events
                          if kind == "acquire" and comm == io) // 1000,
        "io_wait_for_hog2_us": waits[io][hog2],
        "hog1_turns": len(released),
        "hog1_forced": sum(told["reason"] == "interval" for told in released),
        "hog1_hold_us": holds[math.ceil(len(holds) / 2) - 1] // 1000,
        "hog1_longest_hold_us": holds[-1] // 1000}


def behind(events, io, number):
    """The owners from this request after I/O until its grant."""
    owner, io_done, waits, found = None, 0, False, []
    for kind, comm, told in events:
        if kind == "release" and comm == io:
            io_done += told["reason"] == "io"
        if comm == io and kind == "request" and io_done == number:
            waits, found = True, [owner] if owner else []
        if kind in ("grant", "acquire"):
            if waits and comm == io:
                return found
            if waits and owner != comm:
                found.append(comm)
            owner = comm
        elif kind == "release":
            owner = None
    raise AssertionError(f"there is no I/O number {number}")


def lost(start, files):
    """The answers of assignment 1."""
    text = files["lost.log"].decode()
    lines = re.findall(r"^(\d+) (\w) (\w+) (\d+)$", text, re.M)
    end = int(re.search(r"^end (\d+)$", text, re.M)[1])
    return {"lost": len(lines) // 2 - (end - start), "lowest_end": start + 2,
            **explained([(int(number), *rest) for number, *rest in lines])}


def explained(lines):
    """The first two loads of one value, and the stores that belong to them."""
    for number, name, what, value in lines:
        for later, other, *rest in lines[number:]:
            if what == "load" and rest == [what, value] and other != name:
                stores = [next(at for at, *told in lines[load:]
                               if told[:2] == [who, "store"])
                          for load, who in ((number, name), (later, other))]
                if min(stores) > later:
                    return {"threads": [name, other], "number": int(value),
                            "lines": [number, later, *sorted(stores)]}
    raise AssertionError("no update was lost")


ANSWERS = {"0": convoy, "1": lost}


def files(assignment, told):
    """What a submission hands in that was recorded, with the answers to it."""
    if not assignment.recordings or told.get("base") == "skeleton":
        return {}
    number = str(assignment.number)
    mine, others = (assignment.variants[told.get("variant", 0) + one]
                    for one in (0, 1))
    variant = {"of": mine, "of another": others}[told.get("recording", "of")]
    made = record(number, variant)
    right = ANSWERS[number](variant, made)
    if told.get("answers") == "of another":
        right = ANSWERS[number](others, record(number, others))
    for name, cut in told.get("cut", {}).items():
        made = made | {name: made[name][:cut]}
    return {name: made[name] for name in assignment.recordings} | {
        "answers.toml": "".join(f"{name} = {json.dumps(value)}\n"
                                for name, value in right.items())}
