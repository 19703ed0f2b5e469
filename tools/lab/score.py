# SPDX-License-Identifier: GPL-2.0
"""The score of one submission as a document, in each form that is asked for."""

import base64
import json
import textwrap

SCHEMA = 1


def document(assignment, variant, digest, results, refused=None):
    """Nothing in it depends on the machine or on the time."""
    tests = []
    for test in assignment.tests:
        result = results.get(test.name, {
            "ok": False, "kind": "build", "expected": "a submission that builds",
            "seen": "the build failed", "events": []})
        tests.append({"name": test.name, "what": test.what, "max": test.points,
                      "score": test.points if result["ok"] else 0, **result})
    return {"schema": SCHEMA, "graders": assignment.graders,
            "assignment": assignment.number,
            "title": assignment.title,
            "variant": variant, "sources": digest,
            "score": sum(test["score"] for test in tests),
            # What a leaderboard goes by, such as '12 (yours), 7 (fifo)'.
            "number": next((test["number"] for test in tests
                            if test.get("number")), None),
            "max": assignment.most, "refused": refused, "tests": tests}


def reason(test):
    """Why a test failed, as lines."""
    if test["ok"]:
        return []
    return [f"expected: {test['expected']}", f"seen: {test['seen']}",
            *(f"  {event}" for event in test["events"])]


def table(score):
    lines = [f"Assignment {score['assignment']}: {score['title']}", ""]
    if score["refused"]:
        lines += ["It does not build:", ""]
        lines += ["    " + line for line in score["refused"].splitlines()[:40]]
        lines += [""]
    for test in score["tests"]:
        lines.append(f"{'pass' if test['ok'] else 'FAIL'}  "
                     f"{test['score']:3}/{test['max']:<3} {test['name']:12} "
                     f"{test['what']}")
        if not score["refused"]:
            lines += [part for line in reason(test) for part in
                      textwrap.wrap(line, 78, initial_indent=" " * 14,
                                    subsequent_indent=" " * 16)]
    if score["number"]:
        lines += ["", f"number: {score['number']}"]
    lines += ["", f"score: {score['score']} of {score['max']}"]
    return "\n".join(lines)


def gradescope(score):
    tests = [{"name": f"{test['name']}: {test['what']}", "number": str(number),
              "score": test["score"], "max_score": test["max"],
              "status": "passed" if test["ok"] else "failed",
              "output": "\n".join(reason(test)), "output_format": "text"}
             for number, test in enumerate(score["tests"], 1)]
    return json.dumps({"score": score["score"], "output": score["refused"] or "",
                       "output_format": "text", "tests": tests}, indent=1)


def classroom(score):
    """The line that a step of GitHub Classroom appends to GITHUB_OUTPUT."""
    tests = [{"name": test["name"], "status": "pass" if test["ok"] else "fail",
              "score": test["score"], "message": "\n".join(reason(test)),
              "test_code": "", "filename": "", "line_no": 0,
              "execution_time": "0s"} for test in score["tests"]]
    full = score["score"] == score["max"]
    text = json.dumps({"version": 1, "status": "pass" if full else "fail",
                       "max_score": score["max"], "tests": tests})
    return "result=" + base64.b64encode(text.encode()).decode()


def autolab(score):
    return json.dumps({"scores": {test["name"]: test["score"]
                                  for test in score["tests"]}})


def tap(score):
    lines = ["TAP version 13", f"1..{len(score['tests'])}"]
    for number, test in enumerate(score["tests"], 1):
        lines.append(f"{'' if test['ok'] else 'not '}ok {number} {test['name']}")
        lines += ["# " + line for line in reason(test)]
    return "\n".join(lines)


FORMATS = {"table": table, "gradescope": gradescope, "classroom": classroom,
           "autolab": autolab, "tap": tap,
           "json": lambda score: json.dumps(score, indent=1)}
