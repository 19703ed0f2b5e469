# SPDX-License-Identifier: GPL-2.0
"""What the tests of assignment 0 do. The handout promises nothing else.

The right answers come from the student's own recording, by gilreport(1).
"""

import csv
import json
import os
import re
import subprocess
import tomllib

import user
from actors import Unexpected, event, expect

FOLDER = "/gil/student/"


def content(name):
    try:
        with open(FOLDER + name, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise Unexpected(f"a file {name}, which ./record makes",
                         "there is none") from None


class Recording:
    """What gilreport says about convoy.dat."""

    def __init__(self, number):
        content("convoy.dat")
        to = user.folder()
        process = user.start(
            ["gilreport", "--json", "-o", to, FOLDER + "convoy.dat"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        told, said = process.communicate()
        if process.returncode:
            lines = said.decode("utf-8", "replace").splitlines()
            raise Unexpected("convoy.dat is a recording by gilrecord",
                             lines[-1] if lines else "gilreport crashes on it")
        self.told = json.loads(told)
        expect("gaps where events were lost", [], self.told["lost"])
        self.io, self.hog1, self.hog2 = (
            f"{name}-{number}" for name in ("io", "hog1", "hog2"))
        self.lock = self._find_lock()
        self.threads = {each["name"]: each for each in self.lock["threads"]}
        expect("turns with a step that is not in the recording", 0,
               self.lock["repaired"])
        with open(os.path.join(to, "turns.csv"), encoding="utf-8",
                  newline="") as file:
            self.turns = [row for row in csv.DictReader(file)
                          if row["lock"] == str(self.lock["lock"])]

    def _find_lock(self):
        seen = set()
        for lock in self.told["locks"]:
            names = {thread["name"] for thread in lock["threads"]}
            if {self.io, self.hog1, self.hog2} <= names:
                return lock
            seen |= names
        raise Unexpected(
            f"a lock that {self.io}, {self.hog1} and {self.hog2} use, because "
            "your number is in their names",
            ", ".join(sorted(seen)) or "no thread that uses a lock")

    def behind(self, number):
        """Who had the lock while I/O number NUMBER waited for it, in order."""
        io_turns = [turn for turn in self.turns if turn["comm"] == self.io
                    and turn["after_io"] == "1" and turn["granted_ns"]]
        if len(io_turns) < number:
            raise Unexpected(f"{number} I/Os of {self.io}", len(io_turns))
        begin, end = (int(io_turns[number - 1][key])
                      for key in ("requested_ns", "granted_ns"))
        return [turn["comm"] for turn in self.turns
                if turn["comm"] != self.io and turn["granted_ns"]
                and turn["released_ns"] and int(turn["granted_ns"]) < end
                and int(turn["released_ns"]) > begin]


def answers():
    try:
        return tomllib.loads(content("answers.toml").decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unexpected("answers.toml keeps the form that it had",
                         str(error)) from None


def judge(name, right, about=0):
    """The right answer is not told, except in the student's recording."""
    told = answers()
    if name not in told:
        raise Unexpected(f"an answer '{name}' in answers.toml", "there is none")
    answer = told[name]
    event(f"your answer: {name} = {json.dumps(answer, default=str)}")
    if isinstance(right, int):
        good = type(answer) is int and abs(answer - right) <= about
    else:
        good = answer == right
    if not good:
        raise Unexpected(f"{name} is what your recording shows",
                         "your recording shows something else")


def test_recording(number):
    Recording(number)


def test_convoy(number):
    recording = Recording(number)
    expect(f"does {recording.io} wait in a convoy", True,
           recording.threads[recording.io]["convoy"]["is_one"])


class Owners:
    """What gilowner.bt has printed about the recording's lock."""

    def __init__(self, recording):
        self.text = content("owners.txt").decode("utf-8", "replace")
        self.lock = recording.lock["lock"]

    def figure(self, *key):
        """A value of a map, by its name and the text of its key."""
        name, *rest = key
        start = f"@{name}[{', '.join(map(str, (self.lock, *rest)))}]: "
        found = re.findall(rf"^{re.escape(start)}(\d+)$", self.text, re.M)
        if len(found) != 1:
            raise Unexpected(f"a line {start}... in owners.txt",
                             f"{len(found)} such lines")
        return int(found[0])

    def same_run(self, recording):
        wait = recording.lock["wait"]
        for name, recorded in (("waits", wait["count"]),
                               ("waited_us", wait["total_ns"] // 1000)):
            expect(f"@{name} in owners.txt, as in convoy.dat", recorded,
                   self.figure(name))

    def waited_for(self, recording, waiter, owner):
        return self.figure("wait_us", waiter, recording.threads[waiter]["tid"],
                           owner, recording.threads[owner]["tid"])


def test_owners(number):
    recording = Recording(number)
    owners = Owners(recording)
    owners.same_run(recording)
    owners.waited_for(recording, recording.io, recording.hog2)


def test_most_waiting(number):
    recording = Recording(number)
    judge("most_waiting",
          max(recording.threads.values(),
              key=lambda thread: thread["wait"]["total_ns"])["name"])


def test_behind(number):
    recording = Recording(number)
    judge("behind", recording.behind(number % 10 + 11))


def test_waits(number):
    recording = Recording(number)
    wait = recording.threads[recording.io]["wait"]["total_ns"]
    judge("io_wait_us", round(wait / 1000), 1)
    owners = Owners(recording)
    owners.same_run(recording)
    judge("io_wait_for_hog2_us",
          owners.waited_for(recording, recording.io, recording.hog2), 1)


def test_turns(number):
    recording = Recording(number)
    thread = recording.threads[recording.hog1]
    judge("hog1_turns", thread["turns"])
    judge("hog1_forced", thread["forced_switches"])


def test_holds(number):
    recording = Recording(number)
    thread = recording.threads[recording.hog1]
    judge("hog1_hold_us", round(thread["hold"]["p50_ns"] / 1000), 1)
    judge("hog1_longest_hold_us", round(thread["hold"]["max_ns"] / 1000), 1)
