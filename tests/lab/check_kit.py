#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test what of the lab kit needs no guest. Prints KTAP.

usage: check_kit.py [WORD]...
"""

import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from types import SimpleNamespace

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
        same("status", 1, done.returncode)
        same("files", ["mine"], os.listdir(tmp))
        same("lines", 1, done.stderr.count("\n"))


def variants_follow_from_names():
    each = kit.assignment("6")
    same("variants", set(each.variants),
         {each.variant(f"student {number}") for number in range(50)})
    same("the same name", each.variant("x"), each.variant("x"))


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
        for status, *arguments in (
                (2,), (2, "nothing"), (2, "new"), (2, "new", "99"),
                (2, "new", "two"), (2, "new", "2", "a", "b"),
                (2, "list", "--all"), (2, "grade", "--format", "xml"),
                (2, "grade", "--all", "/no/such/folder"),
                (2, "grade", "--all", tmp, "--jobs", "0"),
                (2, "grade", tmp, "--all", tmp),
                (1, "grade", tmp), (1, "grade", "/no/such/folder"),
                (1, "submit", tmp), (1, "run", tmp),
                (1, "grade", "--all", tmp), (2, "handout", "99")):
            done = lab(*arguments, cwd=tmp)
            same(f"status of {arguments}", status, done.returncode)
            same(f"lines of {arguments}", 1, done.stderr.count("\n"))
            same(f"output of {arguments}", "", done.stdout)


def a_damaged_folder_is_refused():
    with tempfile.TemporaryDirectory() as tmp:
        to = Path(tmp) / "two"
        lab("new", "2", to)
        source = to / "mutexdev.c"
        for mark in ("", "[]", '{"assignment": 2}', '{"assignment": 77, '
                     '"variant": 0}', '{"assignment": 2, "variant": 5}'):
            (to / kit.MARK).write_text(mark)
            raises(kit.Problem, kit.Tree, to)
        (to / kit.MARK).write_text('{"assignment": 2, "variant": 0}')
        source.write_bytes(b" " * (kit.SOURCE_MAX + 1))
        raises(kit.Problem, kit.Tree(to).sources)
        source.unlink()
        raises(kit.Problem, kit.Tree(to).sources)
        source.symlink_to("/etc/passwd")
        raises(kit.Problem, kit.Tree(to).sources)


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
                    "events": ["A begins"]}, run.results["owner"])
    # What comes later cannot change a result.
    run._result("ok 1 owner", [])
    same("result", False, run.results["owner"]["ok"])


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
    room = json.loads(base64.b64decode(
        told["classroom"].removeprefix("result=")))
    same("classroom", ("fail", 80), (room["status"], sum(
        test["score"] for test in room["tests"])))
    same("autolab", 80, sum(json.loads(told["autolab"])["scores"].values()))
    same("tap", 1, told["tap"].count("\nnot ok "))
    same("table", "score: 80 of 100", told["table"].splitlines()[-1])
    made = score.document(each, 0, "0", {}, "x.c:1: error")
    same("score", 0, made["score"])
    for form in score.FORMATS.values():
        form(made)


CASES = (regions_become_skeletons, malformed_regions_are_refused,
         a_leak_is_noticed, assignments_agree_with_their_handouts,
         a_new_folder_has_no_solution,
         the_archive_has_all_but_solutions, a_folder_is_never_overwritten,
         variants_follow_from_names, every_command_has_help,
         wrong_input_gets_one_sentence, a_damaged_folder_is_refused,
         archives_put_nothing_elsewhere, only_signed_results_count,
         every_form_says_the_same)

if __name__ == "__main__":
    ktap.main([(f"kit: {each.__name__.replace('_', ' ')}", each)
               for each in CASES])
