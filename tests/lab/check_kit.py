#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test what of the lab kit needs no guest. Prints KTAP.

usage: check_kit.py [WORD]...
"""

import base64
import csv
import hashlib
import hmac
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(TOP / "tools/lab")]

# pylint: disable=wrong-import-position
import bench  # noqa: E402
import grading  # noqa: E402
import handout  # noqa: E402
import kit  # noqa: E402
import ktap  # noqa: E402
import regions  # noqa: E402
import score  # noqa: E402
from ktap import same  # noqa: E402

LAB = TOP / "tools/lab/lab"
MAN = TOP / "tools/lab/lab.1"

SOURCE = """a
/* BEGIN SOLUTION */
	the first secret line of a solution
	/* STUB: return 0; */
	the second secret line of a solution

	the third secret line of a solution
/* END SOLUTION */
z
"""


def lab(*arguments, cwd=None):
    return subprocess.run([LAB, *arguments], capture_output=True, text=True,
                          cwd=cwd, check=False)


def raises(error, function, *arguments):
    try:
        function(*arguments)
    except error as told:
        return str(told)
    raise AssertionError(f"{function.__name__}{arguments} was accepted")


def regions_become_skeletons():
    skeleton, found = regions.split(SOURCE, "x.c")
    same("skeleton", "a\n\treturn 0;\nz\n", skeleton)
    same("regions", 1, len(found))
    same("solution", [], [line for line in regions.solution(SOURCE).split("\n")
                          if "SOLUTION" in line or "STUB" in line])


def malformed_regions_are_refused():
    begin, end = "/* BEGIN SOLUTION */\n", "/* END SOLUTION */\n"
    for text in (begin, end, begin + begin + end, begin + end + end):
        raises(regions.Malformed, regions.split, text, "x.c")


def a_leak_is_noticed():
    _, found = regions.split(SOURCE, "x.c")
    stolen = "else\n the first  secret line of a solution\n" \
        "the second secret line of a solution\n\n" \
        "    the third secret line of a solution\nmore\n"
    handout.prove({"fine.c": b"the first secret line of a solution\n"}, found)
    said = raises(kit.Problem, handout.prove, {"bad.c": stolen.encode()}, found)
    if not said.startswith("bad.c would give a solution away"):
        raise AssertionError(said)


def assignments_agree_with_their_handouts():
    for each in kit.assignments():
        text = (each.folder / "README.md").read_text("utf-8")
        rows = re.findall(r"^\| ([a-z-]+) \| (\d+) \|", text, re.M)
        same(f"points of {each.id}",
             [(test.name, str(test.points)) for test in each.tests], rows)
        same(f"all points of {each.id}", 100, each.most)
        grader = (each.folder / "grade.py").read_text("utf-8")
        for test in each.tests:
            if f"def test_{test.name.replace('-', '_')}(" not in grader:
                raise AssertionError(f"{each.id} has no test {test.name}")


def a_new_folder_has_no_solution():
    with tempfile.TemporaryDirectory() as tmp:
        for each in kit.assignments():
            to = Path(tmp) / each.id
            same("status", 0, lab("new", str(each.number), "--student", "x",
                                  to).returncode)
            _, found = handout.skeletons(each)
            for path in to.iterdir():
                text = path.read_text("utf-8")
                same("leaks", [], list(regions.leaks(found, text)))
                same(f"marks in {path.name}", None, re.search(
                    "SOLUTION|STUB|@VARIANT@", text))
            kit.Tree(to).sources()


def the_archive_has_all_but_solutions():
    chosen = [kit.assignment("2")]
    content, count = handout.contents(chosen)
    same("regions", True, count > 2)
    same("assignments", {"2-mutex"}, {
        name.split("/")[3] for name in content
        if name.startswith("tools/lab/assignments/")})
    for name in ("tools/lab/lab", "tools/vm/boot", "Makefile",
                 "tools/lab/assignments/2-mutex/assignment.toml",
                 "tools/lab/assignments/2-mutex/grade.py"):
        same(f"{name} is there", True, name in content)
    same("tests/lab", [], [name for name in content
                           if name.startswith("tests/lab/")])
    same("marks", False, regions.BEGIN.encode() in
         content["tools/lab/assignments/2-mutex/mutexdev.c"])


def a_folder_is_never_overwritten():
    with tempfile.TemporaryDirectory() as tmp:
        (Path(tmp) / "mine").write_text("mine")
        done = lab("new", "2", tmp)
        same("status", 2, done.returncode)
        same("files", ["mine"], os.listdir(tmp))
        same("lines", 1, done.stderr.count("\n"))


def variants_follow_from_names():
    each = kit.assignment("6")
    same("variants", set(each.variants),
         {each.variant(f"student {number}") for number in range(50)})
    same("the same name", each.variant("x"), each.variant("x"))


def each_recording_has_a_number():
    each = kit.assignment("0")
    same("the same name", each.variant("x"), each.variant("x"))
    same("without a name", True, each.variant("") in range(1000, 10000))
    with tempfile.TemporaryDirectory() as tmp:
        to = Path(tmp) / "zero"
        same("status", 0, lab("new", "0", "--student", "x", to).returncode)
        script = to / "record"
        same("the number", True, str(each.variant("x")) in script.read_text())
        same("the script can be run", True, os.access(script, os.X_OK))


def a_recording_may_be_missing_but_not_packed():
    with tempfile.TemporaryDirectory() as tmp:
        to = Path(tmp) / "zero"
        lab("new", "0", to)
        (to / "convoy.dat").symlink_to("/etc/passwd")
        same("sources", ["answers.toml"], list(kit.Tree(to).sources()))
        done = lab("submit", to, cwd=tmp)
        same("status", 2, done.returncode)
        same("lines", 1, done.stderr.count("\n"))
        same("archives", ["zero"], os.listdir(tmp))
        (to / "owners.txt").write_bytes(b" " * (kit.RECORDING_MAX + 1))
        raises(kit.Problem, kit.Tree(to).sources)


def only_recordings_come_out_of_the_guest():
    with tempfile.TemporaryDirectory() as tmp:
        mine, guest = Path(tmp) / "mine", Path(tmp) / "guest"
        mine.mkdir()
        (guest / "report").mkdir(parents=True)
        (guest / "report" / "turns.csv").write_text("turns")
        (guest / "convoy.dat").write_text("new")
        (guest / "answers.toml").write_text("changed")
        (guest / "owners.txt").symlink_to("/etc/passwd")
        (mine / "convoy.dat").write_text("old")
        bench.Builds.bring_out(SimpleNamespace(
            assignment=kit.assignment("0"), student=guest), mine)
        same("files", ["convoy.dat", "report"], sorted(os.listdir(mine)))
        same("recording", "new", (mine / "convoy.dat").read_text())
        same("report", ["turns.csv"], os.listdir(mine / "report"))


def every_command_has_help():
    page = MAN.read_text("utf-8").replace("\\-", "-")
    listed = re.findall(r"^    (\w+) ", lab("--help").stdout, re.M)
    same("commands", ["list", "new", "run", "grade", "submit", "handout"],
         listed)
    for name in listed:
        done = lab(name, "--help")
        same(f"status of {name} --help", 0, done.returncode)
        for option in set(re.findall(r"--[a-z-]+", done.stdout)) - {"--help"}:
            if option not in page:
                raise AssertionError(f"{option} of {name} is not in lab(1)")


def wrong_input_gets_one_sentence():
    with tempfile.TemporaryDirectory() as tmp:
        mine = Path(tmp) / "mine"
        lab("new", "2", mine)
        for arguments in (
                (), ("nothing",), ("new",), ("new", "99"), ("new", "two"),
                ("new", "2", "a", "b"), ("new", "2", tmp), ("list", "--all"),
                ("grade", "--format", "xml"),
                ("grade", "--all", "/no/such/folder"),
                ("grade", "--all", mine / "README.md"),
                ("grade", "--all", tmp, "--jobs", "0"),
                ("grade", "--all", tmp, "--jobs", "x"),
                ("grade", "--all", tmp, "--format", "json"),
                ("grade", "--all", tmp, "--output", "x"),
                ("grade", mine, "--jobs", "2"),
                ("grade", mine, "--variants-by-name"),
                ("grade", mine, "--output", mine / "mutexdev.c"),
                ("submit", mine, "--output", mine / kit.MARK),
                ("grade", tmp, "--all", tmp), ("grade", tmp),
                ("grade", "/no/such/folder"), ("grade", mine / "README.md"),
                ("submit", tmp), ("run", tmp), ("run", tmp, "true"),
                ("grade", "--all", HERE / "../vm/ktap"), ("handout", "99")):
            done = lab(*arguments, cwd=tmp)
            same(f"status of {arguments}", 2, done.returncode)
            same(f"lines of {arguments}", 1, done.stderr.count("\n"))
            same(f"output of {arguments}", "", done.stdout)
        same("files", {"README.md", "mutexdev.c", kit.MARK},
             set(os.listdir(mine)))


def a_damaged_folder_is_refused():
    with tempfile.TemporaryDirectory() as tmp:
        to = Path(tmp) / "two"
        lab("new", "2", to)
        source = to / "mutexdev.c"
        for mark in ("", "[]", '{"assignment": 2}', '{"assignment": 77, '
                     '"variant": 0}', '{"assignment": 2, "variant": 5}',
                     '{"assignment": 2, "variant": 1e999}', "[" * 99999,
                     " " * 2**20):
            (to / kit.MARK).write_text(mark)
            raises(kit.Usage, kit.Tree, to)
        (to / kit.MARK).write_text('{"assignment": 2, "variant": 0}')
        source.write_bytes(b" " * (kit.SOURCE_MAX + 1))
        raises(kit.Usage, kit.Tree(to).sources)
        source.unlink()
        raises(kit.Usage, kit.Tree(to).sources)
        source.symlink_to("/etc/passwd")
        raises(kit.Usage, kit.Tree(to).sources)


def archives_put_nothing_elsewhere():
    with tempfile.TemporaryDirectory() as tmp:
        tmp = Path(tmp)
        (tmp / "file").write_text("x")
        path, to = tmp / "a.tar.gz", tmp / "to"
        to.mkdir()
        with tarfile.open(path, "w:gz") as tar:
            for name in ("../outside", "/absolute", "lab2/a/b/deep", "lab2/ok"):
                tar.add(tmp / "file", name)
            link = tarfile.TarInfo("lab2/link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)
        grading.unpack(path, to)
        same("outside", False, (tmp / "outside").exists())
        same("links", [], [each for each in to.iterdir() if each.is_symlink()])
        same("ok", "x", (to / "ok").read_text())
        with tarfile.open(path, "w:gz") as tar:
            big = tarfile.TarInfo("lab2/big")
            big.size = grading.ARCHIVE_MAX + 1
            tar.addfile(big, io.BytesIO(bytes(big.size)))
        raises(kit.Problem, grading.unpack, path, to)
        same("big", False, (to / "big").exists())


def make_submissions(folder):
    """As course servers store them, and two that cannot be graded."""
    lab("new", "2", folder / "amy")
    lab("new", "2", folder / "ben" / "lab2")
    (folder / "cat").mkdir()
    for path in (folder / "dan.tar.gz", folder / "cat/lab2.tar.gz"):
        with tarfile.open(path, "w:gz") as tar:
            tar.add(folder / "amy", "lab2")
    (folder / "eve.tar.gz").write_bytes(
        (folder / "dan.tar.gz").read_bytes()[:300])
    (folder / "fay").mkdir()
    (folder / "fay/mutexdev.c").write_text("int x;\n")


def a_folder_of_submissions_is_graded_once():
    graded = []

    def grade(assignment, sources, variant):
        graded.append(sources["mutexdev.c"][-5:])
        if b"breaks" in sources["mutexdev.c"]:
            raise RuntimeError("a fault of the grader")
        return score.document(assignment, variant, kit.digest(sources), {
            test.name: {"ok": True, "kind": "", "expected": "", "seen": "",
                        "events": []} for test in assignment.tests})

    def grades():
        grading.grade_all(tmp, False, 2)
        with open(tmp / "grades.csv", encoding="utf-8", newline="") as file:
            return {row["submission"]: row for row in csv.DictReader(file)}

    with tempfile.TemporaryDirectory() as tmp, \
            mock.patch.object(grading, "grade", grade), \
            mock.patch.object(grading, "prepare"), \
            mock.patch.object(kit, "note"):
        tmp = Path(tmp)
        make_submissions(tmp)
        rows = grades()
        same("submissions", ["amy", "ben", "cat", "dan", "eve", "fay"],
             list(rows))
        same("scores", ["100"] * 4 + ["", ""],
             [row["score"] for row in rows.values()])
        same("problems", [False] * 4 + [True, True],
             [row["problem"] != "" for row in rows.values()])
        same("points of a test", "20", rows["amy"]["death"])
        same("graded", 4, len(graded))
        same("the same again", rows, grades())
        same("graded", 4, len(graded))
        # What was damaged when the command was stopped is graded again.
        (tmp / ".grades/ben.json").write_text("{")
        with open(tmp / "amy/mutexdev.c", "a", encoding="utf-8") as file:
            file.write("// breaks\n")
        same("amy", "RuntimeError('a fault of the grader')",
             grades()["amy"]["problem"])
        same("graded", 6, len(graded))


def what_does_not_build_is_not_packed():
    if not Path(subprocess.run([TOP / "tools/vm/root", "--path"], text=True,
                               capture_output=True, check=True)
                .stdout.strip()).is_dir():
        raise ktap.Skip("there is no guest's root: make guest")
    with tempfile.TemporaryDirectory() as tmp:
        to = Path(tmp) / "two"
        lab("new", "2", to)
        done = lab("submit", to, cwd=tmp)
        same("status", 0, done.returncode)
        with tarfile.open(Path(tmp) / "lab2.tar.gz") as tar:
            same("packed", ["lab2/.lab.json", "lab2/mutexdev.c"],
                 tar.getnames())
        (to / "mutexdev.c").write_text("int x = y;\n")
        done = lab("submit", to, "--output", "other.tar.gz", cwd=tmp)
        same("status", 1, done.returncode)
        same("is packed", False, (Path(tmp) / "other.tar.gz").exists())
        if "mutexdev.c:1:9: error: " not in done.stderr:
            raise AssertionError(done.stderr)


def only_signed_results_count():
    run = bench.Run(SimpleNamespace(assignment=kit.assignment("2")))
    run.nonce = "1234"

    def signed(text, key="1234"):
        sign = hmac.new(key.encode(), text.encode(), hashlib.sha256)
        return f"{text} # {sign.hexdigest()[:16]}"

    for line in ("ok 1 owner", "ok 1 owner # 0123456789abcdef", " # ", "",
                 "# begin death", signed("ok 1 owner", "another"),
                 signed("not ok 1 owner").removeprefix("not ")):
        same(line, None, run._signed(line))
    same("signed", "ok 1 owner", run._signed(signed("ok 1 owner")))
    run._result("not ok 1 owner", ["# expected: 1", "forged", "# seen: 2",
                                   "# event: A begins"])
    same("result", {"ok": False, "expected": "1", "seen": "2", "kind": "",
                    "number": "", "events": ["A begins"]}, run.results["owner"])
    # What comes later cannot change a result.
    run._result("ok 1 owner", [])
    same("result", False, run.results["owner"]["ok"])


# What run.py says in the guest; a test of the name exit-N ends the guest, the
# first time, with the status N.
GUEST = """
import hashlib, hmac, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
secret = folder / "nonce"
key = secret.read_bytes()
def say(text):
    sign = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16]
    print(f"{text} # {sign}", flush=True)
