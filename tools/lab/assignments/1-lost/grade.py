# SPDX-License-Identifier: GPL-2.0
"""What the tests of assignment 1 do. The handout promises nothing else.

The tests of the locks stop a thread after each of its instructions in turn, and
let another thread do something there. So they see what an unlucky moment does,
and see it on every machine.
"""

import os
import re
import select
import struct
import subprocess
import time
import tomllib

import actors
import user
from actors import Unexpected, event, expect, until
from stepping import Call, Stepped

FOLDER = "/gil/student/"
ROUNDS = 200  # updates in a log: of all threads of lost.c together

ACQUIRE, RELEASE, COUNT, VALUE, STEP_ACQUIRE, STEP_RELEASE = range(6)
WORDS = ("acquire", "release", "count", "value", "acquire", "release")

READ, SCHED_YIELD, FUTEX = 0, 24, 202
WAIT, WAKE, WAIT_BITSET, WAKE_BITSET = 0, 1, 9, 10

# A thread that computes, and was seen so often, waits. CPU time alone would not
# tell, because a host that stops the guest for a while makes it grow as well.
COMPUTES, SEEN = 2, 15  # ticks, times

# So many instructions of a call at the most are steps of a test.
STEPS = 80


### The log, and the answers to it

class Log:
    """lost.log, which must be one that lost.c can have made."""

    def __init__(self, start):
        try:
            with open(FOLDER + "lost.log", encoding="utf-8") as file:
                told = file.read().splitlines()
        except FileNotFoundError:
            raise Unexpected("a file lost.log, which ./record makes",
                             "there is none") from None
        except UnicodeDecodeError:
            raise Unexpected("lost.log is text", "it is not") from None
        expect("lost.log begins with", f"start {start}", "".join(told[:1]))
        self.lines = [self._line(number, text)
                      for number, text in enumerate(told[1:-1], 1)]
        counter, loaded = start, {}
        for number, (name, what, value) in enumerate(self.lines, 1):
            if what == "load":
                self._is(number, value == counter and name not in loaded)
                loaded[name] = value
            else:
                self._is(number, value == loaded.pop(name, value) + 1)
                counter = value
        expect("loads and stores in lost.log", 2 * ROUNDS, len(self.lines))
        expect("lost.log ends with", f"end {counter}", told[-1])
        self.lost = ROUNDS - (counter - start)

    @staticmethod
    def _is(number, good):
        if not good:
            raise Unexpected("lost.log is what lost.c has printed",
                             f"line {number} does not follow from those above")

    @staticmethod
    def _line(number, text):
        if not (found := re.fullmatch(rf"{number} ([A-D]) (load|store) (\d+)",
                                      text)):
            raise Unexpected(f"line {number} of lost.log is a load or a store",
                             text[:60])
        return found[1], found[2], int(found[3])


def answers(*names):
    try:
        with open(FOLDER + "answers.toml", "rb") as file:
            told = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unexpected("answers.toml keeps the form that it had",
                         str(error)) from None
    for name in names:
        if name not in told:
            raise Unexpected(f"an answer '{name}' in answers.toml",
                             "there is none")
        event(f"your answer: {name} = {told[name]}")
    return [told[name] for name in names]


def test_counts(start):
    log = Log(start)
    lost, lowest = answers("lost", "lowest_end")
    expect("is 'lost' how many updates your log has lost", True,
           lost == log.lost)
    expect("is 'lowest_end' the lowest number that is possible", True,
           lowest == start + 2)


def test_explains(start):
    log = Log(start)
    threads, loaded, numbers = answers("threads", "number", "lines")
    if not (isinstance(numbers, list) and len(numbers) == 4 and
            all(type(each) is int and 0 < each <= len(log.lines)
                for each in numbers)):
        raise Unexpected(f"four numbers of lines, 1 to {len(log.lines)}",
                         numbers)
    told = []
    for number in numbers:
        name, what, value = log.lines[number - 1]
        event(f"line {number}: {name} {what} {value}")
        told.append((name, what, value))
    expect("lines in the order of the log", sorted(set(numbers)), numbers)
    expect("what happens in them", ["load", "load", "store", "store"],
           [what for _, what, _ in told])
    expect("the threads that load are", threads, [told[0][0], told[1][0]])
    names = [name for name, *_ in told]
    expect("two threads load, and the same two store", 2,
           len({*names[:2]} & {*names[2:]}))
    expect("the numbers that they load and store",
           [told[0][2]] * 2 + [told[0][2] + 1] * 2, [each[2] for each in told])
    expect("the number that both load", told[0][2], loaded)
    for at, (name, *_) in zip(numbers[:2], told):
        store = next(line for line, each in enumerate(log.lines, 1)
                     if line > at and each[0] == name)
        expect(f"the store that belongs to the load in line {at} is there",
               True, store in numbers[2:])


