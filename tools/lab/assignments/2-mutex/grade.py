# SPDX-License-Identifier: GPL-2.0
"""What the tests of assignment 2 do. The handout promises nothing else."""

import errno
import os

import actors
from actors import Actor, Unexpected, expect, start

COUNTERS, ROUNDS = 4, 200


def test_loads(_):
    for _ in range(2):
        actors.load()
        os.close(os.open(actors.DEVICE, os.O_RDWR))
        for path in actors.modules():
            expect("the module unloads", "", actors.rmmod(path))
    expect("after that, is there a " + actors.DEVICE, False,
           os.path.exists(actors.DEVICE))


def test_owner(_):
    a, b = start("A", "B")
    b.gets(errno.EPERM, "release")
    a.gets(0, "acquire")
    a.gets(errno.EDEADLK, "acquire")
    b.gets(errno.EBUSY, "acquire", actors.TRY)
    b.gets(errno.EPERM, "release")
    b.gets(errno.EBUSY, "acquire", actors.TRY)
    a.gets(0, "release")
    a.gets(errno.EPERM, "release")
    b.gets(0, "acquire", actors.TRY)
    a.gets(errno.EBUSY, "acquire", actors.TRY)
    b.gets(0, "release")


def test_refuses(_):
    a, b = start("A", "B")
    a.gets(errno.ENOTTY, "bare", 0x47ff)
    a.gets(errno.EINVAL, "acquire", 0x80000000)
    a.gets(errno.EINVAL, "acquire", 0, 1)
    a.gets(errno.EINVAL, "acquire", 0, 0, 1)
    a.gets(errno.EFAULT, "bare", actors.ACQUIRE, 8)
    b.gets(0, "acquire", actors.TRY)
    b.gets(errno.EINVAL, "release", 0x80000000)
    b.gets(errno.EINVAL, "release", 0, 1)
    b.gets(errno.EFAULT, "bare", actors.RELEASE, 8)
    a.gets(errno.EBUSY, "acquire", actors.TRY)
    b.gets(0, "release")


def test_sleeps(_):
    a, b = start("A", "B")
    a.gets(0, "acquire")
    b.begin("acquire")
    b.asleep()
    b.stays_asleep()
    a.gets(0, "release")
    b.returns(0)
    a.gets(errno.EBUSY, "acquire", actors.TRY)
    b.gets(0, "release")


def test_excludes(_):
    memory = actors.memory()
    several = start(*"ABCD"[:COUNTERS])
    for actor in several:
        actor.begin("count", memory, ROUNDS)
    for actor in several:
        actor.returns(0)
    expect("the counter", COUNTERS * ROUNDS,
           int.from_bytes(actors.MEMORY[0][:8], "little"))


def test_wakes(_):
    owner, *waiters = start("A", "B", "C", "D")
    for _ in range(5):
        owner.gets(0, "acquire")
        for actor in waiters:
            actor.waits("turn")
        owner.gets(0, "release")
        for actor in waiters:
            actor.returns(0)
    # A waiter gets a signal after the release has woken it, but before it runs.
    for waiter in waiters:
        owner.gets(0, "acquire")
        for actor in waiters:
            actor.waits("turn")
        owner.gets(0, "release_then_signal", waiter.pid)
        if (seen := waiter.end()) not in (0, errno.EINTR):
            raise Unexpected("the lock or EINTR", actors.name_of(seen))
        for actor in waiters:
            if actor is not waiter:
                actor.returns(0)


def test_signals(_):
    a, b, c = start("A", "B", "C")
    a.gets(0, "acquire")
    b.waits()
    c.waits()
    b.signal()
    b.returns(errno.EINTR)
    b.gets(errno.EPERM, "release")
    c.stays_asleep()
    a.gets(0, "release")
    c.returns(0)
    c.gets(0, "release")
    b.gets(0, "acquire", actors.TRY)
    b.gets(0, "release")


def test_death(_):
    a, b, c, d = start("A", "B", "C", "D")
    a.gets(0, "acquire")
    b.waits()
    a.kill()
    b.returns(errno.EOWNERDEAD)
    c.gets(errno.EBUSY, "acquire", actors.TRY)
    b.gets(0, "release")
    # Nobody waits when the next owner dies.
    c.gets(0, "acquire")
    c.kill()
    d.gets(errno.EOWNERDEAD, "acquire", actors.TRY)
    d.gets(0, "release")
    # A waiter that dies leaves nothing behind.
    d.gets(0, "acquire")
    e = Actor("E")
    e.waits()
    e.kill()
    d.gets(0, "release")
    b.gets(0, "acquire")
    b.gets(0, "release")
    # A process that ends without an error dies, too.
    b.gets(0, "acquire")
    b.quits()
    d.gets(errno.EOWNERDEAD, "acquire", actors.TRY)
    d.gets(0, "release")
