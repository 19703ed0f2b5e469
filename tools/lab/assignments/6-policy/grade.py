# SPDX-License-Identifier: GPL-2.0
"""What the tests of assignment 6 do. The handout promises nothing else.

The tests compare orders, which the kernel decides, and never times. The switch
interval is so long that it does not end within a test.
"""

import errno
import os

import actors
from actors import Actor, expect, marks


class Stage:
    """A lock with the student's policy. H holds it while others come."""

    def __init__(self, turns, policy="lab"):
        if not actors.EVENTS:
            actors.load(f"turns={turns}")
        self.fd = actors.create(policy)
        self.page = actors.Page(self.fd)
        self.memory = actors.memory()
        self.holder = Actor("H", self.fd)
        self.waiting = []
        self.holder.gets(0, "acquire")

    def comes(self, name, mark=None, what="sign_turn"):
        """One more waits; the I/O class has names that begin with I."""
        actor = Actor(name, self.fd)
        self.waiting.append(actor)
        return self.comes_again(actor, mark or name[0], what)

    def comes_again(self, actor, mark, what):
        arguments = (self.memory, ord(mark)) if what == "sign_turn" else ()
        actor.waits(what, *arguments)
        return actor

    def io(self, count):
        """Threads that are of the I/O class from now on."""
        made = [Actor(f"I{number}", self.fd) for number in range(1, count + 1)]
        for actor in made:
            actor.gets(0, "turns", 1, actors.IO)
        return made

    def order(self):
        """The marks of the turns, when all have had theirs."""
        for actor in self.waiting:
            actor.returns(0)
        self.waiting = []
        return marks(self.memory)


def crowd(turns, io, policy="lab"):
    """A stage, and threads of the I/O class that do not wait yet."""
    stage = Stage(turns, policy)
    stage.holder.gets(0, "release")
    made = stage.io(io)
    stage.holder.gets(0, "acquire")
    return stage, made


def queue(stage, actor, mark="I", what="sign_turn"):
    stage.waiting.append(actor)
    stage.comes_again(actor, mark, what)


def test_loads(turns):
    stage = Stage(turns)
    path, = actors.modules()
    expect("the module unloads while a lock has its policy", False,
           actors.rmmod(path) == "")
    stage.holder.gets(0, "release")
    stage.holder.kill()
    stage.page.memory.close()
    os.close(stage.fd)
    actors.until(lambda: not actors.rmmod(path), "the module unloads",
                 lambda: actors.rmmod(path))


def test_arrival(turns):
    stage = Stage(turns)
    for name in ("C1", "C2", "C3", "C4"):
        stage.comes(name, name[1])
    stage.holder.gets(errno.EBUSY, "release_then_try")
    expect("the order of four that compute", "1234", stage.order())
    stage, made = crowd(turns, 4)
    for number, actor in enumerate(made, 1):
        queue(stage, actor, str(number))
    stage.holder.gets(0, "release")
    expect("the order of four of the I/O class", "1234", stage.order())


def test_io_first(turns):
    stage, (actor,) = crowd(turns, 1)
    for name in ("C1", "C2", "C3"):
        stage.comes(name)
    queue(stage, actor)
    stage.holder.gets(0, "release")
    expect("the order, where C computes and I is back from I/O", "ICCC",
           stage.order())


def test_asks(turns):
    stage, (actor,) = crowd(turns, 1)
    stage.comes("C1")
    stage.page.is_not_asked("only one that computes waits")
    queue(stage, actor)
    stage.page.is_asked("a thread of the I/O class waits")
    stage.holder.gets(0, "give_way")
    stage.holder.gets(0, "release")
    stage.order()
    stage, (owner, other) = crowd(turns, 2)
    stage.holder.gets(0, "release")
    owner.gets(0, "acquire")
    queue(stage, other)
    stage.page.is_not_asked("it is of the I/O class itself")
    owner.gets(0, "release", actors.IO)
    stage.order()


def test_starves_nobody(turns):
    stage, made = crowd(turns, 2 * turns + 2)
    stage.comes("C1")
    stage.comes("C2")
    for actor in made:
        queue(stage, actor)
    stage.holder.gets(0, "release")
    expect(f"the order, with {turns} turns of the I/O class in a row",
           2 * ("I" * turns + "C") + "II", stage.order())
    # The one that computes keeps the lock for the interval.
    stage, made = crowd(turns, turns + 1)
    owner = Actor("C1", stage.fd)
    owner.waits("acquire")
    for actor in made:
        queue(stage, actor)
    stage.holder.gets(0, "release")
    owner.returns(0)
    stage.page.is_not_asked(f"the I/O class has had {turns} turns in a row")
    owner.gets(0, "release")
    stage.order()


def test_leaves(turns):
    for made in (None, 3):
        stage, actors_of_io = crowd(turns, made or 0)
        several = actors_of_io or [Actor(f"C{number}", stage.fd)
                                   for number in (1, 2, 3)]
        for actor in several:
            actor.waits("turn")
        several[1].signal()
        several[1].returns(errno.EINTR)
        several[0].kill()
        stage.holder.gets(0, "release")
        several[2].returns(0)
        several[1].gets(0, "acquire", actors.TRY)
        several[1].gets(0, "release")


def test_changes(turns):
    stage = Stage(turns)
    for name in ("C1", "C2"):
        stage.comes(name, name[1])
    actors.set_policy(stage.fd, "fifo")
    actors.set_policy(stage.fd, "lab")
    stage.holder.gets(0, "release")
    expect("the order of two that waited", "12", stage.order())
    # The turns in a row of one lock do not count for another.
    stage, made = crowd(turns, turns)
    other, (actor,) = crowd(turns, 1)
    stage.comes("C1")
    other.comes("C1")
    queue(other, actor)
    *several, last = made
    for each in several:
        queue(stage, each)
    last.waits("acquire")
    stage.holder.gets(0, "release")
    last.returns(0)
    other.holder.gets(0, "release")
    expect("the order on another lock", "IC", other.order())
    last.gets(0, "release", actors.IO)
    stage.order()