### Threads that use the student's lock

class Thread:
    def __init__(self, name, to, answers_of):
        self.name, self.to, self.answers = name, to, answers_of
        self.tid = None
        self.stepped, self.reached = None, False

    def start(self):
        if not (told := self._answer()):
            raise Unexpected("the program's threads begin", "it has ended")
        self.tid = told[1]

    def _answer(self):
        if not select.select([self.answers], [], [], actors.PATIENCE)[0]:
            return None
        told = os.read(self.answers, 16)
        return struct.unpack("QQ", told) if len(told) == 16 else None

    def begin(self, what, times=0):
        event(f"{self.name} begins {WORDS[what]}")
        self.doing = WORDS[what]
        # A program that only pretends to obey does not know the token.
        self.token = int.from_bytes(os.urandom(8), "little")
        try:
            os.write(self.to, struct.pack("QII", self.token, what, times))
        except BrokenPipeError:
            raise Unexpected("the program runs on", "it has ended") from None

    def ended(self):
        return bool(select.select([self.answers], [], [], 0)[0])

    def end(self):
        told = self._answer()
        if not told:
            raise Unexpected(f"{self.name} ends {self.doing}",
                             f"{self.name} {self.state()}")
        expect("an answer of the thread itself", self.token, told[0])
        event(f"{self.name} ends {self.doing}")
        return told[1]

    def do(self, what, times=0):
        self.begin(what, times)
        return self.end()

    def where(self):
        """The state's letter, and the system call with its arguments."""
        try:
            with open(f"/proc/{self.tid}/stat", encoding="ascii") as file:
                letter = file.read().rpartition(") ")[2][0]
            with open(f"/proc/{self.tid}/syscall", encoding="ascii") as file:
                call = file.read().split()
        except OSError:
            return "X", []
        return letter, [int(each, 0) for each in call[:7]] \
            if call[0].isdecimal() else []

    def state(self):
        letter, call = self.where()
        text = {"R": "runs", "S": "sleeps", "X": "is gone"}.get(letter, letter)
        return text + {FUTEX: " in futex()", READ: " outside the lock"}.get(
            call[0], f" in call {call[0]}") if call else text

    def asleep(self):
        letter, call = self.where()
        return letter == "S" and bool(call) and call[0] == FUTEX

    def computed(self):
        with open(f"/proc/{self.tid}/stat", encoding="ascii") as file:
            return sum(map(int, file.read().rpartition(") ")[2].split()[11:13]))

    def settles(self, ended=None):
        """Wait until it has ended or waits, sleeping or computing."""
        ended = ended or self.ended
        until(lambda: ended() or self.where()[1][:1] != [READ],
              f"{self.name} begins", self.state)
        before, seen = self.computed(), iter(range(SEEN))
        until(lambda: ended() or self.where()[0] == "S"
              or next(seen, None) is None
              and self.computed() > before + COMPUTES,
              f"{self.name} waits", self.state)
        return ended()

    def waits(self, what):
        self.begin(what)
        if self.settles():
            self.end()
            raise Unexpected(f"{self.name} waits for the lock",
                             f"{self.name} has got it")

    def stepping(self, what):
        """At the first instruction of it."""
        self.stepped = Stepped(self.tid, self.name)
        self.begin(what)
        self.stepped.reach_trap()
        return self.stepped

    def runs_on(self):
        """Having been stopped, it goes on: whether it ends or waits."""
        self.stepped.go()
        return self.settles(self._at_the_end)

    def _at_the_end(self):
        # A stop is told once.
        self.reached = self.reached or self.stepped.has_ended()
        return self.reached

    def must_end(self, why):
        """Having run on, it ends at last."""
        until(self._at_the_end, why, lambda: f"{self.name} {self.state()}")
        self.stepped.let_go()
        self.reached = False
        self.end()


