#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Grade submissions whose score is known: wrong.toml. Prints KTAP.

usage: submissions.py [--resume] [LAB | LAB:NAME]...

Each must fail the tests that it is made to fail, and no others. --resume leaves
out those that were right before, with this kit.
"""

import sys
import tomllib
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "tools/lab")]

# pylint: disable=wrong-import-position
import grading  # noqa: E402
import kit  # noqa: E402
import ktap  # noqa: E402
import recorded  # noqa: E402
import regions  # noqa: E402
import score  # noqa: E402


def sources(assignment, told):
    """What this submission consists of."""
    made = recorded.files(assignment, told) | told.get("files", {})
    for name in set(assignment.sources) - set(made):
        text = (assignment.folder / name).read_text("utf-8")
        made[name] = regions.split(text, name)[0] \
            if told.get("base") == "skeleton" else regions.solution(text)
    for key in ("", "also_"):
        if f"{key}old" not in told:
            continue
        old, new = told[f"{key}old"], told[f"{key}new"]
        places = [name for name in assignment.sources
                  if made[name].count(old) == 1]
        if len(places) != 1:
            raise AssertionError(f"there is not one place for this:\n{old}")
        made[places[0]] = made[places[0]].replace(old, new)
    return made


def hand_in(assignment, told):
    """The sources, as the kit reads them out of a student's folder."""
    folder = kit.temporary("submission")
    try:
        variant = assignment.variants[told.get("variant", 0)]
        (folder / kit.MARK).write_text(
            f'{{"assignment": {assignment.number}, "variant": {variant}}}')
        for name, text in sources(assignment, told).items():
            (folder / name).write_bytes(
                text if isinstance(text, bytes) else text.encode())
        tree = kit.Tree(folder)
        return tree.sources(), tree.variant
    finally:
        kit.remove(folder)


def proof_of(assignment, fails, sources, variant):
    """The file that says that this was right: its name has all that decides."""
    known = {"told": repr((assignment.graders, fails, variant)).encode(),
             **{f"engine/{path.name}": path.read_bytes()
                for path in kit.HERE.glob("*.py")}, **sources}
    folder = kit.BUILD / "proof"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / kit.digest(known)[:32]


def case(told, resume):
    def judge():
        assignment = kit.assignment(str(told["lab"]))
        handed_in = hand_in(assignment, told)
        proof = proof_of(assignment, told["fails"], *handed_in)
        if resume and proof.exists():
            return proof.read_text("utf-8") + ", as before"
        made = grading.grade(assignment, *handed_in)
        failed = [test["name"] for test in made["tests"] if not test["ok"]]
        if failed != told["fails"]:
            ktap.comment(score.table(made))
        ktap.same("failed tests", told["fails"], failed)
        points = f"{made['score']} of {made['max']} points"
        proof.write_text(points, "utf-8")
        return points
    return f"{told['lab']}:{told['name']}", judge


def listed():
    return tomllib.loads((HERE / "wrong.toml").read_text("utf-8"))["submission"]


def main():
    words = [word for word in sys.argv[1:] if word != "--resume"]
    cases = [case(each, "--resume" in sys.argv) for each in listed()]
    for word in words:
        if not any(word in (name, name.split(":")[0]) for name, _ in cases):
            ktap.comment(f"there is no submission '{word}'")
            sys.exit(2)
    cases = [(name, judge) for name, judge in cases if not words or
             any(word in (name, name.split(":")[0]) for word in words)]
    grading.prepare([kit.assignment(name.split(":")[0]) for name, _ in cases])
    sys.exit(ktap.run(cases))


if __name__ == "__main__":
    main()
