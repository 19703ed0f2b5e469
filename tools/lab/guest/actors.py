# SPDX-License-Identifier: GPL-2.0
"""In the guest: processes that use the lock as a test tells them.

A test reads as a script: an actor does one thing at a time, and one that waits
in the kernel does not make the test wait. Nothing is judged by the clock. A test
asks the kernel whether an actor sleeps, and waits until it does.
"""

import ctypes
import errno
import glob
import mmap
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import time

KIND = "module"
DEVICE = "/dev/gil"

# Seconds within which anything that must happen has happened, in a guest that is
# as fast as the reference. run.py makes it longer in a slower one.
PATIENCE = 10

# What has happened in this test, for a student whose test fails.
EVENTS = []

# A number for a leaderboard, and what to compare it with.
NUMBER = ""

IOCTL = 16  # the number of the system call on x86_64

ACQUIRE, RELEASE = 0xc0204782, 0x40084783
YIELD, CANCEL = 0x4784, 0x4785
CREATE, LOCK_STATS, THREAD_STATS = 0x40204780, 0x40104786, 0x40104787
GET_INTERVAL, SET_INTERVAL = 0x80084788, 0x40084789
SET_POLICY = 0x4010478b
TRY, ENQUEUE, DEADLINE = 1, 2, 4
IO = 1

COUNTS = ("fast_acquires", "slow_acquires", "contended", "handoffs", "releases",
          "io_releases", "yields", "drop_requests", "forced_switches")

# A process that is in its ioctl waits there by computing, if it has taken so many
# ticks of CPU time, and was seen so often. CPU time alone would not tell, because
# a host that stops the guest for a while makes it grow as well.
COMPUTES, SEEN = 6, 25

libc = ctypes.CDLL(None, use_errno=True)

# In an actor: memory that tells the test whether the actor is in an ioctl.
INSIDE = bytearray(1)


class Unexpected(Exception):
    def __init__(self, expected, seen):
        super().__init__(f"expected {expected}, seen {seen}")
        self.expected, self.seen = expected, seen


def name_of(error):
    if error is None:
        return "no answer"
    return errno.errorcode.get(error, str(error)) if error else "0 (success)"


def event(text):
    EVENTS.append(text)


def expect(what, expected, seen):
    if expected != seen:
        raise Unexpected(f"{what}: {expected}", seen)


def until(condition, expected, seen, patience=None):
    """Wait until it holds. seen() is what there is instead."""
    end = time.monotonic() + (patience or PATIENCE)
    while not (value := condition()):
        if time.monotonic() > end:
            raise Unexpected(expected, seen())
        time.sleep(0.002)
    return value


### The ioctls: 0 or an errno.

def ioctl(fd, request, argument=0):
    if isinstance(argument, bytes):
        argument = ctypes.create_string_buffer(argument, len(argument))
    elif isinstance(argument, int):
        argument = ctypes.c_void_p(argument)
    INSIDE[0] = 1
    done = libc.ioctl(fd, ctypes.c_ulong(request), argument)
    INSIDE[0] = 0
    return ctypes.get_errno() if done < 0 else done


def deed(function):
    """For a grader: what its actors can do besides."""
    globals()[function.__name__] = function
    return function


def acquire(fd, flags=0, pad=0, deadline=0):
    return ioctl(fd, ACQUIRE, struct.pack("IIQQQ", flags, pad, deadline, 0, 0))


def release(fd, flags=0, pad=0):
    return ioctl(fd, RELEASE, struct.pack("II", flags, pad))


def turn(fd, flags=0):
    return acquire(fd) or release(fd, flags)


def cancel(fd):
    return ioctl(fd, CANCEL)


def give_way(fd):
    return ioctl(fd, YIELD)


def bare(fd, request, argument=0):
    return ioctl(fd, request, argument)


def count(fd, memory, rounds):
    """Add to a counter under the lock, with a chance for others in between."""
    for _ in range(rounds):
        if error := acquire(fd):
            return error
        value = int.from_bytes(memory[:8], "little")
        os.sched_yield()
        memory[:8] = (value + 1).to_bytes(8, "little")
        if error := release(fd):
            return error
    return 0


def turns(fd, rounds, flags=0):
    for _ in range(rounds):
        if error := turn(fd, flags):
            return error
    return 0


def sign_turn(fd, memory, mark, flags=0):
    """A turn that leaves its mark behind the marks of the turns before."""
    if error := acquire(fd):
        return error
    memory[0] += 1
    memory[memory[0]] = mark
    return release(fd, flags)


