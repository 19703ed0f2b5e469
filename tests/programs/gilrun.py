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

# A program that says which signals it got, and ends at SIGRTMAX.
LISTENER = """
import os, signal
wanted = set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
print("pid", os.getpid(), flush=True)
while (got := signal.sigwait(wanted)) != signal.SIGRTMAX:
    print(f"got {int(got)}.", flush=True)
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
