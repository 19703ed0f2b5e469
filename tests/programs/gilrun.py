# SPDX-License-Identifier: GPL-2.0
"""Run programs by gilrun, in its two ways, and tell which threads are bound, for
the tests of gilrun.
"""

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

from ktap import PATIENCE

# gilrun becomes the program; gilrun stays as its parent.
BECOME = ("gilrun",)
STAY = ("gilrun", "--stats", "-o", "/dev/null")
WAYS = (BECOME, STAY)

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

THREADS = Path("/sys/kernel/debug/gil/threads")


def run(*command, **options):
    """Returns a CompletedProcess with text."""
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=PATIENCE, check=False, **options)


@contextlib.contextmanager
def started(*command, **options):
    """A process with a pipe to and from it, which is killed in the end."""
    with subprocess.Popen(command, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True,
                          **options) as process:
        try:
            yield process
        finally:
            process.kill()


def report(*command, options=(), **others):
    """Run and return the process and gilrun's report."""
    with tempfile.TemporaryDirectory() as folder:
        # Whoever runs it must be able to write it.
        os.chmod(folder, 0o777)
        path = os.path.join(folder, "report")
        process = run("gilrun", "--json", "-o", path, *options, "--",
                      *command, **others)
        with open(path, encoding="utf-8") as file:
            text = file.read()
    assert text, f"no report; stderr: {process.stderr}"
    return process, json.loads(text)


def bound():
    """Process id -> how its threads are bound, of all locks."""
    rows = THREADS.read_text(encoding="ascii").splitlines()
    names = rows[0].split()
    found = {}
    for row in rows[1:]:
        values = dict(zip(names, row.split()))
        found.setdefault(int(values["tgid"]), []).append(
            int(values["bind"], 0))
    return found


def is_bound(pid):
    return any(bound().get(pid, []))
