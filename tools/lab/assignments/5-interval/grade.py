# SPDX-License-Identifier: GPL-2.0
"""What the tests of assignment 5 do. The handout promises nothing else."""

import contextlib
import errno
import json
import os
import re
import signal
import struct
import subprocess
import time
from pathlib import Path

import actors
from actors import IO, TRY, Actor, deed, expect, until

SHORT, LONG, DEFAULT = 10**6, 10**10, 5 * 10**6  # ns
TRACING = Path("/sys/kernel/tracing")


@deed
def release_then_look(fd, ns):
    """EBUSY if the next owner, which cannot run, is asked in that time."""
    page = actors.Page(fd)
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    error = actors.release(fd)
    end = time.monotonic_ns() + ns
    while time.monotonic_ns() < end:
        pass
    asked = page.asked()
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return error or (errno.EBUSY if asked else 0)


@deed
def yield_and_sign(fd, memory, mark):
    """What a thread does that wants the lock back before all others."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    error = actors.give_way(fd)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    if error:
        return error
    memory[0] += 1
    memory[memory[0]] = mark
    return actors.release(fd)


class Stage:
    """A lock with that interval, and threads that use it."""

    def __init__(self, interval, names):
        self.memory = actors.memory()
        self.marks = actors.MEMORY[self.memory[1]]
        if not actors.EVENTS:
            actors.load()
        self.fd = actors.create("fifo", interval)
        self.page = actors.Page(self.fd)
        self.threads = [Actor(name, self.fd) for name in names]

    def interval(self, ns):
        return actors.ioctl(self.fd, actors.SET_INTERVAL, struct.pack("Q", ns))

    def interval_is(self, expected):
        told = bytearray(8)
        memory = (actors.ctypes.c_char * 8).from_buffer(told)
        actors.ioctl(self.fd, actors.GET_INTERVAL, memory)
        expect("the interval", expected, int.from_bytes(told, "little"))

    def counted(self, **expected):
        seen = actors.counts(self.fd)
        for name, number in expected.items():
            expect(f"{name}, as counted", number, seen[name])

    def is_asked(self, why):
        until(self.page.asked, f"the owner is asked, because {why}",
              lambda: "the owner is not asked")
        actors.event("the owner is asked to give way")

    def signs(self, *threads):
        for actor in threads:
            actor.waits("sign_turn", self.memory, ord(actor.name))

    def order(self):
        return self.marks[1:1 + self.marks[0]].decode()


def test_io_lock(_):
    stage = Stage(DEFAULT, "HABC")
    owner, a, b, c = stage.threads
    owner.gets(0, "acquire")
    owner.gets(errno.EDEADLK, "acquire")
    a.gets(errno.EPERM, "release")
    a.gets(errno.ETIMEDOUT, "acquire", actors.DEADLINE, 0, 1)
    a.begin("acquire")
    a.asleep()
    a.signal()
    a.returns(errno.EINTR)
    stage.signs(a, b, c)
    owner.gets(errno.EBUSY, "release_then_try")
    for actor in (a, b, c):
        actor.returns(0)
    expect("the order of the turns", "ABC", stage.order())
    a.gets(0, "turn", IO)
    stage.counted(releases=5, io_releases=1)
    a.gets(0, "acquire")
    a.kill()
    b.gets(errno.EOWNERDEAD, "acquire")
    b.gets(0, "release")


def test_settings(_):
    stage = Stage(LONG, "")
    stage.interval_is(LONG)
    for wrong in (0, 999, LONG + 1, 1 << 63, (1 << 64) - 1):
        expect(f"setting an interval of {wrong}", "EINVAL",
               actors.name_of(stage.interval(wrong)))
    stage.interval_is(LONG)
    expect("setting an interval of 1000", 0, stage.interval(1000))
    stage.interval_is(1000)
    Stage(0, "").interval_is(DEFAULT)


def test_asks(_):
    stage = Stage(SHORT, "AB")
    a, b = stage.threads
    a.gets(0, "acquire")
    b.waits("turn")
    stage.is_asked("B has waited for the interval")
    a.gets(0, "give_way")
    b.returns(0)
    a.gets(0, "release")
    # Another owner, and another interval.
    expect("setting the interval", 0, stage.interval(2 * SHORT))
    b.gets(0, "acquire")
    a.waits("turn")
    stage.is_asked("A has waited for the interval")
    b.gets(0, "release")
    a.returns(0)


def test_asks_not(_):
    stage = Stage(SHORT, "HABC")
    owner, a, b, c = stage.threads
    owner.gets(0, "acquire")
    stage.page.is_not_asked("nobody waits")
    # Not before the new owner's turn has begun; then it may be.
    a.waits("acquire")
    b.waits("turn")
    owner.gets(0, "release_then_look", 20 * SHORT)
    a.returns(0)
    stage.is_asked("its turn has begun, and B waits")
    # The request was for A.
    expect("setting the interval", 0, stage.interval(LONG))
    c.waits("turn")
    a.gets(0, "release")
    b.returns(0)
    c.returns(0)
    owner.gets(0, "acquire")
    a.waits("turn")
    stage.page.is_not_asked("A has not waited for the interval of 10 s")
    owner.gets(0, "release")
    a.returns(0)
    leaves(owner, a, stage)


def leaves(owner, waiter, stage):
    """Nobody waits any longer when the interval ends."""
    for interval in (10**9 // 4, 10**9, 4 * 10**9):
        expect("setting the interval", 0, stage.interval(interval))
        owner.gets(0, "acquire")
        waiter.waits()
        waiter.signal()
        waiter.returns(errno.EINTR)
        in_time = not stage.page.asked()
        if in_time:
            time.sleep(1.2 * interval / 10**9)
            expect("the owner is asked, although the only one that waited has "
                   "left", False, stage.page.asked())
        owner.gets(0, "release")
        if in_time:
            break


def test_yields(_):
    stage = Stage(LONG, "HABC")
    owner, a, b, c = stage.threads
    owner.gets(errno.EPERM, "give_way")
    owner.gets(0, "acquire")
    owner.gets(0, "give_way")
    stage.counted(yields=0)
    stage.signs(a, b)
    owner.gets(0, "yield_and_sign", stage.memory, ord("H"))
    a.returns(0)
    b.returns(0)
    expect("the order of the turns, where H yields", "ABH", stage.order())
    stage.counted(yields=1, forced_switches=0)
    # One that yields waits like others, but only SIGKILL ends that.
    owner.gets(0, "acquire")
    a.waits("acquire")
    owner.begin("give_way")
    a.returns(0)
    b.waits("turn")
    owner.signal()
    owner.stays_asleep()
    a.gets(0, "release")
    owner.returns(0)
    owner.gets(0, "release")
    b.returns(0)
    a.gets(0, "acquire")
    b.waits("acquire")
    a.begin("give_way")
    b.returns(0)
    c.waits("turn")
    a.kill()
    b.gets(0, "release")
    c.returns(0)
    # After a request it is a forced switch.
    expect("setting the interval", 0, stage.interval(SHORT))
    b.gets(0, "acquire")
    c.waits("acquire")
    stage.is_asked("C has waited for the interval")
    expect("setting the interval", 0, stage.interval(LONG))
    b.begin("give_way")
    c.returns(0)
    c.gets(0, "release")
    b.returns(0)
    stage.counted(yields=4, forced_switches=1)
    b.gets(0, "release")


def test_ignored(_):
    stage = Stage(SHORT, "ABC")
    a, b, c = stage.threads
    a.gets(0, "acquire")
    b.waits("turn")
    stage.is_asked("B has waited for the interval")
    c.waits("turn")
    time.sleep(50 * SHORT / 10**9)
    expect("the owner is still asked", True, stage.page.asked())
    stage.counted(drop_requests=1)
    b.stays_asleep()
    a.gets(errno.EDEADLK, "acquire")
    a.gets(0, "release")
    b.returns(0)
    c.returns(0)
    stage.counted(yields=0)


def test_ends(_):
    """Locks end while their timers would still have to fire."""
    second = 10**9
    stage = Stage(second, "AB")
    a, b = stage.threads
    a.gets(0, "acquire")
    b.waits("turn")
    a.gets(0, "release")
    b.returns(0)
    ended(stage)
    stage = Stage(second, "AB")
    a, b = stage.threads
    a.gets(0, "acquire")
    b.waits()
    a.kill()
    b.returns(errno.EOWNERDEAD)
    ended(stage)
    # Other locks get the memory, and the timers would be due.
    for _ in range(20):
        Stage(LONG, "")
    time.sleep(1.5)


def ended(stage):
    for actor in stage.threads:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(actor.pid, signal.SIGKILL)
            os.waitpid(actor.pid, 0)
    stage.page.memory.close()
    os.close(stage.fd)
    actors.event("the lock has no descriptor any longer")


EVENT = re.compile(r" gil_(\w+): lock=\d+ id=\d+ tid=(\d+)(.*)")


@contextlib.contextmanager
def tracing():
    """What is seen meanwhile, as a list that is filled at the end."""
    (TRACING / "trace").write_text("")
    (TRACING / "events/gil/enable").write_text("1")
    seen = []
    yield seen
    (TRACING / "events/gil/enable").write_text("0")
    seen += EVENT.findall((TRACING / "trace").read_text())


def test_traced(_):
    stage = Stage(SHORT, "AB")
    a, b = stage.threads
    with tracing() as seen:
        a.gets(0, "acquire")
        b.waits("acquire")
        stage.is_asked("B has waited for the interval")
        expect("setting the interval", 0, stage.interval(LONG))
        a.begin("give_way")
        b.returns(0)
        b.gets(0, "release", IO)
        a.returns(0)
        a.kill()
        b.gets(errno.EOWNERDEAD, "acquire")
        b.gets(0, "release")
    names = {str(actor.pid): actor.name for actor in stage.threads}
    told = []
    for what, tid, rest in seen:
        reason = re.search(r"reason=(\w+)", rest)
        text = " ".join(filter(None, (names.get(tid, tid), what,
                                      reason and reason[1])))
        # How often an owner is asked is another test's matter.
        if not told or told[-1] != text:
            told.append(text)
    wanted = ["A request", "A acquire", "B request", "A drop_request",
              "A release interval", "B grant", "A request", "B acquire",
              "B release io", "A grant", "A acquire", "A owner_died",
              "A release exit", "B request", "B acquire", "B release explicit"]
    expect("the events", ", ".join(wanted), ", ".join(told))


def test_gilbench(_):
    actors.load()
    for workload, count in (("countdown", 10**6), ("counter", 2000), ("io", 8)):
        done = subprocess.run(
            ["/gil/bin/gilbench", workload, "--json", "--repeat", "1",
             "--count", str(count), "--timeout", "0"], capture_output=True,
            text=True, check=False, cwd="/tmp",
            env={"LD_LIBRARY_PATH": "/gil/bin", "TMPDIR": "/tmp"})
        actors.event(f"gilbench {workload} ends with {done.returncode} "
                     f"{done.stderr.strip()}")
        try:
            told = json.loads(done.stdout)["results"][0]
        except (ValueError, LookupError):
            raise actors.Unexpected(
                f"gilbench {workload} runs to its end",
                done.stderr.strip() or f"status {done.returncode}") from None
        kept = {each["name"]: each["median"] for each in told["figures"]}
        if workload == "counter":
            expect("the part of the updates that a mutex and your lock keep",
                   1.0, kept["mutex"])
