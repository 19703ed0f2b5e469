# SPDX-License-Identifier: GPL-2.0
"""Build a submission and run the tests of its assignment in guests.

The guest sees a folder made for this one submission. It holds copies of the
scripts that the guest needs, of the graders, and of the student's sources. While
a submission is graded, the guest cannot change the folder.
"""

import collections
import hashlib
import hmac
import itertools
import os
import queue
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import threading
import time

import kit

# How tools/vm/boot says that a guest did not end well.
ENDS = {80: "the kernel panicked", 81: "the guest hung",
        82: "the kernel complained in its log",
        83: "the guest went away"}
EMULATOR_FAILED = 84
# So often a guest is booted again that ended before a test had begun, or whose
# emulator failed. Neither is the submission's fault.
TRIES = 3

# Seconds: for a guest to boot, on a slow machine; for one test after that, where
# the guest is as fast as the reference. The guest measures itself.
BOOT_LIMIT = 300
TEST_LIMIT = 20

# Set to stop all guests.
STOP = threading.Event()


def lines_of(stream):
    """Its lines; one that is too long is several."""
    while line := stream.readline(4096):
        yield line.rstrip("\n")

# Before a command by hand: the modules that there are, and the project's programs.
LOADS = "for ko in /gil/gil.ko /gil/student/*.ko; do " \
    "[ ! -e $ko ] || insmod $ko; done; " \
    "export PATH=/gil/bin:$PATH LD_LIBRARY_PATH=/gil/bin"