def release_then_try(fd):
    """What the last owner gets that wants the lock back at once."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    error = release(fd) or acquire(fd, TRY)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return error


def release_and_return(fd, memory, mark, rounds):
    """Release, and take turns at once, again and again."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    error = release(fd)
    for _ in range(rounds):
        error = error or sign_turn(fd, memory, mark)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return error


def release_then_signal(fd, pid, number=signal.SIGUSR1):
    """Nobody else runs between the two, because the guest has one CPU."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    error = release(fd)
    os.kill(pid, number)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return error


### What a test does itself with a lock of gil.ko.

def create(policy, interval=10**10):
    """A private lock, with the longest interval. A descriptor."""
    with open(DEVICE, "rb+", buffering=0) as device:
        wanted = struct.pack("IIQ16s", 0, 0, interval, policy.encode())
        fd = libc.ioctl(device.fileno(), ctypes.c_ulong(CREATE), wanted)
        if fd < 0:
            raise Unexpected(f"a lock with the policy '{policy}'",
                             name_of(ctypes.get_errno()))
    return fd


def set_policy(fd, policy):
    expect(f"setting the policy '{policy}'", "0 (success)", name_of(
        ioctl(fd, SET_POLICY, struct.pack("16s", policy.encode()))))


def counts(fd, request=LOCK_STATS, at=48):
    """What a lock has counted, by the names in struct gil_counts. With
    THREAD_STATS and 32, what the calling thread has.
    """
    room = ctypes.create_string_buffer(4096)
    told = struct.pack("IIQ", len(room), 0, ctypes.addressof(room))
    expect("reading the counts", "0 (success)", name_of(ioctl(fd, request, told)))
    return dict(zip(COUNTS, struct.unpack_from(f"{len(COUNTS)}Q", room, at)))


class Page:
    """What the lock's page shows."""

    def __init__(self, fd):
        self.memory = mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ)

    def asked(self):
        return int.from_bytes(self.memory[4:8], "little") != 0

    def is_asked(self, why):
        # Long enough, because the kernel's timer is due before this one, and
        # shorter than the interval, after which each owner is asked.
        until(self.asked, f"the owner is asked at once, because {why}",
              lambda: "the owner is not asked", min(8, PATIENCE / 5))

    def is_not_asked(self, why):
        time.sleep(0.05)
        expect(f"is the owner asked, although {why}", False, self.asked())


def shared():
    return mmap.mmap(-1, 4096)


### The actors

