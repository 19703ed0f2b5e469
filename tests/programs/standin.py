#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test that signals act on a program as without gilrun, with each option.

usage: standin.py [PART-OF-A-CASE'S-NAME...]

Prints KTAP. The same is done to a program that was started directly.
"""

import ctypes
import os
import shutil
import signal
import tempfile
from pathlib import Path

import gilrun
import ktap
from gilrun import BECOME, STAY
from ktap import PATIENCE, same, until

libc = ctypes.CDLL(None)
libc.sigqueue.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p)


def ways(test):
    """What happens with each option, and directly, which must be the same."""
    def case():
        with tempfile.TemporaryDirectory() as folder:
            expected = test(())
            all_ways = [BECOME, STAY, (*STAY, "--json")]
            if not os.getuid() and shutil.which("trace-cmd"):
                all_ways.append(("gilrun", "--report", folder))
            for way in all_ways:
                same(way, expected, test(way))
    return case


def listening(way):
    return gilrun.started(*way, "python3", "-c", gilrun.LISTENER,
                          str(os.getpid()))


def state(pid):
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return "gone"
    return text.rpartition(")")[2].split()[0]


def hears(way):
    heard = []
    with listening(way) as process:
        process.stdout.readline()
        for number, value in ((signal.SIGUSR1, 42), (signal.SIGRTMIN + 1, 7),
                              (signal.SIGRTMIN + 1, (1 << 47) - 1),
                              (signal.SIGTERM, 0), (signal.SIGINT, 5)):
            libc.sigqueue(process.pid, number, value)
            heard.append(process.stdout.readline())
        for number in signal.SIGUSR2, signal.SIGHUP, signal.SIGCONT, \
                signal.SIGQUIT, signal.SIGALRM, signal.SIGWINCH, \
                signal.SIGRTMAX:
            process.send_signal(number)
            heard.append(process.stdout.readline())
        return heard, process.stdout.read(), process.wait(PATIENCE)


def stops(way):
    """SIGSTOP stops it, SIGCONT continues it, more than once."""
    seen = []
    with listening(way) as process:
        pid = int(process.stdout.readline())
        for _ in range(3):
            process.send_signal(signal.SIGSTOP)
            until(lambda: state(pid) == "T", "the program is stopped")
            until(lambda: state(process.pid) == "T" or way,
                  "what was started is stopped")
            process.send_signal(signal.SIGCONT)
            seen.append(process.stdout.readline())
        process.send_signal(signal.SIGRTMAX)
        seen.append(process.stdout.read())
        return seen, process.wait(PATIENCE)


def is_recording():
    return gilrun.run("pgrep", "-x", "trace-cmd|gilrecord").stdout


def is_killed(way):
    with listening(way) as process:
        pid = int(process.stdout.readline())
        process.kill()
        status = process.wait(PATIENCE)
        until(lambda: state(pid) in ("gone", "Z"), "the program ends")
        until(lambda: not is_recording(), "the recorder ends, and tidies up")
        return status


def nested(way):
    """A gilrun below another one joins its lock."""
    process = gilrun.run(*way, *(("gilrun",) if way else ()), "sh", "-c",
                         "echo hello; exit 5")
    return process.stdout, process.returncode


def nested_per_process():
    return nested(("gilrun", "--per-process"))


def nested_with_options():
    for outer in BECOME, ("gilrun", "--per-process"), STAY:
        for option in (("--stats",), ("--json",), ("-P", "fair"),
                       ("-i", "1ms"), ("--per-process",),
                       ("--level", "auto-io")):
            process = gilrun.run(*outer, "gilrun", *option, "true")
            same(f"{outer} {option}", 125, process.returncode)
            same("lines", 1, len(process.stderr.splitlines()))
            assert "outer gilrun" in process.stderr, process.stderr


def names():
    """Names of threads and programs are washed in the table and in JSON."""
    code = ("import pathlib; pathlib.Path('/proc/self/comm').write_bytes("
            "b'a\\x1b[31m\\xc3\\xa9\\xff')")
    for locale, shown in (("C", "a?[31m???"), ("C.UTF-8", "a?[31m\u00e9?")):
        process = gilrun.run("gilrun", "--stats", "python3", "-c", code,
                             encoding="utf-8",
                             env=os.environ | {"LC_ALL": locale})
        assert f" {shown} " in process.stderr, ascii(process.stderr)
        assert "\x1b" not in process.stderr, ascii(process.stderr)
    _, found = gilrun.report("python3", "-c", code, os.fsdecode(b"x\xff"))
    same("name", "a\x1b[31m\u00e9?", found["threads"][0]["name"])
    same("argument", "x?", found["parameters"]["program"][-1])


CASES = (
    ("what a program learns of a signal", ways(hears)),
    ("SIGSTOP and SIGCONT", ways(stops)),
    ("SIGKILL", ways(is_killed)),
    ("gilrun below gilrun", ways(nested)),
    ("gilrun below gilrun --per-process",
     lambda: same("as directly", nested(()), nested_per_process())),
    ("names in the report", names),
    ("gilrun with options below gilrun", nested_with_options),
)

if __name__ == "__main__":
    ktap.main(CASES, ktap.no_binding())