class Stage:
    """A process with threads that use one lock."""

    def __init__(self, lock, names):
        self.threads, theirs = [], []
        for name in names:
            command, to = os.pipe()
            answer, answers_of = os.pipe()
            theirs += [command, answers_of]
            self.threads.append(Thread(name, to, answer))
        self.program, self.lines = FOLDER + "stage-" + lock, None
        self.process = user.start([self.program, *map(str, theirs)],
                                  pass_fds=theirs)
        for each in theirs:
            os.close(each)
        for thread in self.threads:
            thread.start()

    def line_of(self, address):
        """Where in the sources that is."""
        if not self.lines:
            self.lines = user.start(["addr2line", "-s", "-e", self.program],
                                    stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)
        print(hex(address), file=self.lines.stdin, flush=True)
        return self.lines.stdout.readline().split()[0]

    def count(self, times):
        before = self.threads[0].do(VALUE)
        for thread in self.threads:
            thread.begin(COUNT, times)
        for thread in self.threads:
            thread.end()
        expect(f"updates by {len(self.threads)} threads under the lock",
               times * len(self.threads),
               self.threads[0].do(VALUE) - before)


def after_each_step(stage, thread, what):
    """Stop the thread after no instruction of the call, then after one, and so
    on, up to the end of the call or to where it begins to wait. For each place,
    the test does something, and then lets the thread run on.
    """
    for steps in range(STEPS):
        stepped = thread.stepping(what)
        at = stepped.at()
        for _ in range(steps):
            if at == "end" or isinstance(at, Call) and waits_by(at):
                break
            at = stepped.step()
        actors.EVENTS[:] = [f"{thread.name} is stopped in "
                            f"{stage.line_of(stepped.address())}, {steps} "
                            f"instructions after it began {WORDS[what]}"]
        yield
        if at == "end" or isinstance(at, Call) and waits_by(at):
            break


def waits_by(call):
    return call.number == SCHED_YIELD or \
        call.number == FUTEX and call.arguments[1] & 127 in (WAIT, WAIT_BITSET)


def excludes(lock):
    """Two acquire at the same time. One becomes the owner, at whatever moment."""
    stage = Stage(lock, "AB")
    a, b = stage.threads
    for _ in after_each_step(stage, b, STEP_ACQUIRE):
        a.begin(ACQUIRE)
        a.settles()
        b_owns = b.runs_on()
        a_owns = a.settles()
        expect("owners of the lock", 1, a_owns + b_owns)
        if a_owns:
            a.end()
            a.do(RELEASE)
            b.must_end("B gets the lock after A's release")
            b.do(RELEASE)
        else:
            b.must_end("B gets the lock")
            b.do(RELEASE)
            a.end()
            a.do(RELEASE)


def test_ticket_excludes(_):
    excludes("ticket")
    Stage("ticket", "ABCD").count(20)


def test_ticket_order(_):
    owner, *waiters = Stage("ticket", "ABCD").threads
    owner.do(ACQUIRE)
    for waiter in waiters:
        waiter.waits(ACQUIRE)
    # The first of them stands still, so anybody else would have all the time
    # that it takes to come in between.
    for first, others in ((waiters[0], [*waiters[1:], owner]),
                          (waiters[1], [waiters[2], owner]),
                          (waiters[2], [owner])):
        stands = Stepped(first.tid, first.name)
        stands.freeze()
        event(f"{first.name}, the next, stands still")
        (owner if first is waiters[0] else last).do(RELEASE)
        if first is waiters[0]:
            owner.begin(ACQUIRE)
        for other in others:
            if other.settles():
                raise Unexpected(f"{other.name} waits for {first.name}, which "
                                 "came before it", f"{other.name} has the lock")
        stands.let_go()
        first.end()
        last = first
    last.do(RELEASE)
    owner.end()
    owner.do(RELEASE)


def test_ticket_yields(_):
    a, b = Stage("ticket", "AB").threads
    a.do(ACQUIRE)
    stepped = b.stepping(STEP_ACQUIRE)
    for _ in range(4 * STEPS):
        at = stepped.at()
        if at == "end":
            raise Unexpected("B waits for the lock", "B has got it")
        if isinstance(at, Call):
            break
        stepped.step()
    expect("a waiter that finds the lock taken calls sched_yield()", True,
           isinstance(at, Call) and at.number == SCHED_YIELD)
    b.runs_on()
    a.do(RELEASE)
    b.must_end("B gets the lock after A's release")
    b.do(RELEASE)
    Stage("ticket", range(64)).count(3)


def test_futex_excludes(_):
    excludes("futex")


def switches(thread):
    with open(f"/proc/{thread.tid}/status", encoding="ascii") as file:
        return [int(line.split()[1]) for line in file
                if "ctxt_switches" in line]


