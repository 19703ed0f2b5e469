# SPDX-License-Identifier: GPL-2.0
"""Run each attempt of hostile.c and look at what it did."""

import os
import signal
import subprocess

from actors import Unexpected, expect
import user


def attempt(name, patience=20):
    return user.run(["/gil/student/hostile", name], patience)


def harmless(name, *statuses, patience=20):
    """It said nothing, which would be a success, and it ended like that."""
    ended = attempt(name, patience)
    expect("what it said", "", ended.said)
    if ended.status not in (statuses or (0,)):
        raise Unexpected("another end", str(ended))
    nothing_is_left()


def nothing_is_left():
    told = subprocess.run(["ps", "-o", "stat=,args=", "-u", str(user.USER)],
                          capture_output=True, text=True, check=False).stdout
    expect("processes that are left", [],
           [line for line in told.splitlines() if not line.startswith("Z")])


def test_secrets(_):
    harmless("secrets")


def test_root(_):
    harmless("root")


def test_kills(_):
    harmless("kills", 0, -signal.SIGKILL)


def test_forks(_):
    harmless("forks", None, patience=2)


def test_memory(_):
    harmless("memory", 0, -signal.SIGKILL)


def test_disk(_):
    harmless("disk", -signal.SIGXFSZ)


def test_endless(_):
    harmless("endless", None, patience=1)


def test_daemon(_):
    harmless("daemon")
    user.clean()
    expect("what it left in /tmp", False, os.path.exists("/tmp/left"))


def test_answers(_):
    expect("lines", 3, attempt("answers").said.count("\n"))
