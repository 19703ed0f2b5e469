#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test gilrun as a shell's job on a terminal: keys, stopping and continuing.

usage: terminal.py [PART-OF-A-CASE'S-NAME...]

Prints KTAP. Each case is tried both with gilrun becoming the program and with
gilrun as its parent (--stats).
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import tempfile
import termios
import time
from pathlib import Path

import gilrun
import ktap
from gilrun import WAYS
from ktap import PATIENCE, same, until

PROMPT = "@prompt@ "


class Shell:
    """bash on a terminal of its own, with job control."""

    def __init__(self):
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            os.environ["PS1"] = PROMPT
            os.execvp("bash", ["bash", "--norc", "--noprofile",
                               "--noediting", "-i"])
        self.text = ""
        self.seen = ""
        self.expect(PROMPT)
        # A key's signal must not throw away what was being printed.
        self.do("stty -echo noflsh")

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.terminal)
        os.waitpid(self.pid, 0)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def expect(self, word):
        """Read until it comes; what came before it."""
        end = time.monotonic() + PATIENCE
        while word not in self.text:
            ready, _, _ = select.select([self.terminal], [], [],
                                        max(0, end - time.monotonic()))
            assert ready, f"no '{word}' but: {self.seen}{self.text}"
            self.text += os.read(self.terminal, 4096).decode()
        before, self.text = self.text.split(word, 1)
        self.seen += before + word
        return before

    def do(self, line):
        """A command and what it printed until the prompt."""
        self.type(line + "\n")
        return self.expect(PROMPT)

    def echo(self, word):
        """A line that the program on the terminal repeats."""
        self.type(f"{word}\n")
        self.expect(word)

    def end(self, key, status):
        """The key ends the program on the terminal."""
        self.type(key)
        self.expect(PROMPT)
        same("status", status, self.status())

    def status(self):
        return int(self.do("echo $?"))


def both_ways(test):
    def case():
        for way in WAYS:
            with contextlib.closing(Shell()) as opened:
                try:
                    test(opened, " ".join(way))
                except OSError as error:
                    raise AssertionError(
                        f"the shell has gone: {opened.seen}") from error
    return case


def is_idle(pid):
    """Asleep, not stopped, and through with its signals; or gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return True
    return bool(re.search(r"^State:\tS", text, re.M) and
                re.search(r"^SigPnd:\t0+$", text, re.M) and
                re.search(r"^ShdPnd:\t0+$", text, re.M))


def is_settled(group):
    """Those of a job are continued one by one. A key between two of them would
    stop some, and the shell would continue those again."""
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return all(is_idle(pid) for pid in pids if group_of(pid) == group)


def group_of(pid):
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def stop_and_continue(sh, way):
    sh.type(f"{way} cat\n")
    for word in "one", "two", "three":
        sh.echo(word)
        until(lambda: is_settled(os.tcgetpgrp(sh.terminal)),
                     "all of the job run")
        sh.type("\x1a")
        sh.expect("Stopped")
        sh.expect(PROMPT)
        same("status when stopped", 128 + signal.SIGTSTP, sh.status())
        assert "Stopped" in sh.do("jobs")
        sh.type("fg\n")
        sh.expect("cat")
    sh.echo("last")
    sh.end("\x04", 0)


def key_that_ends(key, number):
    def test(sh, way):
        sh.type(f"{way} cat\n")
        sh.echo("here")
        sh.end(key, 128 + number)
    return test


def keys_come_once(sh, way):
    """One signal for each key, and for each new size of the terminal."""
    sh.do(f"cat >listener.py <<'END'\n{gilrun.LISTENER}END")
    sh.type(f"{way} python3 listener.py 0\n")
    pid = int(sh.expect("\r\n"))
    keys = (("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT),
            ("\x1a", signal.SIGTSTP), (None, signal.SIGWINCH),
            ("\x03", signal.SIGINT))
    for key, number in keys:
        if key:
            sh.type(key)
        else:
            fcntl.ioctl(sh.terminal, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 30, 90, 0, 0))
        same("the signal", int(number), int(sh.expect("\r\n").split()[0]))
    os.kill(pid, signal.SIGRTMAX)
    same("at the end", f"{int(signal.SIGRTMAX)} 0\r\n", sh.expect(PROMPT))
    same("status", 0, sh.status())


def background(sh, way):
    """Stopped, it goes on in the background, and ends there.

    It has no children: while one that was made by vfork() is stopped before its
    exec, the parent does not stop, with gilrun or without.
    """
    sh.do("rm -f flag")
    sh.type(f"{way} sh -c 'echo be''gun; while ! test -e flag; do :; done;"
            " echo fin''ished'\n")
    sh.expect("begun")
    sh.type("\x1a")
    sh.expect("Stopped")
    sh.expect(PROMPT)
    sh.do("bg")
    assert "Running" in sh.do("jobs")
    sh.type("wait %1; echo status=$?\n")
    Path("flag").touch()
    sh.expect("finished")
    sh.expect("status=0")


def wants_the_terminal(sh, way):
    """In the background it is stopped as it reads from the terminal."""
    sh.do(f"{way} cat &")
    sh.do("until jobs -s | grep -q cat; do sleep 0.05; done")
    sh.type("fg\n")
    sh.expect("cat")
    sh.echo("mine")
    sh.end("\x04", 0)


def stopped_by_another(sh, way):
    """The signals to gilrun alone, not to its process group."""
    sh.do(f"{way} sleep 1000 &")
    for name in "TSTP", "STOP", "STOP":
        sh.do(f"kill -{name} $!;"
              " until jobs -s | grep -q sleep; do sleep 0.05; done")
        sh.do("kill -CONT $!;"
              " until jobs -r | grep -q sleep; do sleep 0.05; done")
    sh.do("kill $!")
    same("status", 128 + signal.SIGTERM,
         int(sh.do("wait $! 2>/dev/null; echo $?").split()[-1]))


def hangs_up(sh, way):
    """The terminal goes away: the program is told, and ends."""
    sh.type(f"{way} sh -c 'echo $$ >pid; exec cat'\n")
    path = Path("pid")
    until(lambda: path.exists() and
                 path.read_text(encoding="ascii").strip(), "cat runs")
    pid = int(path.read_text(encoding="ascii"))
    until(lambda: gilrun.is_bound(pid), "cat is bound")
    os.close(sh.terminal)
    until(lambda: pid not in gilrun.bound(), "cat ends")
    path.unlink()
    sh.terminal = os.open("/dev/null", os.O_RDWR)


CASES = (
    ("Control-Z and fg, three times", both_ways(stop_and_continue)),
    ("Control-C", both_ways(key_that_ends("\x03", signal.SIGINT))),
    ("Control-\\", both_ways(key_that_ends("\x1c", signal.SIGQUIT))),
    ("each key's signal comes once", both_ways(keys_come_once)),
    ("Control-Z and bg", both_ways(background)),
    ("a background job that reads", both_ways(wants_the_terminal)),
    ("stopped and continued by another", both_ways(stopped_by_another)),
    ("the terminal goes away", both_ways(hangs_up)),
)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        ktap.main(CASES, ktap.no_binding())


if __name__ == "__main__":
    main()
