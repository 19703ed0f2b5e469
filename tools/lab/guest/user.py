# SPDX-License-Identifier: GPL-2.0
"""In the guest: run what a student has written as an ordinary user, with limits.

All that runs as this user is in one control group, so that nothing of it outlives
the test, whatever it does.
"""

import ctypes
import os
import resource
import signal
import subprocess
import tempfile
import time
from pathlib import Path

# The guest knows no such user, and no file belongs to it.
USER = 29999
GROUP = Path("/sys/fs/cgroup/student")

MEMORY, PROCESSES = 512 << 20, 200
LIMITS = ((resource.RLIMIT_AS, 1 << 30), (resource.RLIMIT_FSIZE, 64 << 20),
          (resource.RLIMIT_NPROC, PROCESSES), (resource.RLIMIT_CPU, 600),
          (resource.RLIMIT_CORE, 0))

# How much of a program's output is kept.
SAID_MAX = 256 << 10

PR_SET_NO_NEW_PRIVS = 38


def make_group():
    if GROUP.exists():
        return
    (GROUP.parent / "cgroup.subtree_control").write_text("+memory +pids")
    GROUP.mkdir()
    (GROUP / "memory.max").write_text(str(MEMORY))
    (GROUP / "memory.oom.group").write_text("1")
    (GROUP / "pids.max").write_text(str(PROCESSES))


def _become_ordinary():
    (GROUP / "cgroup.procs").write_text("0")
    for limit, most in LIMITS:
        resource.setrlimit(limit, (most, most))
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    if ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError("no_new_privs is not known here")


def folder():
    """A new folder for it to write to, until the test ends."""
    made = tempfile.mkdtemp(prefix="user.", dir="/tmp")
    os.chown(made, USER, USER)
    return made


def start(command, **options):
    """A subprocess.Popen, in a folder of its own if the options name none. It
    ends with the test.
    """
    make_group()
    environment = {"PATH": "/gil/bin:/usr/bin", "HOME": "/tmp",
                   "LANG": "C.UTF-8", "LD_LIBRARY_PATH": "/gil/bin"}
    options.setdefault("cwd", folder())
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(command, env=environment,
                            preexec_fn=_become_ordinary, **options)


class Ended:
    """How a command ended: its status, or None if it had to be stopped, and what
    it said.
    """

    def __init__(self, status, said):
        self.status, self.said = status, said

    def __str__(self):
        if self.status is None:
            return "it was stopped, because it did not end"
        if self.status < 0:
            return f"it was killed by {signal.Signals(-self.status).name}"
        return f"it ended with status {self.status}"


def run(command, patience, **options):
    """Run a command for so many seconds at the most. No process of the user is
    left after it.
    """
    with tempfile.TemporaryFile(dir="/run") as output:
        process = start(command, stdout=output, stderr=subprocess.STDOUT,
                        **options)
        try:
            status = process.wait(patience)
        except subprocess.TimeoutExpired:
            status = None
        stop()
        process.wait()
        output.seek(0)
        said = output.read(SAID_MAX).decode("utf-8", "replace")
    return Ended(status, said)


def stop():
    """Kill all processes of the user. False if some are still there."""
    if not GROUP.exists():
        return True
    (GROUP / "cgroup.kill").write_text("1")
    end = time.monotonic() + 10
    while "populated 1" in (GROUP / "cgroup.events").read_text():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def clean():
    """After a test: stop all of the user, and remove what it has written. False
    if the next test needs another guest.
    """
    if not GROUP.exists():
        return True
    stopped = stop()
    subprocess.run(["find", "/tmp", "/dev/shm", "/var/tmp", "-user", str(USER),
                    "-delete"], check=False, stderr=subprocess.DEVNULL)
    return stopped
