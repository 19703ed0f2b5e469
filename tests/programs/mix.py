#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run well-known programs under gilrun and check that output, files and status
are the same as without, that they never use more than one CPU's worth of user
time, and that they do not hang.

usage: [REPEAT=N] mix.py [PART-OF-A-CASE'S-NAME...]

Runs each program once without the lock and N times (by default once) with it,
under another policy and interval each time. Prints KTAP.
"""

import json
import os
import random
import resource
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import ktap

HERE = Path(__file__).resolve().parent

# Seconds after which a run hangs, even in a slow guest.
LIMIT = 120

# CPU time is charged by the timer tick: at most one of a few ms, here and
# there, is charged to user mode that was not spent there.
TICKS_S = 0.03

# A static key that perf switches off patches code that other CPUs run. QEMU's
# emulation, seen with 7.2, sometimes has one of them run the old code for too
# long, and the kernel panics; with one CPU it cannot.
def perf_is_safe():
    return os.cpu_count() == 1


SETTINGS = [(policy, interval)
            for interval in ("5ms", "200us", "50ms")
            for policy in ("fifo", "cpython", "io_first", "fair")]


class Program:
    """What to run in an empty folder, and how many threads it has at least."""

    def __init__(self, name, threads, *command, stdin="empty"):
        self.name = name
        self.threads = threads
        self.command = list(command)
        self.stdin = stdin


PROGRAMS = [
    Program("pigz", 4, "pigz", "-nm", "-p4", "-c", "{data}/text"),
    Program("pbzip2", 4, "pbzip2", "-p4", "-b1", "-c", "{data}/text"),
    Program("zstd", 3, "zstd", "-q", "-T4", "-B512KB", "-c", "{data}/lines"),
    Program("xz", 4, "xz", "-T4", "-0", "--block-size=128KiB", "-c",
            "{data}/text"),
    Program("sort", 2, "sort", "--parallel=4", "{data}/lines"),
    Program("python3", 5, "python3", "{here}/threads.py"),
    Program("ninja", 8, "ninja", "--quiet", "-j4", "-f",
            "{here}/mix.ninja"),
    Program("sqlite3", 3, "sqlite3", ":memory:", stdin="queries"),
    Program("redis", 8, "sh", "{here}/redis.sh", "{data}"),
    Program("fzf", 4, "fzf", "--filter", "ab7", stdin="lines"),
    Program("rsync", 3, "rsync", "-a", "{data}/", "copy/"),
    Program("strace", 5, "strace", "-f", "-qq", "-o", "/dev/null",
            "pigz", "-nm", "-p4", "-c", "{data}/text"),
    Program("perf", 5, "perf", "stat", "-o", "/dev/null", "--",
            "pigz", "-nm", "-p4", "-c", "{data}/text"),
]

QUERIES = """
PRAGMA threads = 4;
PRAGMA cache_size = -64;
PRAGMA temp_store = FILE;
CREATE TABLE t AS
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
                          WHERE i < 20000)
  SELECT i, (i * 7919) % 20011 AS j, hex(i * i) || 'some more to sort' AS k
  FROM n;
