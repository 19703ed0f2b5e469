#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Do a known number of everything that the tracing tools count.

usage: known.py

Prints a JSON document of what was done, with the kernel's own figures of the
locks it was done on. Needs root, /dev/gil, debugfs and libgil.so in the
library path. Every process here is one thread; they share private locks.
"""

import contextlib
import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import sys
import time

import ktap
from gil_lock import Lock

C = ctypes.CDLL(None)
PR_SET_NAME, PR_SET_PDEATHSIG = 15, 1
BIND_IO, BIND_SLICE = 1, 2

IO_ALONE = 5
IO_BEHIND = 4
BOUND_SLEEPS = 6
PREEMPTIONS = 4


def rename(name):
    C.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


@contextlib.contextmanager
def child(name, work):
    """A process that does work() meanwhile, and must end well by itself."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            C.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            rename(name)
            work()
            status = 0
        finally:
            os._exit(status)
    yield pid
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError(f"{name} failed")


def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def once(lock, seconds=0):
    with lock.held():
        spin(seconds)


def hold(lock):
    """40 ms off the CPU, 40 ms on it."""
    with lock.held():
        time.sleep(0.04)
        spin(0.04)


def block(lock):
    """One waits for another's whole hold."""
    lock.call("acquire")
    with child("waiter", lambda: once(lock)):
        lock.wait_until_queued()
        time.sleep(0.02)
        lock.call("release")


def turns(lock):
    """Three turns of one thread, one of another."""
    for _ in range(3):
        once(lock, 0.005)
    with child("second", lambda: once(lock, 0.005)):
        pass


def io_alone(lock):
    for _ in range(IO_ALONE):
        lock.call("acquire")
        lock.call("io_begin")
        time.sleep(0.003)
        lock.call("io_end")
        lock.call("release")


def io_behind(lock):
    """Each I/O ends while another holds the lock."""
    away, away_w = os.pipe()
    taken, taken_w = os.pipe()

    def work():
        lock.call("acquire")
        for _ in range(IO_BEHIND):
            lock.call("io_begin")
            os.write(away_w, b"x")
            os.read(taken, 1)
            lock.call("io_end")
        lock.call("release")
        os.write(away_w, b"x")

    with child("io", work):
        os.read(away, 1)
        for _ in range(IO_BEHIND):
            lock.call("acquire")
            os.write(taken_w, b"x")
            lock.wait_until_queued()
            time.sleep(0.005)
            lock.call("release")
            os.read(away, 1)


def switches():
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


def be_preempted(lock):
    """What getrusage() says of preemptions beside a waiter: at least, most."""
    def hog():
        signal.alarm(60)
        while True:
            pass

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    before = switches()
    lock.call("acquire")
    with child("waiter", lambda: once(lock)):
        lock.wait_until_queued()
        rival = os.fork()
        if not rival:
            rename("rival")
            hog()
        first = switches()
        while switches() < first + PREEMPTIONS:
            pass
        last = switches()
        lock.call("release")
        after = switches()
        os.kill(rival, signal.SIGKILL)
        os.waitpid(rival, 0)
    return last - first, after - before


def be_bound(lock):
    """How often the kernel gave the lock up; None: this kernel cannot."""
    before = lock.figures()["io"]
    if lock.call("bind", BIND_IO | BIND_SLICE,
                 allowed=(errno.EOPNOTSUPP,)):
        return None
    for _ in range(BOUND_SLEEPS):
        time.sleep(0.001)
    lock.call("unbind")
    return lock.figures()["io"] - before


def be_real_time(priority):
    """With a priority: nobody else runs on this CPU."""
    os.sched_setscheduler(0, os.SCHED_FIFO if priority else os.SCHED_OTHER,
                          os.sched_param(priority))


def lose_cpu(lock):
    """A bound thread comes back from I/O and has no CPU for its grant, and later
    none while it owns the lock and another waits. What the kernel says of the
    lock, or None: this kernel cannot bind.
    """
    def weak():
        lock.call("bind", BIND_IO | BIND_SLICE)
        os.read(go, 1)
        while not over[0]:
            pass
        lock.call("unbind")

    if be_bound(lock) is None:
        return None
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    go, go_w = os.pipe()
    over = mmap.mmap(-1, 1)
    with child("weak", weak):
        ktap.until(lambda: lock.figures()["bound"] and
                   not lock.figures()["owner"], "weak is blocked")
        with lock.held():
            os.write(go_w, b"x")
            lock.wait_until_queued()
            be_real_time(1)
        spin(0.05)
        be_real_time(0)
        ktap.until(lambda: lock.figures()["owner"], "weak owns the lock")
        lock.call("set_interval", ctypes.c_uint64(10 ** 10))
        with child("waiter", lambda: once(lock)):
            lock.wait_until_queued()
            be_real_time(1)
            lock.call("set_interval", ctypes.c_uint64(5 * 10 ** 6))
            spin(0.05)
            be_real_time(0)
        over[0] = 1
    return lock.figures()


def die(lock):
    with child("mortal", lambda: lock.call("acquire")):
        pass
    if lock.call("acquire", allowed=(errno.EOWNERDEAD,)) != errno.EOWNERDEAD:
        raise RuntimeError("the lock does not tell of its owner's death")
    lock.call("release")


def main():
    ktap.arguments(__doc__, 0)
    rename("known")
    lock, busy, weak = Lock(), Lock(), Lock()
    hold(lock)
    block(lock)
    turns(lock)
    io_alone(lock)
    io_behind(lock)
    blocked = be_bound(lock)
    lock.call("set_policy", b"fair")
    die(lock)
    least, most = be_preempted(busy)
    lost = lose_cpu(weak)
    json.dump({
        "tid": os.getpid(), "lock": lock.number, "kernel": lock.figures(),
        "io_alone": IO_ALONE, "io_behind": IO_BEHIND,
        "bound_sleeps": BOUND_SLEEPS, "bound_io": blocked,
        "lost_cpu": lost and {"lock": weak.number, "io": lost["io"]},
        "preempted": {"lock": busy.number, "least": least, "most": most},
    }, sys.stdout)
    print()


if __name__ == "__main__":
    main()