say("# scale 1.00")
while secret.exists():
    time.sleep(0.01)
(folder / "build/log/lab.kernel").write_text("lab: begin exit-80\\nOops\\n")
for number, name in enumerate(sys.argv[2:], 1):
    say(f"# begin {name}")
    if name == "stays":
        time.sleep(1000)
    mark = folder / name
    if name.startswith("exit-") and not mark.exists():
        mark.touch()
        sys.exit(int(name[5:]))
    say(f"ok {number} {name}")
"""


class FakeBuilds:
    """Boots something that behaves like a guest."""

    def __init__(self, folder, *names):
        self.folder, self.variant, self.boots = Path(folder), 0, 0
        self.assignment = SimpleNamespace(
            kind="module", tests=[SimpleNamespace(name=name) for name in names])
        (self.folder / "build/log").mkdir(parents=True)

    def boot(self, line, *_):
        self.boots += 1
        names = line.split()[6:]
        return [sys.executable, "-c", GUEST, self.folder, *names]


def a_crash_costs_its_own_test():
    with tempfile.TemporaryDirectory() as tmp:
        builds = FakeBuilds(tmp, "one", "exit-80", "two", "exit-84", "three",
                            "exit-0", "four")
        results = bench.Run(builds).all()
        same("results", {"one": "", "exit-80": "crash", "two": "",
                         "exit-84": "", "three": "", "exit-0": "crash",
                         "four": ""},
             {name: each["kind"] for name, each in results.items()})
        same("boots", 4, builds.boots)
        same("events", ["Oops"], results["exit-80"]["events"])


def a_guest_that_never_starts_is_told():
    with tempfile.TemporaryDirectory() as tmp:
        builds = FakeBuilds(tmp, "one")
        builds.boot = lambda *_: ["sh", "-c", "echo why >&2; exit 1"]
        said = raises(kit.Problem, bench.Run(builds).all)
        if "does not start its tests (why)" not in said:
            raise AssertionError(said)


def no_guest_outlives_the_command():
    script = f"""
