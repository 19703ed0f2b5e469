#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test how gilrun starts programs of every kind, and how it and they end.

usage: endings.py [PART-OF-A-CASE'S-NAME...]

Prints KTAP. Most cases are tried both with gilrun becoming the program and with
gilrun as its parent (--stats).
"""

import os
import shutil
import signal
import stat
import tempfile
import time
from pathlib import Path

import gilrun
import ktap
from gilrun import WAYS
from ktap import PATIENCE, same, until

# Spins until the other has come this far too; neither blocks meanwhile.
MEETING = """
import mmap, os
page = mmap.mmap(-1, 4096)
page[:] = bytes(4096)
me = 1 - bool(os.fork())
for step in range(1, 51):
    page[me] = step
    while page[1 - me] < step:
        pass
if not me:
    os.wait()
"""

# Two threads that compute for half a second, holding no lock of Python's.
HOGS = """
import hashlib, threading, time
def hog():
    block = bytes(1 << 20)
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        hashlib.sha256(block)
threads = [threading.Thread(target=hog) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""

EXEC_FROM_THREAD = """
import os, threading
def become():
    os.execvp("sh", ["sh", "-c", "echo became $$; exit 7"])
print(os.getpid(), flush=True)
threading.Thread(target=become).start()
while True:
    pass
"""

# Leaves a process that nobody waits for, which ends when it is told to.
DAEMON = """
import os, sys
fifo, log = sys.argv[1:]
if os.fork():
    os._exit(3)
os.setsid()
if os.fork():
    os._exit(0)
for fd in range(3):
    os.close(fd)
    os.open("/dev/null", os.O_RDWR)
with open(log, "w") as file:
    print(os.getpid(), file=file)
with open(fifo) as file:
    word = file.read()
with open(log, "a") as file:
    print(word, file=file)
"""


def python(text, *arguments):
    return ("python3", "-c", text, *arguments)


def statuses():
    for way in WAYS:
        for status in (0, 7, 126, 255):
            process = gilrun.run(*way, "sh", "-c", f"exit {status}")
            same(f"{way} exit {status}", status, process.returncode)
            same("standard error", "", process.stderr)


def deaths():
    for way in WAYS:
        for name in ("INT", "SEGV", "TERM", "KILL", "RTMIN"):
            process = gilrun.run(*way, "sh", "-c", f"kill -{name} $$")
            same(f"{way} SIG{name}", -getattr(signal, "SIG" + name),
                 process.returncode)


def deaths_seen_by_a_shell():
    for way in WAYS:
        process = gilrun.run("sh", "-c", '"$@"; echo $?', "sh", *way, "sh",
                             "-c", "kill -TERM $$")
        same(f"{way} status", "143\n", process.stdout)


def what_is_inherited():
    """Signals blocked and ignored, descriptors, folder, environment."""
    look = ("sh", "-c", "grep ^Sig /proc/self/status; ls /proc/self/fd; pwd;"
            " export -p; umask")

    def setting():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGUSR1})

    plain = gilrun.run(*look, preexec_fn=setting)
    same("status", 0, plain.returncode)
    for way in WAYS:
        process = gilrun.run(*way, *look, preexec_fn=setting)
        same(f"{way}", plain.stdout, process.stdout)
        same("status", 0, process.returncode)


