# SPDX-License-Identifier: GPL-2.0
"""What the tests of assignment 7 do. The handout promises nothing else."""

import errno
import os
from pathlib import Path

import actors
from actors import IO, TRY, Actor, expect

JUDGE = Path("/gil/judge")
RESULTS = Path("/sys/module/policy_judge/parameters/results")


def start(*names):
    actors.load()
    fd = actors.create("open")
    return fd, *(Actor(name, fd) for name in names)


def test_works(_):
    memory = actors.memory()
    fd, holder, *several = start("H", *(f"{n}" for n in range(1, 7)))
    path, = actors.modules()
    expect("the module unloads while a lock has its policy", False,
           actors.rmmod(path) == "")
    marks = actors.MEMORY[memory[1]]
    for actor in several[:3]:
        actor.gets(0, "turns", 2, IO)
    for again in range(3):
        holder.gets(0, "acquire")
        for actor in several:
            actor.waits("sign_turn", memory, ord(actor.name),
                        IO if again else 0)
        holder.gets(0, "release")
        for actor in several:
            actor.returns(0)
    expect("how often each has had its turn", "111222333444555666",
           "".join(sorted(marks[1:1 + marks[0]].decode())))
    # Those that wait keep their places when a lock gets another policy.
    holder.gets(0, "acquire")
    for actor in several:
        actor.waits("turn")
    actors.set_policy(fd, "fifo")
    actors.set_policy(fd, "open")
    holder.gets(0, "release")
    for actor in several:
        actor.returns(0)


def test_leaves(_):
    _, holder, a, b, c = start("H", "A", "B", "C")
    b.gets(0, "turns", 1, IO)
    holder.gets(0, "acquire")
    for actor in (a, b, c):
        actor.waits("turn")
    b.signal()
    b.returns(errno.EINTR)
    a.kill()
    holder.gets(0, "release")
    c.returns(0)
    b.gets(0, "acquire", TRY)
    b.gets(0, "release")


def play():
    """What the judge says of each policy: its number, the longest wait in parts
    of an interval for each thread, and what it did wrong.
    """
    actors.KIND = "module"  # the judge is without gil.ko
    seed = (JUDGE / "seed").read_text().strip()
    actors.insmod("/gil/judge/policy_judge.ko", f"seed={seed}")
    lines = RESULTS.read_text().strip().splitlines()
    actors.rmmod("policy_judge")
    told = {}
    for line in lines:
        name, number, longest, fault = line.split()
        told[name] = int(number)
        actors.event(f"{name}: {number}, waits of up to "
                     f"{int(longest) / 100} intervals for each thread"
                     + (f", {fault.replace('-', ' ')}" * (fault != "-")))
        if name == "yours":
            yours = fault
    actors.NUMBER = ", ".join(f"{number} ({name})" for name, number in
                              told.items())
    return told, yours


def test_starves_nobody(_):
    _, fault = play()
    expect("what your policy does wrong", "nothing",
           fault.replace("-", " ").strip() or "nothing")


def beats(name):
    told, _ = play()
    if told["yours"] <= told[name]:
        raise actors.Unexpected(f"a number above {told[name]}, which {name} has",
                                told["yours"])


def test_beats_cpython(_):
    beats("cpython")


def test_beats_fifo(_):
    beats("fifo")


def test_beats_io_first(_):
    beats("io_first")


def test_beats_fair(_):
    beats("fair")
