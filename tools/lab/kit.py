# SPDX-License-Identifier: GPL-2.0
"""Where the kit's files are, and what an assignment consists of."""

import hashlib
import json
import secrets
import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
ASSIGNMENTS = HERE / "assignments"
BUILD = TOP / "build" / "lab"

# In a student's folder: which assignment it is, and which variant.
MARK = ".lab.json"

# More than this is not read from a submission, file by file.
SOURCE_MAX = 256 * 1024
RECORDING_MAX = 4 * 1024 * 1024


class Problem(Exception):
    """What went wrong and what to do next, in one sentence."""


class Usage(Problem):
    """The command line, or what it names, was wrong."""


def temporary(name):
    """A new folder that the guest may see, for the caller to remove."""
    BUILD.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=name + ".", dir=BUILD))
    folder.chmod(0o755)
    return folder


@dataclass
class Test:
    name: str
    points: int
    what: str


class Assignment:
    """One folder of assignments/."""

    def __init__(self, folder):
        self.folder = folder
        told = tomllib.loads((folder / "assignment.toml").read_text("utf-8"))
        self.id = folder.name
        self.number = told["number"]
        self.title = told["title"]
        self.hours = told["hours"]
        # What is built: a module, a device (a module in the kit's frame), a policy
        # (a module on gil.ko), a program of an ordinary user, or nothing, because
        # a recording is handed in.
        self.kind = told["kind"]
        self.sources = told["sources"]
        # What the student gets, and what grading takes from the kit again.
        self.given = [folder / name for name in told.get("given", [])]
        if self.kind == "device":
            self.given += [*sorted(HERE.glob("frame/*.h")),
                           TOP / "module/gil_trace.h"]
        # What 'lab run' brings out of the guest: to hand in, and to look at.
        self.recordings = told.get("recordings", [])
        self.shows = told.get("shows", [])
        # A module that plays the submission, and what else it is built of.
        self.judge = [TOP / name for name in told.get("judge", [])]
        self.variants = told.get("variants", [0])
        if isinstance(self.variants, dict):
            self.variants = range(self.variants["from"], self.variants["to"])
        self.tests = [Test(**test) for test in told["tests"]]

    @property
    def graders(self):
        """Changes whenever a score might: a digest of all that grades."""
        paths = [*sorted(HERE.glob("guest/*.py")), self.folder / "grade.py",
                 self.folder / "assignment.toml",
                 *self.given, *self.judge, *sorted(self.folder.glob("judge/*"))]
        return digest({path.name: path.read_bytes() for path in paths})[:12]

    @property
    def uses_programs(self):
        """Whether gilbench and so on run with it in the guest."""
        return self.kind in ("device", "policy", "recording")

    def given_files(self, variant):
        """Each as its name, its text, and its mode."""
        for path in self.given:
            text = path.read_text("utf-8").replace("@VARIANT@", str(variant))
            runs = path.stat().st_mode & 0o100
            yield path.name, text, 0o555 if runs else 0o444

    @property
    def most(self):
        return sum(test.points for test in self.tests)

    def variant(self, student):
        """The variant that a student has. Without a name it is the first one, or
        any one where there are so many that each student has a variant alone.
        """
        if not student:
            return secrets.choice(self.variants) \
                if isinstance(self.variants, range) else self.variants[0]
        digest = hashlib.sha256(student.encode()).digest()
        return self.variants[int.from_bytes(digest[:4], "big")
                             % len(self.variants)]


def assignments():
    found = [Assignment(path.parent)
             for path in ASSIGNMENTS.glob("*/assignment.toml")]
    return sorted(found, key=lambda assignment: assignment.number)


def assignment(number):
    have = {str(each.number): each for each in assignments()}
    if number not in have:
        raise Usage(f"there is no assignment '{number}': "
                    f"choose one of {', '.join(have)}")
    return have[number]


def plain(path, most=SOURCE_MAX):
    """What a file of a submission holds, if it is a plain file."""
    if path.is_symlink() or not path.is_file():
        raise FileNotFoundError(path)
    if path.stat().st_size > most:
        raise Usage(f"{path} is longer than {most} bytes")
    return path.read_bytes()


class Tree:
    """A student's folder, of which only the assignment's sources are used."""

    def __init__(self, folder):
        self.folder = Path(folder)
        mark = self.folder / MARK
        try:
            told = json.loads(plain(mark))
            number, self.variant = str(told["assignment"]), int(told["variant"])
        except FileNotFoundError:
            raise Usage(f"'{folder}' is not a folder made by 'lab new': "
                        f"it has no file {MARK}") from None
        except (ValueError, KeyError, TypeError, OverflowError,
                RecursionError):
            raise Usage(f"{mark} is damaged: make a new folder with "
                        "'lab new' and copy your sources there") from None
        self.assignment = assignment(number)
        if self.variant not in self.assignment.variants:
            raise Usage(f"{mark} names a variant that does not exist")

    def sources(self):
        """name -> content of what the student wrote."""
        found = {}
        for name in self.assignment.sources:
            try:
                found[name] = plain(self.folder / name)
            except FileNotFoundError:
                raise Usage(f"'{self.folder}' has no file {name}") from None
        for name in self.assignment.recordings:
            try:
                found[name] = plain(self.folder / name, RECORDING_MAX)
            except FileNotFoundError:
                pass  # it costs its points
        return found

    def spares(self, output):
        """Refuse to write to a file of the student's work."""
        names = (MARK, *self.assignment.sources, *self.assignment.recordings)
        if output and Path(output).resolve() in [
                (self.folder / name).resolve() for name in names]:
            raise Usage(f"'{output}' is part of the work, and stays as it is: "
                        "choose another name for --output")


def digest(sources):
    total = hashlib.sha256()
    for name in sorted(sources):
        total.update(f"{name} {len(sources[name])}\n".encode())
        total.update(sources[name])
    return total.hexdigest()


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)


def note(text):
    print(text, file=sys.stderr, flush=True)