class Builds:
    """A folder for one submission: what the guest sees as /gil."""

    def __init__(self, assignment, sources, variant):
        self.assignment, self.variant = assignment, variant
        self.folder = kit.temporary("stage")
        self.student = self.folder / "student"
        self._copy(sources)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        kit.remove(self.folder)

    def _copy(self, sources):
        top, to = kit.TOP, self.folder
        shutil.copytree(top / "tools/vm", to / "tools/vm")
        (to / "tests").mkdir()
        shutil.copy(top / "tests/splats", to / "tests/splats")
        shutil.copytree(kit.HERE / "guest", to / "grader",
                        ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(self.assignment.folder / "grade.py", to / "grader")
        # Not for the ordinary user as whom a student's program runs.
        (to / "grader").chmod(0o700)
        include = to / "include/linux"
        include.mkdir(parents=True)
        shutil.copy(top / "module/include/uapi/linux/gil.h", include)
        self.student.mkdir()
        for name, content in sources.items():
            (self.student / name).write_bytes(content)
        for name, text, mode in self.assignment.given_files(self.variant):
            (self.student / name).write_text(text, "utf-8")
            (self.student / name).chmod(mode)
        if self.assignment.kind in ("policy", "recording"):
            shutil.copy(top / "build/guest/module/gil.ko", to / "gil.ko")
        if self.assignment.uses_programs:
            shutil.copytree(top / "build/guest/userspace", to / "bin",
                            ignore=shutil.ignore_patterns("*.o", "*.d"))
            for path in (top / "tools/trace").glob("*.bt"):
                shutil.copy(path, to / "bin")
        if self.assignment.kind in ("module", "device", "policy"):
            self._write_kbuild(sources)

    def _write_kbuild(self, sources):
        # Only what the kit writes tells make what to do.
        top, to = kit.TOP, self.folder
        objects = " ".join(name[:-2] + ".o" for name in sources
                           if name.endswith(".c"))
        include = "-I/gil/include -I/gil/student"
        if self.assignment.kind == "policy":
            gil = top / "build/guest/installed/usr/local/src/gil"
            shutil.copytree(gil, to / "gil")
            include = "-I/gil/gil/include"
        if self.assignment.judge:
            shutil.copytree(self.assignment.folder / "judge", to / "judge")
            for path in self.assignment.judge:
                shutil.copy(path, to / "judge")
        (self.student / "Kbuild").write_text(
            f"obj-m := {objects}\n"
            f"ccflags-y := {include} -Wall -Werror=implicit-fallthrough\n",
            "utf-8")

    def build(self):
        """None, or what the compiler said."""
        if self.assignment.kind == "recording":
            return None
        line = 'make -s -C "$KDIR" M=/gil/student modules'
        if self.assignment.kind == "policy":
            line += ' KBUILD_EXTRA_SYMBOLS="$(echo /gil/gil/*/Module.symvers)"'
        if self.assignment.judge:
            line += '; make -s -C "$KDIR" M=/gil/judge modules'
        if self.assignment.kind == "user":
            line = "make -s -C /gil/student"
        done = subprocess.run(
            [self.folder / "tools/vm/build", "--", "sh", "-euc", line],
            capture_output=True, text=True, errors="replace", check=False,
            stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            return None
        said = (done.stdout + done.stderr).replace("/gil/student/", "")
        # What make adds says nothing, if the compiler has said something.
        short = "\n".join(line for line in said.splitlines()
                          if not line.startswith("make"))
        return short or said or f"the build ended with {done.returncode}"

    def bring_out(self, folder):
        """Copy what was recorded in the guest into the student's folder."""
        for name in (*self.assignment.recordings, *self.assignment.shows):
            path = self.student / name
            if path.is_symlink():
                continue
            if path.is_dir():
                shutil.copytree(path, folder / name, symlinks=True,
                                dirs_exist_ok=True)
            elif path.is_file():
                shutil.copy(path, folder)

    def boot(self, command, *options):
        return [os.fspath(self.folder / "tools/vm/boot"), "--cpus", "1",
                *options, command]


class Run:
    """The tests of one submission, in as many guests as it takes. With more than
    one round, the results of the later ones are those of NAME:2 and so on.
    """

    def __init__(self, builds, report=lambda test, result: None, rounds=1):
        self.builds, self.report = builds, report
        self.results = {}
        self.wanted = [test.name if number == 1 else f"{test.name}:{number}"
                       for number in range(1, rounds + 1)
                       for test in builds.assignment.tests]
        self.scale = 1.0
        self.number = ""

    def all(self):
        tries = 0
        while left := [name for name in self.wanted
                       if name not in self.results]:
            before = len(self.results)
            if status := self._guest(left):
                tries = 0 if len(self.results) > before else tries + 1
                if tries == TRIES:
                    raise kit.Problem(
                        "the guest does not start its tests "
                        f"({self._end(status)}): try 'make test SUITES=vm', "
                        "which tests the guest itself")
        return self.results

    def _settle(self, name, **result):
        self.results.setdefault(name, result)
        self.report(name, self.results[name])

    def _guest(self, names):
        """Boot once and run these tests as far as they come. Not 0 if they did
        not all come to an end.
        """
        self.nonce = secrets.token_hex(16)
        self.secret = self.builds.folder / "nonce"
        with open(os.open(self.secret, os.O_CREAT | os.O_WRONLY | os.O_TRUNC,
                          0o600), "w", encoding="ascii") as file:
            file.write(self.nonce)
        line = shlex.join([
            "python3", "-I", "grader/run.py", self.builds.assignment.kind,
            str(self.builds.variant), str(TEST_LIMIT), *names])
        # Freed memory is overwritten, so that its use does not go unnoticed.
        command = self.builds.boot(line, "--timeout", "36000", "--name", "lab",
                                   "--read-only", "--append", "slub_debug=FZP")
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace",
            start_new_session=True)
        try:
            status, begun = self._follow(process)
        finally:
            if process.poll() is None:
                self._stop(process)
        if begun and begun not in self.results and status != EMULATOR_FAILED:
            kind = "hang" if status == 81 else "crash"
            self._settle(begun, ok=False, kind=kind,
                         expected="the kernel goes on",
                         seen=self._end(status), events=self._log(begun))
        return status or (1 if len(self.results) < len(self.wanted) else 0)

    def _follow(self, process):
        """Read what the guest says, and stop it when a test takes too long."""
        lines = queue.Queue()

        def reader():
            for line in lines_of(process.stdout):
                lines.put(line)
            lines.put(None)

        self.errors = collections.deque(maxlen=200)
        readers = [threading.Thread(target=reader),
                   threading.Thread(target=lambda: self.errors.extend(
                       lines_of(process.stderr)))]
        for thread in readers:
            thread.start()
        begun, said, limit, hung = None, [], BOOT_LIMIT, False
        end = time.monotonic() + limit
        while True:
            try:
                line = lines.get(
                    timeout=min(1.0, max(0.0, end - time.monotonic())))
            except queue.Empty:
                if STOP.is_set():
                    raise kit.Problem("it was stopped") from None
                if time.monotonic() < end:
                    continue
                hung = True
                self._stop(process)
                break
            if line is None:
                break
            text = self._signed(line)
            if not text:
                said = [*said[-60:], line]
            elif text.startswith("# scale "):
                # The guest has read the number, and waits until it is gone.
                self.secret.unlink()
                self.scale = min(50.0, float(text.split()[2]))
            elif text.startswith("# begin "):
                begun, said, self.number = text.split()[2], [], ""
                end = time.monotonic() + 2 * TEST_LIMIT * self.scale + 15
            elif text.startswith("# number "):
                self.number = text.removeprefix("# number ")
            else:
                self._result(text, said)
        for thread in readers:
            thread.join()
        status = process.wait()
        return (81 if hung else status), begun

    def _signed(self, line):
        """The line without its signature, if the grader wrote it: only the
        grader knows the number that signs it. Otherwise None.
        """
        text, _, sign = line.rpartition(" # ")
        wanted = hmac.new(self.nonce.encode(), text.encode(),
                          hashlib.sha256).hexdigest()[:16]
        same = hmac.compare_digest(sign.encode(), wanted.encode())
        return text if same else None

    def _result(self, text, said):
        """Take a result, with what was said about it."""
        told = {"expected": "", "seen": "", "kind": "", "number": self.number}
        events = []
        for line in said:
            key, _, value = line.removeprefix("# ").partition(": ")
            if key in told:
                told[key] = value
            elif key == "event":
                events.append(value)
        self._settle(text.split()[-1], ok=text.startswith("ok"), events=events,
                     **told)

    def _stop(self, process):
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def _end(self, status):
        for line in self.errors:
            if line.startswith("guest: ") and "log is" not in line:
                return line.removeprefix("guest: ").strip()
        if not status:
            return "the guest ended before the test had a result"
        last = "".join(collections.deque(self.errors, 1))
        return ENDS.get(status, last or f"the guest ended with status {status}")

    def _log(self, name):
        """What the kernel's log says since the test began."""
        path = self.builds.folder / "build/log/lab.kernel"
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in lines_of(log):
                if line.endswith(f"lab: begin {name}"):
                    break
            return [re.sub(r"^\[[ \d.]+\] ", "", line)
                    for line in itertools.islice(lines_of(log), 25)]
