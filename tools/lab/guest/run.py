# SPDX-License-Identifier: GPL-2.0
"""In the guest: run the tests of one assignment, one after the other.

run.py KIND VARIANT LIMIT TEST...

Each result is a line of KTAP. Such lines are signed with a number from the file
nonce, which the host removes before any code of the student runs. LIMIT is how
many seconds a test may take in a guest that is as fast as the reference.
"""

import hashlib
import hmac
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

# What the calibration takes where the limits were chosen, in seconds.
REFERENCE = 0.25


def say(line, key=None):
    """With a key the line is signed, and begins anew whatever a submission has
    written before it.
    """
    if key:
        sign = hmac.new(key, line.encode(), hashlib.sha256).hexdigest()
        line = f"\n{line} # {sign[:16]}"
    print(line, flush=True)


def calibrate():
    begin = time.monotonic()
    for _ in range(100000):
        os.getppid()
    return max(1.0, (time.monotonic() - begin) / REFERENCE)


def go_first():
    """Submissions that compute without end must not stop the grader. What it
    starts is an ordinary process again.
    """
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK,
                          os.sched_param(1))


def mark(name):
    Path("/dev/kmsg").write_text(f"lab: begin {name}\n", "ascii")


def splat(name):
    """What the kernel complained about since the test began, or ''."""
    log = subprocess.run(["dmesg"], capture_output=True, text=True,
                         errors="replace", check=False).stdout
    path = Path("/run/lab-log")
    path.write_text(log.rpartition(f"lab: begin {name}\n")[2], "utf-8")
    return subprocess.run(["tests/splats", path], capture_output=True,
                          text=True, check=False).stdout.strip()


def child(function, variant, to):
    """Run one test and write its result to a pipe."""
    import actors
    os.setsid()
    go_first()
    result = {"ok": True, "expected": "", "seen": ""}
    try:
        function(variant)
    except actors.Unexpected as error:
        result = {"ok": False, "expected": error.expected, "seen": error.seen}
    except Exception as error:  # a grader's fault is told as such
        import traceback
        traceback.print_exc()
        result = {"ok": False, "expected": "a grader that works",
                  "seen": repr(error)}
    result["events"] = actors.EVENTS[-12:]
    result["number"] = actors.NUMBER
    os.write(to, json.dumps(result).encode() + b"\n")
    os._exit(0)


def run(function, variant, limit):
    """The result of a test, and whether the guest can go on after it."""
    end = time.monotonic() + limit
    get, to = os.pipe()
    pid = os.fork()
    if not pid:
        child(function, variant, to)
    os.close(to)
    told = b""
    # Actors that are stuck keep the pipe open.
    while not told.endswith(b"\n") and \
            select.select([get], [], [], max(0, end - time.monotonic()))[0]:
        if not (part := os.read(get, 65536)):
            break
        told += part
    os.close(get)
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    gone = time.monotonic() + 5
    while not (ended := os.waitpid(pid, os.WNOHANG)[0]) and \
            time.monotonic() < gone:
        time.sleep(0.02)
    try:
        result = json.loads(told)
    except ValueError:
        result = {"ok": False, "expected": "an end within the time limit",
                  "seen": "none: the test was stopped", "events": []}
        result["kind"] = "limit"
    return result, bool(ended)


def main():
    secret = Path("nonce")
    nonce = secret.read_bytes()
    kind, variant, limit, *names = sys.argv[1:]
    go_first()
    scale = calibrate()
    say("KTAP version 1")
    say(f"# scale {scale:.2f}", nonce)
    while secret.exists():
        time.sleep(0.01)
    say(f"1..{len(names)}")
    import actors
    import grade
    import user
    actors.KIND = kind
    actors.PATIENCE *= scale
    for number, name in enumerate(names, 1):
        say(f"# begin {name}", nonce)
        mark(name)
        function = getattr(
            grade, "test_" + name.partition(":")[0].replace("-", "_"))
        result, goes_on = run(function, int(variant), float(limit) * scale)
        goes_on = user.clean() and actors.clean(kind) and goes_on
        if complaint := splat(name):
            result.update(ok=False, kind="splat", seen=complaint,
                          expected="no complaint in the kernel's log")
            goes_on = False
        for key in ("kind", "expected", "seen"):
            if result.get(key) not in (None, ""):
                say(f"# {key}: {' '.join(str(result[key]).split())}")
        if result.get("number"):
            say(f"# number {result['number']}", nonce)
        if not result["ok"]:
            for event in result["events"]:
                say(f"# event: {event}")
        say(f"{'' if result['ok'] else 'not '}ok {number} {name}", nonce)
        if not goes_on:
            # The host boots another guest for the rest.
            break
    sys.stdout.flush()


main()
