#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test giltop: on locks whose owner, queue and shares are known, on tables made
up here, and on an emulated terminal. Prints KTAP.

usage: giltop.py [PART-OF-A-TEST'S-NAME...]

Needs python3-pyte, and giltop and libgil.so in reach. Without root and /dev/gil
only the tests that need no lock are run.
"""

import fcntl
import json
import os
import pty
import queue
import select
import shutil
import signal
import subprocess
import tempfile
import termios
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pyte

import ktap
from gil_lock import Lock
from ktap import PATIENCE, same, until

DEBUGFS = "/sys/kernel/debug"

COUNTS = ("fast slow contended handoffs releases io yields drop_requests "
          "forced deaths timeouts cancels interrupts lazy lazy_returns "
          "wait_ns wait_max_ns wakeup_ns wakeup_max_ns hold_ns hold_max_ns "
          "now_ns since_ns")


def check(what, good):
    if not good:
        raise AssertionError(what)


def giltop(*options, status=0, **settings):
    """What giltop writes; and says, if it is to end with another status."""
    done = subprocess.run(["giltop", *options], capture_output=True,
                          text=True, timeout=PATIENCE, check=False,
                          stdin=subprocess.DEVNULL, **settings)
    if done.returncode != status:
        raise AssertionError(f"giltop {' '.join(options)}: status {done.returncode}: "
                      f"{done.stderr.strip()}")
    return done.stderr if status else done.stdout


def document(*options):
    return json.loads(giltop("--json", *options))


def need_locks():
    if os.getuid() or ktap.no_device():
        raise ktap.Skip("needs root and /dev/gil")
    if not os.path.exists(DEBUGFS + "/gil"):
        raise ktap.Skip("needs debugfs")


class Actor:
    """A thread that acquires and releases a lock when it is told to."""

    def __init__(self, lock):
        self.lock = lock
        self.orders = queue.Queue()
        self.done = queue.Queue()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        self.tid = self.done.get(timeout=PATIENCE)

    def run(self):
        self.done.put(threading.get_native_id())
        while order := self.orders.get():
            try:
                self.done.put(self.lock.call(order))
            except OSError as error:
                self.done.put(error)

    def result(self):
        error = self.done.get(timeout=PATIENCE)
        if error:
            raise error

    def acquire(self):
        self.orders.put("acquire")

    def release(self):
        self.orders.put("release")
        self.result()

    def end(self):
        self.orders.put(None)
        self.thread.join(PATIENCE)


class Stage(AbstractContextManager):
    """A private lock with some actors; ends with the with statement."""

    def __init__(self, actors):
        need_locks()
        self.lock = Lock()
        self.actors = [Actor(self.lock) for _ in range(actors)]

    def __exit__(self, *what):
        for actor in self.actors:
            actor.end()
        self.lock.close()

    def until(self, actor, state):
        """Giltop's document once an actor is in a state."""
        def document_of_it():
            seen = document("--delay", "10ms")
            thread = by_tid(seen).get(actor.tid)
            return seen if thread and thread["state"] == state else None

        return until(document_of_it, f"thread {actor.tid} is {state}")


def by_tid(seen):
    return {thread["thread"]: thread for thread in seen["threads"]}


def lock_of(seen, actor):
    number = by_tid(seen)[actor.tid]["lock"]
    return next(lock for lock in seen["locks"] if lock["lock"] == number)


def test_owner_and_queue():
    """an owner that keeps the lock, and one that waits for it: shares of 1"""
    with Stage(2) as stage:
        one, two = stage.actors
        one.acquire()
        one.result()
        two.acquire()
        stage.until(two, "queued")
        seen = document("--delay", "0.2")
        lock, threads = lock_of(seen, one), by_tid(seen)
        same("owner", one.tid, lock["owner"]["thread"])
        same("waiting", 1, lock["waiting"])
        same("threads", 2, lock["threads"])
        same("held", 1.0, round(lock["held"], 6))
        same("switches", 0.0, lock["per_second"]["switches"])
        same("hold of the owner", 1.0,
             round(threads[one.tid]["share"]["hold"], 6))
        same("wait of the owner", 0.0, threads[one.tid]["share"]["wait"])
        same("wait of the other", 1.0,
             round(threads[two.tid]["share"]["wait"], 6))
        same("hold of the other", 0.0, threads[two.tid]["share"]["hold"])
        check("the owner owns it for 0.2 s", lock["owned_for_ns"] >= 2e8)
        one.release()
        two.result()
        seen = stage.until(two, "owner")
        seen = document("--delay", "0.1")
        lock, threads = lock_of(seen, one), by_tid(seen)
        same("next owner", two.tid, lock["owner"]["thread"])
        same("its hold", 1.0, round(threads[two.tid]["share"]["hold"], 6))
        same("the first's rest", 1.0, threads[one.tid]["share"]["away"])
        two.release()


def test_counts():
    """as many acquisitions, waits and releases as there were"""
    with Stage(3) as stage:
        one, others = stage.actors[0], stage.actors[1:]
        for _ in range(5):
            one.acquire()
            one.result()
            for actor in others:
                actor.acquire()
                stage.until(actor, "queued")
            one.release()
            for actor in others:
                actor.result()
                actor.release()
        seen = document("--delay", "10ms")
        lock, threads = lock_of(seen, one), by_tid(seen)
        # The owner's first acquire attaches it, which the kernel does.
        same("fast", 4, lock["totals"]["fast"])
        same("slow", 11, lock["totals"]["slow"])
        same("contended", 10, lock["totals"]["contended"])
        same("handoffs", 10, lock["totals"]["handoffs"])
        same("releases", 15, lock["totals"]["releases"])
        same("waiting_max", 2, lock["waiting_max"])
        for actor in others:
            totals = threads[actor.tid]["totals"]
            same("a waiter's contended", 5, totals["contended"])
        same("no owner", None, lock["owner"])


def test_document():
    """the JSON document says what it describes, and when"""
    need_locks()
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    seen = document("--delay", "50ms", "--lock", "0", "--sort", "wait")
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    same("schema", "giltop/1", seen["schema"])
    same("kernel", os.uname().release, seen["kernel"])
    same("cpus", len(os.sched_getaffinity(0)), seen["cpus"])
    same("clock", "CLOCK_MONOTONIC", seen["clock"])
    same("parameters", {"delay_s": 0.05, "lock": 0, "sort": "wait",
                        "reverse": False}, seen["parameters"])
    same("locks", [0], [lock["lock"] for lock in seen["locks"]])
    check("the time", before <= seen["at_ns"] <= after)
    check("the delay", seen["elapsed_ns"] >= 5e7)
    lines = giltop("--json", "-n", "3", "-d", "10ms").splitlines()
    same("documents, one a line", 3, len(lines))
    times = [json.loads(line)["at_ns"] for line in lines]
    same("in order", sorted(times), times)


def test_gilrun():
    """processes under gilrun: they share the time, and exclude each other"""
    need_locks()
    if why := ktap.no_binding():
        raise ktap.Skip(why)
    hogs = subprocess.Popen(
        ["gilrun", "sh", "-c",
         "while :; do :; done & while :; do :; done & wait"],
        start_new_session=True)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            check("both hogs have had turns", time.monotonic() < end)
            seen = document("--delay", "0.5")
            mine = [t for t in seen["threads"]
                    if t["bind"] and os.getpgid(t["process"]) == hogs.pid]
            busy = [t for t in mine if t["share"]["hold"] > 0.1]
            if len(busy) == 2:
                break
        numbers = {thread["lock"] for thread in mine}
        same("one lock", 1, len(numbers))
        lock = next(k for k in seen["locks"] if k["lock"] in numbers)
        total = sum(thread["share"]["hold"] for thread in mine)
        # The lock and its threads are not read at quite the same time.
        check(f"two owners at once: {total}", total < 1.1)
        check(f"{lock['held']} is not {total}",
              abs(lock["held"] - total) < 0.2)
        for thread in mine:
            whole = sum(thread["share"][part]
                        for part in ("hold", "wait", "away"))
            same("hold, wait and away are all", 1.0, round(whole, 6))
        for thread in busy:
            check("it switched", thread["per_second"]["switches"] > 0)
        check("the owner is one of them", lock["owner"] is None or
              lock["owner"]["thread"] in [t["thread"] for t in mine])
    finally:
        os.killpg(hogs.pid, signal.SIGKILL)
        hogs.wait()


def as_nobody():
    """What giltop says to an ordinary user, who may not see the build."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(shutil.which("giltop"), folder)
        os.chmod(program, 0o755)
        done = subprocess.run([program, "--once"], capture_output=True,
                              text=True, check=False, user=65534, cwd="/")
    same("status", 1, done.returncode)
    return done.stderr


def test_mistakes():
    """wrong use and missing rights: an error message and the right status"""
    need_locks()
    check("nonsense", "not a time" in giltop("-d", "x", status=2))
    check("nan", "not a time" in giltop("-d", "nan", status=2))
    check("too short", "not a time" in giltop("-d", "9ms", status=2))
    check("a count", "number" in giltop("-n", "0", status=2))
    check("a lock", "number" in giltop("-l", "-1", status=2))
    check("a key", "sort" in giltop("-s", "age", status=2))
    check("an argument", giltop("1", status=2))
    check("no terminal", "no terminal" in giltop(status=2))
    check("no lock", "there is no lock" in
          giltop("--once", "-l", "4000000000", status=1))
    check("not mounted", "debugfs is not mounted" in
          giltop("--once", "--debugfs", "/proc/nothing", status=1))
    check("nobody", "only root" in as_nobody())
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(["giltop", "--once", "-d", "10ms"], check=False,
                              stdout=full, stderr=subprocess.PIPE)
    same("a full disk", 1, done.returncode)


class Tables(AbstractContextManager):
    """Made-up tables of the module, in a folder that --debugfs can name."""

    def __init__(self, threads):
        self.folder = tempfile.TemporaryDirectory()
        (Path(self.folder.name) / "gil").mkdir()
        self.now = 0
        self.write(threads)

    def __exit__(self, *what):
        self.folder.cleanup()

    @property
    def options(self):
        return ["--debugfs", self.folder.name]

    def put(self, name, lines):
        path = Path(self.folder.name) / "gil" / name
        new = path.with_suffix(".new")
        new.write_text("\n".join(lines) + "\n", encoding="ascii")
        new.rename(path)

    def write(self, threads):
        """A second later: as many threads, of which the first owns lock 7."""
        self.now += 1000000000
        lines = ["lock id tgid tid state bind cpu_ns " + COUNTS + " comm"]
        for i in range(1, threads + 1):
            state = "owner" if i == 1 else "queued"
            lines.append(f"7 {i} 500 {500 + i} {state} 0 0 " +
                         "0 " * 21 + f"{self.now} {i} thread-{i}")
        self.put("threads", lines)
        owner = 1 if threads else 0
        self.put("locks", [
            "lock owner waiting waiting_max threads bound interval_ns "
            "grace_ns policy " + COUNTS,
            f"7 {owner} {max(0, threads - 1)} {threads} {threads} 0 5000000 "
            "50000 fifo " + "0 " * 21 + f"{self.now} {owner}"])


class Screen(pyte.Screen):
    """Counts what giltop writes beyond the end of a line, where a VT100 would
    go on in the next line, and refuses what a VT100 does not know.
    """

    overflows = 0

    def draw(self, data):
        for character in data:
            if self.cursor.x >= self.columns:
                self.overflows += 1
            else:
                super().draw(character)

    def cursor_position(self, line=None, column=None):
        self.overflows += (line or 1) > self.lines
        super().cursor_position(line, column)

    def debug(self, *numbers, **_):
        # Without numbers it is ESC and one letter, such as for the keypad.
        check(f"giltop wrote ESC [ {numbers} and an unknown letter",
              not numbers)


class Terminal(AbstractContextManager):
    """A terminal, by default a VT100, with giltop on it."""

    def __init__(self, rows, columns, *options, term="vt100"):
        self.master, self.slave = pty.openpty()
        self.all = b""
        self.screen = Screen(columns, rows)
        # Not UTF-8: a VT100 shifts between character sets.
        self.stream = pyte.ByteStream(self.screen)
        self.stream.use_utf8 = False
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        environment = {**os.environ, "TERM": term}
        for name in ("LINES", "COLUMNS"):
            environment.pop(name, None)
        self.giltop = subprocess.Popen(
            ["giltop", *options], stdin=self.slave, stdout=self.slave,
            stderr=subprocess.PIPE, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __exit__(self, *what):
        self.giltop.kill()
        self.giltop.wait()
        self.giltop.stderr.close()
        os.close(self.master)
        os.close(self.slave)

    def resize(self, rows, columns):
        """Give the terminal another size, and an empty screen."""
        self.screen.resize(rows, columns)
        self.screen.reset()
        termios.tcsetwinsize(self.master, (rows, columns))

    def line(self, y):
        return self.screen.display[y].rstrip()

    def text(self):
        return "\n".join(map(str.rstrip, self.screen.display))

    def feed(self, data):
        self.all += data
        self.stream.feed(data)

    def read(self, seconds):
        """Take what there is; False: there was nothing."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.feed(os.read(self.master, 65536))
        return True

    def asleep(self):
        stat = Path(f"/proc/{self.giltop.pid}/stat").read_text("ascii")
        return stat.rpartition(")")[2].split()[0] == "S"

    def until(self, text):
        """Something is on the screen, and all of that picture."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            more = self.read(0.05)
            if not more and text in self.text() and self.asleep() and \
               not self.read(0):
                return
            if self.giltop.poll() is not None and not more:
                break
        raise AssertionError(f"no '{text}' on the screen, but:\n{self.text()}")

    def key(self, keys):
        os.write(self.master, keys.encode())

    def end(self, status=0):
        """It has ended, and the terminal is as it was; what it said."""
        end = time.monotonic() + PATIENCE
        while self.giltop.poll() is None and time.monotonic() < end:
            self.read(0.05)
        while self.read(0):
            pass
        same("exit status", status, self.giltop.poll())
        same("settings of the terminal", self.before,
             termios.tcgetattr(self.slave))
        same("characters beyond the end of a line", 0, self.screen.overflows)
        return self.giltop.stderr.read().decode()


def samples(text):
    """Of a scrape, {(name, labels): value}; each below its family's head."""
    found, family = {}, ""
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            family = line.split()[2]
        elif not line.startswith("#"):
            key, value = line.rsplit(" ", 1)
            name, labels = key.split("{", 1)
            check(f"{name} below {family}", name in (
                family, f"{family}_total", f"{family}_info"))
            check(f"{key} twice", (name, labels) not in found)
            found[name, labels] = float(value)
    return found


def test_metrics():
    """--openmetrics and --textfile: the kernel's counters, and who waits now"""
    with Tables(3) as tables:
        path = Path(tables.folder.name) / "gil" / "threads"
        path.write_bytes(path.read_bytes().replace(b"thread-3", b'"\\\xff'))
        text = giltop("--openmetrics", *tables.options)
        check("the end is marked", text.endswith("\n# EOF\n"))
        found = samples(text)
        for name, labels, value in (
                ("lock_info", 'lock="7",policy="fifo"', 1),
                ("lock_waiting_threads", 'lock="7"', 2),
                ("lock_interval_seconds", 'lock="7"', 0.005),
                ("lock_longest_waiting_seconds", 'lock="7"', 0.999999998),
                ("lock_hold_seconds_total", 'lock="7"', 0),
                ("thread_waiting_seconds",
                 'lock="7",id="1",tid="501",comm="thread-1"', 0),
                ("thread_waiting_seconds",
                 'lock="7",id="3",tid="503",comm="\\"\\\\?"', 0.999999997)):
            same(name, value, found.get((f"gil_{name}", labels + "}")))
        file = Path(tables.folder.name) / "gil.prom"
        giltop("--textfile", str(file), *tables.options)
        same("the same in the file", found, samples(file.read_text("ascii")))
        same("left over", [], list(file.parent.glob("*.new")))
        said = giltop("--textfile", "/nowhere/gil.prom", *tables.options,
                      status=1)
        check(said, "choose another file" in said)
        if shutil.which("promtool"):
            with file.open("rb") as data:
                subprocess.run(["promtool", "check", "metrics"], stdin=data,
                               check=True)


def test_names():
    """names are washed, and UTF-8 is shown where the locale has it"""
    with Tables(1) as tables:
        path = Path(tables.folder.name) / "gil" / "threads"
        path.write_bytes(path.read_bytes().replace(b"thread-1",
                                                   b"a\x1b[1m\xc3\xa9\xff"))
        for locale, shown in (("C", "a?[1m???"), ("C.UTF-8", "a?[1m\u00e9?")):
            done = subprocess.run(
                ["giltop", "--once", "-d", "10ms", *tables.options],
                env=os.environ | {"LC_ALL": locale}, capture_output=True,
                check=True)
            rows = done.stdout.decode().splitlines()
            same(f"the owner, {locale}", 2,
                 sum(f"501 {shown} " in row for row in rows))
            # The columns behind the name stay where they are.
            same(f"columns, {locale}", 1,
                 len({row.index(word) for row in rows[3:]
                      for word in ("STATE", "owner") if word in row}))


def test_emulator():
    """the emulated terminal notices what giltop must not write"""
    screen = Screen(2, 1)
    stream = pyte.ByteStream(screen)
    stream.feed(b"ab\rcd")
    same("nothing beyond the edges", 0, screen.overflows)
    stream.feed(b"e")
    same("beyond the end of the line", 1, screen.overflows)
    stream.feed(b"\x1b[2;1H")
    same("below the last line", 2, screen.overflows)
    try:
        stream.feed(b"\x1b[9t")
    except AssertionError:
        return
    raise AssertionError("an unknown sequence went unnoticed")


def test_80_by_24():
    """80 x 24: locks, threads and keys, and q ends giltop"""
    with Tables(40) as tables, \
            Terminal(24, 80, "-d", "1000", *tables.options) as terminal:
        terminal.until("thread-1")
        check("the title", terminal.line(0).startswith(
            "giltop: 1 lock, 40 threads, 39 waiting"))
        check("the lock's line", "7 501 thread-1" in terminal.line(2))
        check("the threads' head", "HOLD WAIT AWAY" in terminal.line(3))
        check("a thread", "501 thread-1" in terminal.line(4))
        check("all lines are used", terminal.line(23))
        terminal.key("T")
        terminal.until("by tid")
        terminal.key("r")
        terminal.until("by tid reversed")
        check("the last thread", "540 thread-40" in terminal.line(4))
        terminal.key(">")
        terminal.until("queue behind 501 thread-1, the owner for 1.0s: "
                       "502 thread-2")
        terminal.key("a")
        terminal.until("SW/S  IO/S")
        check("no queue", "queue behind" not in terminal.text())
        terminal.key("?")
        terminal.until("this help")
        terminal.key("h")
        terminal.until("giltop: 1 lock")
        tables.write(3)
        terminal.key(" ")
        terminal.until("3 threads, 2 waiting")
        check("shares", "100%" in terminal.text())
        terminal.key("q")
        same("said", "", terminal.end())


def test_40_by_10_and_smaller():
    """40 x 10, 20 x 3, 1 x 1: as much as there is room for"""
    for rows, columns in (10, 40), (3, 20), (1, 1):
        with Tables(40) as tables, \
                Terminal(rows, columns, "-d", "1000",
                         *tables.options) as terminal:
            terminal.until("giltop"[:columns])
            if rows == 10:
                check("a thread", "501 thread-1" in terminal.text())
            terminal.key("?Tq")
            terminal.end()


def test_resizing():
    """a window made smaller, then larger"""
    with Tables(40) as tables, \
            Terminal(24, 80, "-d", "1000", *tables.options) as terminal:
        terminal.until("thread-1")
        terminal.resize(10, 40)
        terminal.until("501 thread-1")
        check("fewer lines", "thread-7 " not in terminal.text())
        terminal.resize(30, 120)
        terminal.until("FORC/S")
        check("more lines", terminal.line(29))
        terminal.key("q")
        terminal.end()


def test_alternate_screen():
    """xterm: the shell's screen comes back"""
    with Tables(2) as tables, \
            Terminal(24, 80, "-d", "1000", *tables.options,
                     term="xterm") as terminal:
        # Its sequences are more than are emulated here.
        terminal.feed = lambda data: setattr(terminal, "all",
                                             terminal.all + data)
        terminal.key("q")
        terminal.end()
        check("entered", b"\x1b[?1049h" in terminal.all)
        check("and left", b"\x1b[?1049l" in
              terminal.all.rpartition(b"\x1b[?1049h")[2])


def test_many_threads():
    """10,000 threads, and scrolling to the last"""
    with Tables(10000) as tables, \
            Terminal(24, 80, "-d", "1000", "-s", "tid",
                     *tables.options) as terminal:
        terminal.until("10000 threads")
        terminal.key("G")
        terminal.until("thread-10000")
        terminal.key("k")
        terminal.until("thread-9986")
        terminal.key("g")
        terminal.until("501 thread-1 ")
        terminal.key("q")
        terminal.end()


def test_tables_that_go():
    """tables that vanish or turn to nonsense: an error, on a restored terminal"""
    with Tables(2) as tables:
        with Terminal(24, 80, "-d", "1000", *tables.options) as terminal:
            terminal.until("thread-1")
            tables.put("threads", ["nonsense"])
            terminal.key(" ")
            said = terminal.end(status=1)
            check(said, "is not what this giltop reads: there is no column"
                  in said)
        same("as a batch", True, "there is no column" in
             giltop("--once", *tables.options, status=1))
    with Tables(2) as tables:
        with Terminal(24, 80, "-d", "1000", *tables.options) as terminal:
            terminal.until("thread-1")
            (Path(tables.folder.name) / "gil" / "locks").unlink()
            terminal.key(" ")
            check("said why", "gil/locks" in terminal.end(status=1))


def test_counted():
    """-n on a terminal ends by itself; an unknown terminal is refused"""
    with Tables(2) as tables:
        with Terminal(24, 80, "-d", "20ms", "-n", "2",
                      *tables.options) as terminal:
            terminal.end()
        with Terminal(24, 80, *tables.options, term="nonsense") as terminal:
            check("said", "is known" in terminal.end(status=2))


def test_lines():
    """--once writes no line wider than COLUMNS"""
    with Tables(50) as tables:
        for width in 20, 40, 80, 132:
            text = giltop("--once", "-d", "10ms", *tables.options,
                          env={**os.environ, "COLUMNS": str(width)})
            check("all threads", len(text.splitlines()) == 54)
            check(f"wider than {width}",
                  max(map(len, text.splitlines())) <= width)


if __name__ == "__main__":
    ktap.main((test.__doc__, test) for name, test in list(globals().items())
              if name.startswith("test_"))