def cannot_begin():
    """Why, the status, and no report of a program that never ran."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, "plain")
        plain.write_text("not a program\n", encoding="ascii")
        lost = Path(folder, "lost")
        lost.write_text("#!/no/such/interpreter\n", encoding="ascii")
        lost.chmod(0o755)
        for program, status, why in (
                ("no-such-program", 127, "No such file"),
                (str(lost), 127, "No such file"),
                (str(plain), 126, "Permission denied"),
                (f"{plain}/x", 126, "Not a directory"),
                (folder, 126, "Permission denied")):
            for way in ("gilrun",), ("gilrun", "--stats"), \
                    ("gilrun", "--json"):
                process = gilrun.run(*way, program)
                same(f"{way} {program}", status, process.returncode)
                same("standard output", "", process.stdout)
                lines = process.stderr.splitlines()
                same("lines of standard error", 1, len(lines))
                assert program in lines[0] and why in lines[0], lines[0]


def wrong_use():
    """Says what is wrong and runs nothing."""
    for arguments, word in (
            ((), "PROGRAM"), (("",), "PROGRAM"),
            (("--policy", "lottery", "echo", "ran"), "lottery"),
            (("--policy", "much_too_long_a_name", "echo", "ran"), "policy"),
            (("--interval", "0", "echo", "ran"), "interval"),
            (("--interval", "11s", "echo", "ran"), "interval"),
            (("--interval", "soon", "echo", "ran"), "soon"),
            (("--level", "manual", "echo", "ran"), "manual"),
            (("--no-such-option", "echo", "ran"), "no-such-option"),
            (("-o", "/no/such/folder/file", "echo", "ran"), "/no/such")):
        process = gilrun.run("gilrun", *arguments)
        same(f"{arguments}", 125, process.returncode)
        same("standard output", "", process.stdout)
        assert word in process.stderr, process.stderr


def reasons():
    """What the device refuses is told in words about locks."""
    cases = [(("sh", "-c", "ulimit -n 4; exec gilrun true"), "ulimit -n"),
             (("gilrun", "gilbench", "--level", "enforced", "--quick", "io"),
              "without gilrun")]
    if not os.getuid():
        cases += [(("unshare", "-m", "sh", "-c",
                    f"mount -t tmpfs none /dev; exec {program}"),
                   "the module is loaded, so a container")
                  for program in ("gilrun true", "gilbench io")]
    for command, word in cases:
        process = gilrun.run(*command)
        assert process.returncode, f"{command}: {process.stdout}"
        same(f"lines of {command}", 1, len(process.stderr.splitlines()))
        assert word in process.stderr, process.stderr


def interval():
    """A thread is made to let others go first once in an interval at most."""
    seen = {}
    for text, seconds in (("1ms", 0.001), ("50ms", 0.05)):
        process, found = gilrun.report(*python(HOGS),
                                       options=("-i", text))
        same("status", 0, process.returncode)
        same("interval", round(seconds * 1e9),
             found["parameters"]["interval_ns"])
        seen[text] = found["total"]["forced_switches"]
        most = found["elapsed_s"] / seconds + 1
        assert 0 < seen[text] <= most, f"{seen} of {most} at most"
    assert seen["1ms"] > seen["50ms"], seen
    return f"{seen['1ms']} with 1 ms, {seen['50ms']} with 50 ms"


def policies():
    for policy in "fifo", "cpython", "io_first", "fair":
        process, found = gilrun.report("sh", "-c", "exit 4",
                                       options=("-P", policy))
        same("status", 4, process.returncode)
        same("policy", policy, found["parameters"]["policy"])


def runs(path, *arguments):
    """The program at path says 'hello', under the lock both ways."""
    for way in WAYS:
        process = gilrun.run(*way, path, *arguments)
        same(f"{way} says", "hello\n", process.stdout)
        same("status", 5, process.returncode)
    _, found = gilrun.report(path, *arguments)
    assert found["threads"], "nothing was bound"


def script(text):
    def case():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "script")
            path.write_text(text, encoding="ascii")
            path.chmod(0o755)
            runs(str(path))
    return case


def static_program():
    ktap.need("busybox", "readelf")
    headers = gilrun.run("readelf", "-l", shutil.which("busybox")).stdout
    assert "LOAD" in headers, headers
    if "INTERP" in headers:
        raise ktap.Skip("this busybox is not static")
    runs("busybox", "sh", "-c", "echo hello; exit 5")


def vfork_and_spawn():
    """subprocess starts its children by vfork where it can."""
    runs(*python("import subprocess, sys\n"
                 "subprocess.run(['echo', 'hello'])\n"
                 "sys.exit(subprocess.run(['sh', '-c', 'exit 5'])"
                 ".returncode)"))


def exec_from_a_thread():
    for way in WAYS:
        process = gilrun.run(*way, *python(EXEC_FROM_THREAD))
        pid, became = process.stdout.split("\n", 1)
        same("process", f"became {pid}\n", became)
        same("status", 7, process.returncode)
    _, found = gilrun.report(*python(EXEC_FROM_THREAD))
    assert found["complete"] and len(found["threads"]) >= 2, found


def with_daemon(way, folder, test):
    fifo, log = Path(folder, "fifo"), Path(folder, "log")
    os.mkfifo(fifo)
    process = gilrun.run(*way, *python(DAEMON, fifo, log))
    same(f"{way} status", 3, process.returncode)

    def born():
        return log.exists() and log.read_text(encoding="ascii").strip()

    pid = int(until(born, "the daemon writes"))
    test(process, pid)
    with open(fifo, "w", encoding="ascii") as file:
        file.write("done")
    until(lambda: "done" in log.read_text(encoding="ascii"),
                 "the daemon ends its work")
    until(lambda: pid not in gilrun.bound(), "the daemon ends")


def daemons():
    """They stay under the lock; gilrun does not wait for ever."""
    def is_bound(process, pid):
        same("standard error", "", process.stderr)
        assert gilrun.is_bound(pid), gilrun.bound()

    def is_missed(process, pid):
        is_bound_quietly(pid)
        assert "had not ended yet" in process.stderr, process.stderr

    def is_bound_quietly(pid):
        assert gilrun.is_bound(pid), gilrun.bound()

    for way, test in ((gilrun.BECOME, is_bound),
                      (("gilrun", "--stats"), is_missed)):
        with tempfile.TemporaryDirectory() as folder:
            with_daemon(way, folder, test)


def as_user(user):
    return {"user": user, "group": user, "extra_groups": []}


def gains_privileges():
    """A set-user-ID program is not kept to the lock of who started it, nor
    what it starts; nor do those who started it miss anything."""
    if os.getuid():
        raise ktap.Skip("only root makes such a program")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = Path(folder, "privileged")
        shutil.copy(shutil.which("cat"), program)
        program.chmod(0o755 | stat.S_ISUID)
        for way in WAYS:
            for user, expected in ((65534, False), (0, True)):
                with gilrun.started(*way, "sh", "-c", f"{program}; exit 9",
                                    **as_user(user)) as process:
                    process.stdin.write("x\n")
                    process.stdin.flush()
                    same("echo", "x\n", process.stdout.readline())
                    pid = process_named(program.name, user)
                    same(f"{way}, user {user}: bound", expected,
                         gilrun.is_bound(pid))
                    process.stdin.close()
                    same("status", 9, process.wait(PATIENCE))
        # While it runs, its parent has the lock: spin beside it.
        process, found = gilrun.report(
            "sh", "-c", f"{program} /dev/zero | head -c 100000 | wc -c",
            **as_user(65534))
        same("output", "100000\n", process.stdout)
        assert found["complete"], found


def process_named(name, user):
    def find():
        for path in Path("/proc").glob("[0-9]*"):
            try:
                words = (path / "stat").read_text(encoding="ascii")
                status = (path / "status").read_text(encoding="ascii")
            except OSError:
                continue
            if f"({name})" in words and f"\nUid:\t{user}\t" in status:
                return int(path.name)
        return None
    return until(find, f"there is a process {name}")


def per_process():
    """Two processes that spin until the other has moved: each needs to be in
    user mode while the other is. Under one lock at the level auto-io they
    would never end, for they do not block."""
    process, found = gilrun.report(
        *python(MEETING), options=("--per-process", "--level", "auto-io"))
    same("status", 0, process.returncode)
    locks = {thread["lock"] for thread in found["threads"]}
    same("locks", 2, len(locks))


def one_lock_at_auto_io():
    """The check above can fail: under one lock they do not meet."""
    with gilrun.started("gilrun", "--level", "auto-io",
                        *python(MEETING), start_new_session=True) as process:
        begin = time.monotonic()
        while time.monotonic() < begin + 2:
            same("has ended", None, process.poll())
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)


CASES = (
    ("the program's exit status", statuses),
    ("the signal that ends the program", deaths),
    ("the signal that ends the program, as a shell sees it", deaths_seen_by_a_shell),
    ("what a program inherits", what_is_inherited),
    ("programs that cannot begin", cannot_begin),
    ("wrong use", wrong_use),
    ("errors of the device", reasons),
    ("the switch interval", interval),
    ("every policy by its name", policies),
    ("a shell's script", script("#!/bin/sh\necho hello\nexit 5\n")),
    ("a script of another language",
     script("#!/usr/bin/env python3\nprint('hello')\nraise SystemExit(5)\n")),
    ("a script that names no interpreter", script("echo hello\nexit 5\n")),
    ("a static program", static_program),
    ("children by vfork", vfork_and_spawn),
    ("exec from a thread that is not the first", exec_from_a_thread),
    ("daemons", daemons),
    ("programs that gain privileges", gains_privileges),
    ("--per-process: two processes run at once", per_process),
    ("without it they do not", one_lock_at_auto_io),
)

if __name__ == "__main__":
    ktap.main(CASES, ktap.no_binding())
