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

# Says its process id, then each signal's number, code and value and, if that can
# be kept, whether the sender is the process whose id is the argument.
LISTENER = """
import ctypes, os, signal, struct, sys
libc = ctypes.CDLL(None)
wanted = set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
mask, info = ctypes.create_string_buffer(128), ctypes.create_string_buffer(128)
libc.sigfillset(mask)
print(os.getpid(), flush=True)
number = 0
while number != signal.SIGRTMAX:
    if libc.sigwaitinfo(mask, info) < 0:
        continue
    number, _, code, _, sender, user, value = struct.unpack_from(
        "iiiiIIQ", info.raw)
    queued = (sender == int(sys.argv[1]), user, value) if code < 0 else ()
    print(number, code, *queued, flush=True)
"""

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
    return gilrun.started(*way, "python3", "-c", LISTENER, str(os.getpid()))


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
                signal.SIGRTMAX:
            process.send_signal(number)
            heard.append(process.stdout.readline())
        return heard, process.wait(PATIENCE)


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