def test_sleeps(_):
    a, b = Stage("futex", "AB").threads
    a.do(ACQUIRE)
    b.begin(ACQUIRE)
    until(b.asleep, "B sleeps in futex() until the lock is released",
          lambda: f"B {b.state()}")
    before = switches(b)
    time.sleep(0.1)
    _, call = b.where()
    expect("B still sleeps in futex()", True, b.asleep())
    expect("how often B has woken while the lock was taken", before[0],
           switches(b)[0])
    expect("the call of futex() waits", True,
           call[2] & 127 in (WAIT, WAIT_BITSET))
    expect("its time limit", "none", "none" if not call[4] else "one")
    a.do(RELEASE)
    b.end()
    b.do(RELEASE)
    # Many may sleep.
    names = [f"T{number}" for number in range(64)]
    owner, *waiters = Stage("futex", names).threads
    owner.do(ACQUIRE)
    for waiter in waiters:
        waiter.begin(ACQUIRE)
        until(waiter.asleep, f"{waiter.name} sleeps in futex()",
              lambda: f"{waiter.name} {waiter.state()}")
    owner.do(RELEASE)
    one_gets_it(waiters)


def one_gets_it(waiters):
    """The lock has been released, and that one has it now."""
    return until(
        lambda: next((each for each in waiters if each.ended()), None),
        "a waiter gets the lock after a release",
        lambda: ", ".join(f"{each.name} {each.state()}" for each in waiters))


def test_wakes(_):
    stage = Stage("futex", "ABCDEFGH")
    a, b, *more = stage.threads
    # All of several waiters have their turn.
    a.do(ACQUIRE)
    left = [b, *more]
    for waiter in left:
        waiter.waits(ACQUIRE)
    a.do(RELEASE)
    while left:
        owner = one_gets_it(left)
        owner.end()
        owner.do(RELEASE)
        left.remove(owner)
    # The lock is released while B is about to wait.
    a.do(ACQUIRE)
    for _ in after_each_step(stage, b, STEP_ACQUIRE):
        a.do(RELEASE)
        b.runs_on()
        b.must_end("B gets the lock after A's release")
        b.do(RELEASE)
        a.do(ACQUIRE)
    a.do(RELEASE)
    # A comes while B is about to release.
    b.do(ACQUIRE)
    for _ in after_each_step(stage, b, STEP_RELEASE):
        a.begin(ACQUIRE)
        a.settles()
        b.runs_on()
        b.must_end("B ends the release")
        a.end()
        a.do(RELEASE)
        b.do(ACQUIRE)
    b.do(RELEASE)


def calls(thread, what):
    """The system calls of this acquire or release, each with its result."""
    stepped, made = thread.stepping(what), []
    at = stepped.at()
    for _ in range(20 * STEPS):
        if at == "end":
            break
        call, at = at, stepped.step()
        if isinstance(call, Call):
            made.append((call, stepped.result()))
    expect(f"{WORDS[what]} ends", "end", at)
    thread.runs_on()
    thread.must_end(f"{WORDS[what]} ends")
    return made


def uncontended(thread, when):
    for what in (STEP_ACQUIRE, STEP_RELEASE) * 2:
        expect(f"system calls of {WORDS[what]}, {when}", 0,
               len(calls(thread, what)))


def test_calls(_):
    a, *waiters = Stage("futex", "ABCD").threads

    uncontended(a, "while nobody else wants the lock")
    a.do(ACQUIRE)
    for waiter in waiters:
        waiter.waits(ACQUIRE)
    made = calls(a, STEP_RELEASE)
    for call, _ in made:
        expect("each call of release is one of futex() that wakes", True,
               call.number == FUTEX and call.arguments[1] & 127 in
               (WAKE, WAKE_BITSET))
    if len(made) > 1 or any(woken > 1 for _, woken in made):
        raise Unexpected("a release wakes one of three waiters, by one call",
                         f"{len(made)} calls, which woke "
                         f"{sum(woken for _, woken in made)}")
    # A thread that had to wait may have left the lock marked as wanted.
    a, b = Stage("futex", "AB").threads
    a.do(ACQUIRE)
    b.waits(ACQUIRE)
    a.do(RELEASE)
    b.end()
    b.do(RELEASE)
    a.do(ACQUIRE)
    a.do(RELEASE)
    uncontended(a, "when the one that waited has had its turn")