class Actor:
    """A process; its file is one that it opens, or the descriptor given."""

    # The test's ends of all pipes, which no actor may keep open.
    ends = []

    def __init__(self, name, fd=None):
        self.name, self.doing = name, None
        self.inside = shared()
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            for each in (*Actor.ends, self.commands, self.answers):
                os.close(each)
            self._live(commands, answers, fd)
        os.close(commands)
        os.close(answers)
        Actor.ends += [self.commands, self.answers]
        expect(f"{name} opens {DEVICE}", "0 (success)", name_of(self._answer()))

    def _live(self, commands, answers, fd):
        global INSIDE
        INSIDE = self.inside
        signal.signal(signal.SIGUSR1, lambda *_: None)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.set_inheritable(commands, False)
        error = 0
        if fd is None:
            try:
                fd = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
            except OSError as failed:
                error = failed.errno
        while True:
            os.write(answers, struct.pack("i", error))
            told = os.read(commands, 4096)
            if not told:
                os._exit(0)
            what, arguments = pickle.loads(told)
            arguments = [MEMORY[each[1]] if isinstance(each, tuple) else each
                         for each in arguments]
            error = globals()[what](fd, *arguments)

    def _answer(self):
        if not select.select([self.answers], [], [], PATIENCE)[0]:
            return None
        told = os.read(self.answers, 4)
        return struct.unpack("i", told)[0] if told else None

    def begin(self, what, *arguments):
        # Memory that actors share, and marks in it, mean nothing to a student.
        shown = [] if isinstance((*arguments, 0)[0], tuple) else arguments
        self.doing = f"{what}({', '.join(map(str, shown))})"
        event(f"{self.name} begins {self.doing}")
        os.write(self.commands, pickle.dumps((what, arguments)))

    def end(self):
        error = self._answer()
        if error is None:
            raise Unexpected(f"{self.name} ends {self.doing}",
                             f"{self.name} {self.state()}")
        event(f"{self.name} ends {self.doing}: {name_of(error)}")
        self.doing = None
        return error

    def ended(self):
        return bool(select.select([self.answers], [], [], 0)[0])

    def do(self, what, *arguments):
        self.begin(what, *arguments)
        return self.end()

    def gets(self, expected, what, *arguments):
        """Do it, and compare what it returns."""
        seen = self.do(what, *arguments)
        expect(f"{self.name} in {what}{arguments or ''}", name_of(expected),
               name_of(seen))

    def returns(self, expected):
        doing = self.doing
        expect(f"{self.name} in {doing}", name_of(expected),
               name_of(self.end()))

    def state(self):
        try:
            with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
                letter = file.read().rpartition(") ")[2][0]
            with open(f"/proc/{self.pid}/syscall", encoding="ascii") as file:
                call = file.read().split()[0]
        except OSError:
            return "is gone"
        where = {"running": "", str(IOCTL): " in the ioctl",
                 "0": " outside the module"}.get(call, f" in call {call}")
        return {"R": "runs", "S": "sleeps", "D": "sleeps, and no signal can "
                "wake it,", "Z": "is dead"}.get(letter, letter) + where

    def sleeps(self):
        state = self.state()
        return state.startswith("sleeps") and state.endswith(" in the ioctl")

    def asleep(self):
        """Wait until it sleeps in its ioctl."""
        until(self.sleeps,
              f"{self.name} sleeps in the ioctl until the lock is its own",
              lambda: f"{self.name} {self.state()}")
        event(f"{self.name} sleeps")

    def computed(self):
        """The CPU time that it has taken, in ticks."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            return sum(map(int, file.read().rpartition(") ")[2].split()[11:13]))

    def waits(self, what="acquire", *arguments):
        """Begin what cannot end yet. It may sleep or compute until it can."""
        self.begin(what, *arguments)
        until(lambda: self.inside[0] or self.ended(),
              f"{self.name} begins its ioctl",
              lambda: f"{self.name} {self.state()}")
        before, seen = self.computed(), iter(range(SEEN))
        until(lambda: self.sleeps() or self.ended()
              or next(seen, None) is None
              and self.computed() > before + COMPUTES,
              f"{self.name} waits in the ioctl",
              lambda: f"{self.name} {self.state()}")
        if self.ended():
            raise Unexpected(f"{self.name} waits for the lock",
                             f"{self.doing} returned {name_of(self.end())}")

    def stays_asleep(self):
        """It has no reason to return."""
        for _ in range(20):
            os.sched_yield()
            time.sleep(0.001)
        if self.ended():
            raise Unexpected(f"{self.name} still waits",
                             f"{self.doing} returned {name_of(self.end())}")

    def signal(self):
        event(f"{self.name} gets a signal")
        os.kill(self.pid, signal.SIGUSR1)

    def kill(self):
        event(f"{self.name} is killed")
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: os.waitpid(self.pid, os.WNOHANG)[0],
              f"{self.name} dies of SIGKILL", lambda: f"it {self.state()}")

    def quits(self):
        Actor.ends.remove(self.commands)
        os.close(self.commands)
        until(lambda: os.waitpid(self.pid, os.WNOHANG)[0],
              f"{self.name} exits", lambda: f"it {self.state()}")


def start(*names):
    """Load the module; an actor of each name, with a file of its own."""
    load()
    return [Actor(name) for name in names]


# Memory that actors share; an argument ("memory", N) stands for the N-th.
MEMORY = []


def memory():
    MEMORY.append(shared())
    return ("memory", len(MEMORY) - 1)


def marks(memory):
    """What sign_turn() has left in the memory: the order of the turns."""
    text = MEMORY[memory[1]]
    return text[1:1 + text[0]].decode()


### The student's module

def modules():
    return sorted(glob.glob("/gil/student/*.ko"))


def insmod(path, *options):
    done = subprocess.run(["insmod", path, *options], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise Unexpected(f"{os.path.basename(path)} loads", done.stderr.strip())


def rmmod(path):
    """'' or why not."""
    name = os.path.basename(path).removesuffix(".ko").replace("-", "_")
    done = subprocess.run(["rmmod", name], capture_output=True, text=True,
                          check=False)
    return done.stderr.strip() if done.returncode else ""


def load(*options):
    if KIND == "policy":
        insmod("/gil/gil.ko")
    for path in modules():
        insmod(path, *options)
    until(lambda: os.path.exists(DEVICE), f"{DEVICE} appears",
          lambda: "the module is loaded, and there is no such device")
    event("the module is loaded")


def clean(kind):
    """Unload what the test loaded. False if that does not work, and the next
    test needs another guest.
    """
    with open("/proc/modules", encoding="ascii") as file:
        loaded = {line.split()[0] for line in file}
    for path in modules() + (["/gil/gil.ko"] if kind == "policy" else []):
        name = os.path.basename(path).removesuffix(".ko")
        if name not in loaded:
            continue
        end = time.monotonic() + PATIENCE
        while why := rmmod(path):
            if time.monotonic() > end or "in use" not in why:
                return False
            time.sleep(0.02)
    return True
