#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judge whether what a tracing tool printed agrees with what was done.

usage: judge.py TOOL OUTPUT KNOWN CONTEND

OUTPUT is what the tool printed of one run, KNOWN what known.py and CONTEND what
'gilbench contend --json' printed. If they agree, one figure of OUTPUT after the
other is spoilt, which must be noticed. Exit status: 0 or 1.

A TOOL may also be 'lines' (those of gilsnoop), 'record' (the head of what
gilrecord wrote), or 'traced' or 'untraced', for which OUTPUT is CONTEND: then
gilbench and the kernel must agree on its run.
"""

import collections
import json
import re
import sys
from pathlib import Path

import ktap

MAP = re.compile(r"^@(\w+)(?:\[(.*?)\])?: ?(.*)$")
BAR = re.compile(r"^(?:\[|\().*[\])] +(\d+) \|")
ROW = re.compile(r"^ *(\d+) (\S+) +(\d+) +(\d+) +(\d+\.\d) +(\d+) +"
                 r"(\d+\.\d)$")


class Output:
    """Maps by name: {key: number}, or for histograms {key: entries}."""

    def __init__(self, text):
        self.text = text
        self.maps, self.texts, self.rows = {}, {}, []
        entries = None
        for line in text.splitlines():
            found, bar = MAP.match(line), BAR.match(line)
            row = ROW.match(line)
            if row:
                self.rows.append(row.groups())
            elif bar and entries:
                name, key = entries
                self.maps[name][key] += int(bar[1])
            elif found:
                key = tuple(re.split(r", ?", found[2])) if found[2] else ()
                entries = found[1], key
                self.maps.setdefault(found[1], {})[key] = (
                    int(found[3]) if found[3].isdigit() else 0)
                self.texts[found[1], key] = found[3]
            elif not line.strip():
                entries = None
            elif entries:
                self.texts[entries] += line.strip() + "\n"

    def sum(self, name, *key):
        """The sum of the figures whose keys begin with key."""
        return sum(value for known, value in self.maps.get(name, {}).items()
                   if known[:len(key)] == tuple(map(str, key)))

    def keys(self, name, *key):
        return [known for known in self.maps.get(name, {})
                if known[:len(key)] == tuple(map(str, key))]


class Judge:
    def __init__(self, output, known, contend):
        self.out = output
        self.known = known
        self.kernel = known["kernel"]
        self.lock = known["lock"]
        details = contend["results"][0]["details"]
        self.contend_lock = details["lock"]
        self.contended = details["kernel"]["contended"]
        self.acquires = self.contended + details["owner_acquires"]
        self.problems = []

    def same(self, what, expected, got, slack=0):
        if not expected - slack <= got <= expected + slack:
            self.problems.append(f"{what}: expected {expected}, got {got}")

    def between(self, what, least, most, got):
        if not least <= got <= most:
            self.problems.append(f"{what}: {got} is not in {least}..{most}")

    def sum(self, name, *key):
        return self.out.sum(name, *key)

    def counts(self, traced):
        run = json.loads(self.out.text)
        made = run["parameters"]["count"]
        rounds = -(-made // run["parameters"]["threads"])
        details = run["results"][0]["details"]
        kernel = details["kernel"]
        self.same("made", made, details["made"])
        self.same("owner_acquires", rounds, details["owner_acquires"])
        self.same("contended", made, kernel["contended"])
        self.same("handoffs", made, kernel["handoffs"])
        # The owner's first acquire attaches it, which the kernel does.
        self.same("slow_acquires", made + (rounds if traced else 1),
                  kernel["slow_acquires"])
        self.same("fast_acquires", 0 if traced else rounds - 1,
                  kernel["fast_acquires"])

    def traced(self):
        self.counts(True)

    def untraced(self):
        self.counts(False)

    def contend_events(self, seen):
        for name, count in (("request", self.acquires),
                            ("grant", self.contended),
                            ("waited", self.contended),
                            ("at", self.acquires - self.contended),
                            ("release", self.acquires)):
            self.same(f"events '{name}'", count, seen[name])

    def lines(self):
        seen = collections.Counter()
        for line in self.out.text.splitlines():
            words = line.split()
            if words[3:4] == [str(self.contend_lock)]:
                seen[words[5 if words[4] == "acquire" else 4]] += 1
        self.contend_events(seen)

    def record(self):
        head = {name: int(count) for name, count in
                re.findall(r"^# (\w+): (\d+)$", self.out.text, re.M)}
        self.contend_events({
            "request": head["gil_request"], "grant": head["gil_grant"],
            "waited": head["contended"], "release": head["gil_release"],
            "at": head["gil_acquire"] - head["contended"]})

    def gilsnoop(self):
        blocked = self.known["bound_io"]
        bound = int(blocked is not None)
        for name, count in (("sleeps", self.kernel["contended"]),
                            ("io_releases", blocked or 0),
                            ("take_backs", (blocked or 0) + bound),
                            ("binds", bound), ("unbinds", bound),
                            ("deaths", 1), ("policies", 1),
                            ("contended", self.kernel["contended"]),
                            ("grants", self.kernel["handoffs"]),
                            ("releases", self.kernel["releases"])):
            self.same(f"@{name}", count, self.sum(name, self.lock))

    def gillat(self):
        for name, count in (("contended", self.kernel["contended"]),
                            ("grants", self.kernel["handoffs"]),
                            ("releases", self.kernel["releases"])):
            self.same(f"@{name}", count, self.sum(name, self.lock))

    def gillat_contend(self):
        """Of contend alone, whose waits and holds the histograms have."""
        waits, holds = self.contended, self.acquires
        for name, count in (("requests", holds), ("grants", waits),
                            ("contended", waits), ("acquires", holds),
                            ("releases", holds), ("wakeup_us", waits)):
            self.same(f"@{name}", count, self.sum(name, self.contend_lock))
        for name, count in (("wait_us", waits), ("hold_us", holds)):
            self.same(f"entries of @{name} and @{name}_others", count,
                      self.sum(name, self.contend_lock) +
                      self.sum(f"{name}_others", self.contend_lock))

    def gilhold(self):
        lock, kernel = self.lock, self.kernel
        on, off = self.sum("total_on_us", lock), self.sum("total_off_us", lock)
        self.same("@holds of contend", self.acquires,
                  self.sum("holds", self.contend_lock))
        for name in ("hold_us", "on_cpu_us", "off_cpu_us"):
            self.same(f"@{name}'s entries", kernel["releases"],
                      self.sum(name, lock))
        self.same("@holds", kernel["releases"], self.sum("holds", lock))
        self.same("@total_on_us and @total_off_us", kernel["hold_ns"] // 1000,
                  on + off, 2)
        self.between("@total_off_us", 40000, kernel["hold_ns"] // 1000, off)
        self.between("@total_on_us", 40000 + 4 * 5000,
                     kernel["hold_ns"] // 1000, on)
        self.same("@longest_us", kernel["hold_max_ns"] // 1000,
                  self.sum("longest_us", lock))
        if self.out.texts.get(("longest_comm", (str(lock),))) != "known":
            self.problems.append("@longest_comm is not that of known.py")
        if not self.out.texts.get(("longest_stack", (str(lock),))):
            self.problems.append("no @longest_stack")

    def gilowner(self):
        lock = self.lock
        total = self.kernel["wait_ns"] // 1000
        parts = [self.sum(name, lock) for name in
                 ("wait_us", "wait_earlier_us", "wait_others_us",
                  "handover_us")]
        self.same("@waits of contend", self.contended,
                  self.sum("waits", self.contend_lock))
        self.same("@waits", self.kernel["contended"], self.sum("waits", lock))
        self.same("@waited_us", total, self.sum("waited_us", lock))
        self.same("all parts of all waits", total, sum(parts),
                  len(self.out.keys("wait_us", lock)) + 3)
        behind = sum(self.sum("wait_us", *key)
                     for key in self.out.keys("wait_us", lock, "waiter")
                     if key[3] == "known")
        self.between("waiter behind known", 20000, total, behind)

    def gilfair(self):
        rows = [row for row in self.out.rows if int(row[0]) == self.lock]
        listed = sum(int(row[3]) for row in rows)
        turns = {}
        for row in rows:
            turns[row[1]] = turns.get(row[1], 0) + int(row[3])
        self.same("turns of contend", self.acquires,
                  self.sum("all_turns", self.contend_lock))
        self.same("turns", self.kernel["releases"],
                  self.sum("all_turns", self.lock))
        self.same("hold time", self.kernel["hold_ns"] // 1000,
                  self.sum("all_held", self.lock))
        self.same("turns of all lines", self.kernel["releases"],
                  listed + self.sum("others_turns", self.lock))
        self.same("turns of second", 1, turns.get("second", 0))
        self.same("shares of turns", 100, sum(float(row[4]) for row in rows),
                  0.1 * len(rows))
        self.same("shares of time", 100, sum(float(row[6]) for row in rows),
                  0.1 * len(rows))
        held = [int(row[5]) for row in rows]
        jain = sum(held) ** 2 / (len(held) * sum(h * h for h in held) or 1)
        self.same("@jain", round(1000 * jain),
                  self.sum("jain", self.lock), 3)

    def gilconvoy(self):
        lock, behind = self.lock, self.known["io_behind"]
        self.same("@io_releases", self.kernel["io"],
                  self.sum("io_releases", lock))
        self.same("@waits", behind, self.sum("waits", lock))
        self.same("@wait_us's entries", behind, self.sum("wait_us", lock))
        self.same("@at_once", self.kernel["io"] - behind,
                  self.sum("at_once", lock))
        pairs = [key for key in self.out.keys("behind_us", lock, "io")
                 if key[3:] == ("known", str(self.known["tid"]))]
        texts = " ".join(self.out.texts["behind_us", key] for key in pairs)
        self.same("@behind_us's count", behind,
                  int((re.findall(r"count\D+(\d+)", texts) or [0])[0]))
        if lost := self.known["lost_cpu"]:
            self.same("@waits and @at_once of who had no CPU", lost["io"],
                      self.sum("waits", lost["lock"]) +
                      self.sum("at_once", lost["lock"]))

    def gilpreempt(self):
        known = self.known["preempted"]
        lock = known["lock"]
        count = self.sum("preemptions", lock)
        self.between("@preemptions", known["least"], known["most"], count)
        self.same("@away_us's entries", count, self.sum("away_us", lock))
        self.same("@run_instead's sum", count, self.sum("run_instead", lock))
        if lost := self.known["lost_cpu"]:
            self.same("@taken_away", 1,
                      self.sum("taken_away", lost["lock"]))

    def gilio(self):
        lock = self.lock
        own = self.known["io_alone"] + self.known["io_behind"]
        kernel = self.known["bound_io"] or 0
        for name, count in (("own_releases", own), ("own_io_us", own),
                            ("own_late_us", own), ("kernel_releases", kernel),
                            ("kernel_io_us", kernel),
                            ("kernel_late_us", kernel),
                            ("take_backs", self.kernel["io"])):
            self.same(f"@{name}", count, self.sum(name, lock))
        # A bound thread may block elsewhere too, and find a sleep over.
        for name, call, least, most in (
                ("own_io_us", "nanosleep", self.known["io_alone"],
                 self.known["io_alone"]),
                ("own_io_us", "write", self.known["io_behind"],
                 self.known["io_behind"]),
                ("kernel_late_us", "nanosleep", int(kernel > 0),
                 self.known["bound_sleeps"])):
            found = sum(self.sum(name, *key) for key in
                        self.out.keys(name, lock) if call in key[1])
            self.between(f"@{name} of {call}", least, most, found)


# What to change in the output, to see whether the judge notices.
SPOIL = {
    "traced": [r'("contended": )\d+', r'("slow_acquires": )\d+'],
    "untraced": [r'("handoffs": )\d+', r'("fast_acquires": )\d+'],
    "lines": [r"(\d acquire )waited", r"(\d )grant"],
    "record": [r"(# contended: )\d+", r"(# gil_release: )\d+"],
    "gilsnoop": [r"(@deaths\[.*: )1", r"(@sleeps\[.*: )\d+"],
    "gillat": [r"(@grants\[.*: )\d+"],
    "gillat_contend": [r"(@requests\[.*: )\d+", r"(\) +)\d+(?= \|)"],
    "gilhold": [r"(@holds\[.*: )\d+", r"(@total_on_us\[.*: )\d+",
                r"(@longest_us\[.*: )\d+"],
    "gilowner": [r"(@wait_us\[.*: )\d{4,}", r"(@waits\[.*: )\d+"],
    "gilfair": [r"( second +\d+ +)\d+", r"(@jain\[.*: )\d+"],
    "gilconvoy": [r"(@at_once\[.*: )\d+", r"(@behind_us\[.*count\D+)\d+"],
    "gilpreempt": [r"(@preemptions\[.*: )\d+", r"(@run_instead\[.*: )\d+",
                   r"(@taken_away\[.*: )\d+"],
    "gilio": [r"(@take_backs\[.*: )\d+", r"(_)nanosleep"],
}


def problems(tool, text, known, contend):
    judge = Judge(Output(text), known, contend)
    getattr(judge, tool)()
    return judge.problems


def unnoticed(tool, text, known, contend):
    for pattern in SPOIL[tool]:
        spoilt = re.sub(pattern, lambda m: m[1] + "0", text)
        if spoilt == text:
            yield f"nothing in the output is like {pattern}"
        elif not problems(tool, spoilt, known, contend):
            yield f"another figure in {pattern} went unnoticed"


def main():
    tool, *paths = ktap.arguments(__doc__, 4)
    text, known, contend = (Path(path).read_text("utf-8", "replace")
                            for path in paths)
    run = tool, text, json.loads(known), json.loads(contend)
    found = problems(*run) or list(unnoticed(*run))
    for problem in found:
        sys.stderr.write(f"{tool}: {problem}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