CREATE INDEX by_j ON t(j, k);
SELECT count(*), sum(j) FROM t WHERE j > 1000;
SELECT i, j, k FROM t ORDER BY k, j LIMIT 20;
"""


def make_data(folder):
    """The same in each run of this test."""
    rng = random.Random(3)
    words = [f"{rng.randrange(1 << 24):x}" for _ in range(2000)]
    text = " ".join(rng.choice(words) for _ in range(80000))
    (folder / "text").write_text(text[:400000], encoding="ascii")
    # sort has threads from 131,072 lines on.
    lines = "".join(f"{rng.randrange(1 << 20):x}\n" for _ in range(140000))
    (folder / "lines").write_text(lines, encoding="ascii")
    (folder / "queries").write_text(QUERIES, encoding="ascii")
    (folder / "empty").touch()


class Run:
    """One run: how it ended and what it left."""

    def __init__(self, program, data, prefix=()):
        command = [arg.format(data=data, here=HERE)
                   for arg in program.command]
        with tempfile.TemporaryDirectory() as folder, \
                open(data / program.stdin, "rb") as stdin:
            self.execute([*prefix, *command], folder, stdin)
            self.files = {
                str(path.relative_to(folder)): path.read_bytes()
                for path in sorted(Path(folder).rglob("*"))
                if path.is_file() and path.name != ".ninja_log"}

    def execute(self, command, folder, stdin):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        environment = os.environ | {"LC_ALL": "C"}
        with subprocess.Popen(command, cwd=folder, stdin=stdin,
                              env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              start_new_session=True) as process:
            try:
                self.stdout, self.stderr = process.communicate(timeout=LIMIT)
            except subprocess.TimeoutExpired:
                tell_state()
                os.killpg(process.pid, signal.SIGKILL)
                raise
        self.elapsed = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.user = after.ru_utime - before.ru_utime
        self.status = process.returncode

    def same(self, other):
        for what in ("status", "stdout", "files"):
            mine, others = getattr(self, what), getattr(other, what)
            assert mine == others, (
                f"{what} differs from a run without the lock: "
                f"{short(mine)}, not {short(others)}; "
                f"stderr: {short(self.stderr)}")


def short(value):
    text = repr(value)
    return text if len(text) < 1000 else f"{text[:1000]}... ({len(text)})"


def tell_state():
    """What the kernel knows of a run that hangs."""
    for name in ("locks", "threads"):
        path = Path("/sys/kernel/debug/gil", name)
        if os.access(path, os.R_OK):
            ktap.comment(path.read_text(encoding="ascii"))


def run_under(program, data, number):
    policy, interval = SETTINGS[number % len(SETTINGS)]
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as report:
        run = Run(program, data,
                  ["gilrun", "--json", "-o", report.name, "-P", policy, "-i",
                   interval, "--"])
        try:
            run.report = json.load(report)
        except ValueError:
            raise AssertionError(
                f"no report; stderr: {short(run.stderr)}") from None
    return run


def check_report(run, program):
    """Returns how many CPUs' worth of user time it had."""
    report = run.report
    threads = len(report["threads"])
    assert threads >= program.threads, f"{threads} threads are too few"
    assert report["complete"] and not report["lost"], report
    hold = report["total"]["hold"]["total_ns"] / 1e9
    elapsed, user = report["elapsed_s"], report["user_s"]
    assert hold <= elapsed + 1.1, f"held for {hold} s of {elapsed} s"
    assert user <= elapsed * 1.02 + TICKS_S, f"{user} s user, {elapsed} s"
    return user / elapsed


def try_program(program, number, data, repeat):
    ktap.need("gilrun", program.command[0])
    if program.name == "perf" and not perf_is_safe():
        raise ktap.Skip("only on one CPU: an emulator may crash")
    plain = Run(program, data)
    assert plain.status == 0, short(plain.stderr)
    most, elapsed = 0, 0
    for i in range(repeat):
        run = run_under(program, data, number + i)
        run.same(plain)
        most = max(most, check_report(run, program))
        elapsed += run.report["elapsed_s"] / repeat
    return (f"{repeat} runs, user time at most {most:.2f} of elapsed"
            f" ({plain.user / plain.elapsed:.2f} without),"
            f" {elapsed:.2f} s ({plain.elapsed:.2f} without),"
            f" {len(run.report['threads'])} threads")


def main():
    repeat = int(os.environ.get("REPEAT", "1"))
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        make_data(data)
        ktap.main(
            ((f"{program.name} is the same under gilrun",
              lambda p=program, n=number: try_program(p, n, data, repeat))
             for number, program in enumerate(PROGRAMS)),
            ktap.no_binding())


if __name__ == "__main__":
    main()
