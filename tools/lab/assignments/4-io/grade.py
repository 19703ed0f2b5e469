# SPDX-License-Identifier: GPL-2.0
"""What the tests of assignment 4 do. The handout promises nothing else."""

import errno
import os
import time

import actors
from actors import IO, TRY, Actor, deed, expect, until

# A thread's I/O is to read a byte from here.
GATE = os.pipe()


@deed
def io_turn(fd, memory=None, place=0):
    """A turn with I/O in the middle. Leaves a mark while it is in its I/O."""
    error = actors.acquire(fd) or actors.release(fd, IO)
    if error:
        return error
    if memory:
        memory[place] = 1
    os.read(GATE[0], 1)
    if memory:
        memory[place] = 0
    return actors.turn(fd)


@deed
def io_releases_of_its_own(fd):
    return actors.counts(fd, actors.THREAD_STATS, 32)["io_releases"]


def start(*names):
    """Threads that use one descriptor of a private lock."""
    actors.load()
    fd = actors.create("fifo")
    return fd, *(Actor(name, fd) for name in names)


def goes_into_io(actor, fd):
    """It gives the lock up and blocks."""
    before = actors.counts(fd)["io_releases"]
    actor.begin("io_turn")
    until(lambda: actors.counts(fd)["io_releases"] > before
          and actor.state() == "sleeps outside the module",
          f"{actor.name} is in its I/O, and its I/O release is counted",
          lambda: f"{actor.name} {actor.state()}")


def comes_back(number=1):
    os.write(GATE[1], bytes(number))


def counted(fd, **expected):
    seen = actors.counts(fd)
    for name, number in expected.items():
        expect(f"{name}, as counted", number, seen[name])


def marks(memory):
    text = actors.MEMORY[memory[1]]
    return text[1:1 + text[0]].decode()


def test_fair(_):
    actors.load()
    memory = actors.memory()
    owner, *waiters = [Actor(name) for name in "HABC"]
    owner.gets(0, "acquire")
    owner.gets(errno.EDEADLK, "acquire")
    waiters[0].gets(errno.EBUSY, "acquire", TRY)
    waiters[0].gets(errno.EPERM, "release")
    waiters[0].gets(errno.ETIMEDOUT, "acquire", actors.DEADLINE, 0, 1)
    waiters[0].begin("acquire")
    waiters[0].asleep()
    waiters[0].signal()
    waiters[0].returns(errno.EINTR)
    for actor in waiters:
        actor.waits("sign_turn", memory, ord(actor.name))
    owner.gets(errno.EBUSY, "release_then_try")
    for actor in waiters:
        actor.returns(0)
    expect("the order of the turns", "ABC", marks(memory))


def test_threads(_):
    _, a, b, c, d = start("A", "B", "C", "D")
    a.gets(0, "acquire")
    a.gets(errno.EDEADLK, "acquire")
    b.gets(errno.EBUSY, "acquire", TRY)
    b.gets(errno.EPERM, "release")
    b.waits()
    a.gets(0, "release")
    b.returns(0)
    a.gets(errno.EPERM, "release")
    # All have the descriptor open, so the file does not end.
    d.waits()
    d.kill()
    c.waits()
    b.kill()
    c.returns(errno.EOWNERDEAD)
    c.gets(0, "release")
    a.gets(0, "acquire")
    a.kill()
    c.gets(errno.EOWNERDEAD, "acquire")
    c.gets(0, "release")
    c.gets(0, "acquire")


def test_counts(_):
    fd, a, b, c = start("A", "B", "C")
    for _ in range(3):
        a.gets(0, "turn", IO)
    for _ in range(2):
        a.gets(0, "turn")
    b.gets(0, "turn", IO)
    counted(fd, releases=6, io_releases=4)
    a.gets(errno.EPERM, "release", IO)
    a.gets(0, "acquire")
    c.gets(errno.EPERM, "release", IO)
    c.gets(errno.EPERM, "release")
    counted(fd, releases=6, io_releases=4)
    a.gets(0, "release")
    expect("I/O releases of A", 3, a.do("io_releases_of_its_own"))
    expect("I/O releases of B", 1, b.do("io_releases_of_its_own"))


def test_overlap(_):
    memory = actors.memory()
    _, owner, other, *several = start("H", "X", "A", "B", "C", "D")
    inside = actors.MEMORY[memory[1]]
    owner.gets(0, "acquire")
    for place, actor in enumerate(several):
        actor.waits("io_turn", memory, place)
    owner.gets(0, "release")
    until(lambda: sum(inside[:4]) == 4, "4 threads are in their I/O at once",
          lambda: f"{sum(inside[:4])} threads are")
    other.gets(0, "turns", 20)
    expect("threads that are still in their I/O", 4, sum(inside[:4]))
    comes_back(4)
    for actor in several:
        actor.returns(0)


def test_returns(_):
    memory = actors.memory()
    _, owner, a, b, c, d = start("H", "A", "B", "C", "D")
    for actor in (a, b, c):
        actor.gets(0, "turn", IO)
    owner.gets(0, "acquire")
    for actor in (c, d, a, b):
        actor.waits("sign_turn", memory, ord(actor.name))
    owner.gets(0, "release")
    for actor in (c, d, a, b):
        actor.returns(0)
    expect("the order, where D does no I/O", "CDAB", marks(memory))


def test_twice(_):
    fd, a, b, c = start("A", "B", "C")
    a.gets(0, "acquire")
    a.gets(errno.EDEADLK, "acquire")
    a.gets(0, "release", IO)
    a.gets(errno.EPERM, "release", IO)
    b.gets(0, "acquire")
    a.gets(errno.EPERM, "release", IO)
    a.gets(errno.EPERM, "release")
    c.gets(errno.EBUSY, "acquire", TRY)
    b.gets(0, "release", IO)
    counted(fd, releases=2, io_releases=2)
    c.gets(0, "acquire", TRY)
    c.gets(0, "release")


def test_in_io(_):
    fd, owner, a, b, c = start("H", "A", "B", "C")
    # A signal in the I/O.
    goes_into_io(a, fd)
    a.signal()
    b.gets(0, "turn")
    comes_back()
    a.returns(0)
    # On the way back.
    a.gets(0, "turn", IO)
    owner.gets(0, "acquire")
    a.waits()
    c.waits()
    a.signal()
    a.returns(errno.EINTR)
    owner.gets(0, "release")
    c.returns(0)
    a.gets(errno.EPERM, "release")
    a.waits()
    c.gets(0, "release")
    a.returns(0)
    a.gets(0, "release")
    # A death in the I/O, while the lock is free and while it is not.
    goes_into_io(a, fd)
    a.kill()
    b.gets(0, "acquire", TRY)
    b.gets(0, "release")
    goes_into_io(b, fd)
    owner.gets(0, "acquire")
    c.waits()
    b.kill()
    time.sleep(0.01)
    c.stays_asleep()
    owner.gets(0, "release")
    c.returns(0)
    c.gets(0, "release")
