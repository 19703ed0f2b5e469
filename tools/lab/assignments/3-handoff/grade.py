# SPDX-License-Identifier: GPL-2.0
"""What the tests of assignment 3 do. The handout promises nothing else."""

import errno
import os
import time

import actors
from actors import Actor, expect, marks, start

FAR = 3600 * 10**9  # one hour, in ns


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def test_mutex(_):
    a, b = start("A", "B")
    a.gets(errno.ENOTTY, "bare", 0x47ff)
    a.gets(errno.EFAULT, "bare", actors.ACQUIRE, 8)
    a.gets(errno.EINVAL, "acquire", 0x80000000)
    a.gets(errno.EINVAL, "acquire", 0, 1)
    a.gets(0, "acquire")
    a.gets(errno.EDEADLK, "acquire")
    b.gets(errno.EBUSY, "acquire", actors.TRY)
    b.gets(errno.EPERM, "release")
    b.begin("acquire")
    b.asleep()
    a.gets(errno.EINVAL, "release", 0x80000000)
    b.stays_asleep()
    a.gets(0, "release")
    b.returns(0)
    b.gets(0, "release")
    b.gets(errno.EPERM, "release")


def test_order(_):
    memory = actors.memory()
    owner, *waiters = start(*"HABCD")
    for _ in range(3):
        actors.MEMORY[0][0] = 0
        owner.gets(0, "acquire")
        for actor in waiters:
            actor.waits("sign_turn", memory, ord(actor.name))
        owner.gets(0, "release")
        for actor in waiters:
            actor.returns(0)
        expect("the order of the turns", "ABCD", marks(memory))


def test_no_barging(_):
    owner, waiter, other = start("A", "B", "C")
    for _ in range(3):
        owner.gets(0, "acquire")
        waiter.waits("acquire")
        owner.gets(errno.EBUSY, "release_then_try")
        waiter.returns(0)
        other.gets(errno.EBUSY, "acquire", actors.TRY)
        waiter.gets(0, "release")


def test_bounded(_):
    memory = actors.memory()
    owner, waiter = start("A", "B")
    owner.gets(0, "acquire")
    waiter.waits("sign_turn", memory, ord("B"))
    owner.gets(0, "release_and_return", memory, ord("A"), 5)
    waiter.returns(0)
    expect("the order of the turns", "BAAAAA", marks(memory))


def test_signals(_):
    a, b, c = start("A", "B", "C")
    a.gets(0, "acquire")
    b.waits()
    c.waits()
    b.signal()
    b.returns(errno.EINTR)
    b.gets(errno.EPERM, "release")
    c.stays_asleep()
    # The grant was first, so the signal comes too late.
    a.gets(0, "release_then_signal", c.pid)
    c.returns(0)
    b.gets(errno.EBUSY, "acquire", actors.TRY)
    c.gets(0, "release")
    b.gets(0, "acquire", actors.TRY)
    b.gets(0, "release")


def test_deadlines(_):
    a, b, c = start("A", "B", "C")
    a.gets(errno.EINVAL, "acquire", 0, 0, 1)
    a.gets(errno.EINVAL, "acquire", actors.TRY | actors.DEADLINE, 0, 1)
    # A free lock is taken, whatever the deadline is.
    a.gets(0, "acquire", actors.DEADLINE, 0, 1)
    b.gets(errno.ETIMEDOUT, "acquire", actors.DEADLINE, 0, 1)
    b.gets(errno.ETIMEDOUT, "acquire", actors.DEADLINE, 0, now() + 10**7)
    b.gets(errno.EPERM, "release")
    b.waits("acquire", actors.DEADLINE, 0, now() + FAR)
    c.waits("turn")
    b.stays_asleep()
    a.gets(0, "release")
    b.returns(0)
    b.gets(0, "release")
    c.returns(0)
    a.gets(0, "acquire", actors.TRY)
    a.gets(0, "release")


def test_death(_):
    a, b, c, d = start("A", "B", "C", "D")
    # In the queue.
    a.gets(0, "acquire")
    b.waits()
    c.waits()
    b.kill()
    a.gets(0, "release")
    c.returns(0)
    # As the owner, with a waiter and without.
    d.waits()
    c.kill()
    d.returns(errno.EOWNERDEAD)
    d.kill()
    a.gets(errno.EOWNERDEAD, "acquire", actors.TRY)
    # As the new owner that has not run yet.
    e, f = Actor("E"), Actor("F")
    e.waits()
    f.waits()
    a.gets(0, "release_then_signal", e.pid, actors.signal.SIGKILL)
    actors.until(lambda: os.waitpid(e.pid, os.WNOHANG)[0], "E dies",
                 lambda: f"E {e.state()}")
    seen = f.end()
    if seen not in (0, errno.EOWNERDEAD):
        expect("F in acquire()", "0 (success) or EOWNERDEAD",
               actors.name_of(seen))
    f.gets(0, "release")
    a.gets(0, "acquire")
    a.gets(0, "release")