import sys
sys.path[:0] = [{str(HERE)!r}]
import check_kit
check_kit.subprocess.run = lambda *_, **__: check_kit.SimpleNamespace(returncode=0)
check_kit.grading.prepare([])
check_kit.bench.Run(check_kit.FakeBuilds(sys.argv[1], "stays"),
                    lambda *_: None).all()
"""
    with tempfile.TemporaryDirectory() as tmp:
        with subprocess.Popen([sys.executable, "-c", script, tmp],
                              stderr=subprocess.DEVNULL) as command:
            log = Path(tmp) / "build/log/lab.kernel"
            ktap.until(log.exists, "the guest is there")
            command.terminate()
            command.wait(ktap.PATIENCE)
        left = subprocess.run(["pgrep", "-f", tmp], capture_output=True,
                              text=True, check=False).stdout
        same("processes that are left", "", left)


def every_form_says_the_same():
    each = kit.assignment("2")
    results = {test.name: {"ok": test.name != "death", "kind": "",
                           "expected": "a", "seen": "b", "events": ["c"]}
               for test in each.tests}
    made = score.document(each, 0, "0", results)
    same("score", 80, made["score"])
    told = {name: form(made) for name, form in score.FORMATS.items()}
    same("json", made, json.loads(told["json"]))
    scope = json.loads(told["gradescope"])
    same("gradescope", (80, 8), (scope["score"], len(scope["tests"])))
    room = classroom(told["classroom"])
    same("classroom", ("fail", 80), (room["status"], sum(
        test["score"] for test in room["tests"])))
    same("autolab", 80, sum(json.loads(told["autolab"])["scores"].values()))
    same("tap", 1, told["tap"].count("\nnot ok "))
    same("table", "score: 80 of 100", told["table"].splitlines()[-1])
    for made in (made, score.document(each, 0, "0", {}, "x.c:1: error\n^")):
        has_the_shapes({name: form(made)
                        for name, form in score.FORMATS.items()})


def classroom(line):
    return json.loads(base64.b64decode(line.removeprefix("result=")))


def has_shape(what, wanted, got):
    """Each member of a JSON object has the type, or is one of the values."""
    same(f"members of {what}", set(wanted), set(got))
    for name, kind in wanted.items():
        if not (isinstance(got[name], kind) if isinstance(kind, type)
                else got[name] in kind):
            raise AssertionError(f"{name} of {what} is {got[name]!r}")


def has_the_shapes(told):
    """What those expect that read the forms, as their documents state it."""
    # Gradescope: the file results.json.
    scope = json.loads(told["gradescope"])
    has_shape("results.json", {"score": int, "output": str, "tests": list,
                               "output_format": {"text"}}, scope)
    for test in scope["tests"]:
        has_shape("a test", {
            "name": str, "number": str, "score": int, "max_score": int,
            "status": {"passed", "failed"}, "output": str,
            "output_format": {"text"}}, test)
    # GitHub Classroom: a line for GITHUB_OUTPUT, in base64.
    same("lines", 0, told["classroom"].count("\n"))
    room = classroom(told["classroom"])
    has_shape("the result", {"version": {1}, "status": {"pass", "fail"},
                             "max_score": int, "tests": list}, room)
    for test in room["tests"]:
        has_shape("a test", {
            "name": str, "status": {"pass", "fail"}, "score": int,
            "message": str, "test_code": str, "filename": str, "line_no": int,
            "execution_time": str}, test)
    # Autolab: the last line of the output.
    same("lines", 0, told["autolab"].count("\n"))
    lab_scores = json.loads(told["autolab"])
    has_shape("the line", {"scores": dict}, lab_scores)
    same("numbers", {int}, set(map(type, lab_scores["scores"].values())))
    # TAP, version 13.
    first, plan, *rest = told["tap"].split("\n")
    same("the first lines", ("TAP version 13", "1..8"), (first, plan))
    same("numbers", list(range(1, 9)), [
        int(found[1]) for line in rest
        if (found := re.match(r"(?:not )?ok (\d+) ", line))])
    same("other lines", [], [line for line in rest if not re.match(
        r"(?:not )?ok \d+ |# ", line)])


CASES = (regions_become_skeletons, malformed_regions_are_refused,
         a_leak_is_noticed, assignments_agree_with_their_handouts,
         a_new_folder_has_no_solution,
         the_archive_has_all_but_solutions, a_folder_is_never_overwritten,
         variants_follow_from_names, each_recording_has_a_number,
         a_recording_may_be_missing_but_not_packed,
         only_recordings_come_out_of_the_guest, every_command_has_help,
         wrong_input_gets_one_sentence, a_damaged_folder_is_refused,
         archives_put_nothing_elsewhere,
         a_folder_of_submissions_is_graded_once,
         what_does_not_build_is_not_packed, only_signed_results_count,
         a_crash_costs_its_own_test, a_guest_that_never_starts_is_told,
         no_guest_outlives_the_command,
         every_form_says_the_same)

if __name__ == "__main__":
    ktap.main([(f"kit: {each.__name__.replace('_', ' ')}", each)
               for each in CASES])
