#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test tools/experiments: the rules' arithmetic, each experiment run short, what
is written about it, and what goes wrong. Nothing here depends on whether a claim is
seen, because that depends on the machine. Prints KTAP.

usage: experiments.py [PART-OF-A-CASE'S-NAME...]
"""

import contextlib
import functools
import html.parser
import io
import json
import math
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import ktap
from ktap import same

TOOLS = Path(__file__).resolve().parents[2] / "tools/experiments"
sys.path.insert(0, str(TOOLS))

# pylint: disable=wrong-import-position,import-error
import conduct
import page
import rules
import servers

LIMIT = 120  # seconds, under slow emulation
VERDICTS = (rules.SEEN, rules.NOT_SEEN, rules.NOT_JUDGED)
DATA = rules.load()

# A made claim: a quarter of the time, give or take.
CLAIM = {"id": "made", "texts": ["A"], "meaning": "made", "of": "some",
         "to": "all", "least": 0.2, "most": 0.3}


def made(cpython, gil, **changes):
    """The verdict on samples of 'some', if 'all' is 1."""
    samples = {"cpython": {"some": cpython, "all": [1, 1, 1]},
               "gil": {"some": gil, "all": [1, 1, 1]}}
    return rules.judge({**CLAIM, **changes}, samples)


def verdicts():
    same("both", rules.SEEN, made([0.25], [0.25])["verdict"])
    same("not CPython", rules.NOT_SEEN, made([0.31], [0.25])["verdict"])
    same("not we", rules.NOT_SEEN, made([0.25], [0.19])["verdict"])
    same("at the limits", rules.SEEN, made([0.2], [0.3])["verdict"])
    same("the median", rules.SEEN, made([9, 0.25, 0.2], [0.25])["verdict"])
    only = {"cannot": {"cpython": "why"}}
    same("only we", rules.SEEN, made([9], [0.25], **only)["verdict"])
    same("only we, not seen", rules.NOT_SEEN, made([0.25], [9], **only)["verdict"])
    missing = made([0.25], [])
    same("a figure is missing", rules.NOT_JUDGED, missing["verdict"])
    assert missing["reason"], "no reason"


def ratios():
    same("median over median", 2.0,
         rules.ratio({"a": [1, 4, 9], "b": [2]}, "a", "b"))
    same("a figure as it is", 4, rules.ratio({"a": [1, 4, 9]}, "a"))
    same("nothing to divide by", None,
         rules.ratio({"a": [1], "b": [0]}, "a", "b"))
    claim = {**CLAIM, "of": {"cpython": "other", "gil": "some"}}
    same("a name of each side", 3.0,
         rules.ratio_of(claim, "cpython", {"other": [3], "all": [1]}))


def shapes():
    same("alike", True, made([0.21], [0.29])["same_shape"])
    same("judged differently", False, made([0.29], [0.31])["same_shape"])
    same("both outside, alike", True, made([0.4], [0.7])["same_shape"])
    same("both outside, far apart", False, made([0.4], [0.9])["same_shape"])
    same("only one side", None,
         made([1], [1], cannot={"gil": "why"})["same_shape"])


def near():
    for value, expected in ((0.29, True), (0.32, True), (0.25, False),
                            (0.5, False), (None, False), (0, False)):
        same(f"near {value}", expected, rules.near(CLAIM, value))
    same("an exact limit", False, rules.near({**CLAIM, "exact": True}, 0.3))


def rounds_that_run(value, quick):
    """How many, if each has this value of 'some'."""
    def take(_experiment, _number, _quick, samples):
        for side in rules.SIDES:
            samples[side].setdefault("some", []).append(value)
            samples[side].setdefault("all", []).append(1)

    with mock.patch.object(conduct, "run_round", take):
        found = conduct.conduct({"name": "made"}, [CLAIM], 3, quick,
                                lambda _text: None)
    return found["rounds"]


def more_rounds():
    same("far from a limit", 3, rounds_that_run(0.25, False))
    same("near a limit", 6, rounds_that_run(0.31, False))
    same("near a limit, quick", 3, rounds_that_run(0.31, True))


def no_second_cpu():
    experiment = {"parallel": {"sides": ["gil"], "of": "two", "to": "one",
                               "most": 0.8}}
    samples = {"cpython": {}, "gil": {"one": [1], "two": [0.5]}}
    same("two CPUs", None, rules.unable(experiment, samples))
    samples["gil"]["two"] = [0.9]
    assert "no second CPU" in rules.unable(experiment, samples)


def wrong_data():
    names = ["one"]
    rules.check({**CLAIM, "experiment": "one"}, names, DATA["text"])
    for changes in ({}, {"experiment": "two"},
                    {"experiment": "one", "texts": ["Z"]}):
        try:
            rules.check({**CLAIM, **changes}, names, DATA["text"])
        except rules.WrongData:
            continue
        raise AssertionError(f"not refused: {changes}")


def run(*options, **settings):
    return subprocess.run([TOOLS / "conduct.py", *options], text=True,
                          timeout=LIMIT, check=False, capture_output=True,
                          **settings)


class Reader(html.parser.HTMLParser):
    """Counts the elements of a page, and notes what is not closed."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        same("the element that ends", self.open.pop(), tag)


def check_page(text, experiment):
    reader = Reader()
    reader.feed(text)
    same("elements left open", [], reader.open)
    same("what it would fetch", [], [link for link in reader.links
                                     if not link.startswith("data:")])
    assert "svg" in reader.seen, "no plot"
    assert experiment["title"] in text, "no title"
    rows = reader.seen.count("tr") - reader.seen.count("table")
    same("rows", rows, len(claims_of(experiment)))


def claims_of(experiment):
    return [claim for claim in DATA["claim"]
            if claim.get("experiment") == experiment["name"]]


def check_samples(samples):
    same("sides", sorted(rules.SIDES), sorted(samples))
    for side, figures in samples.items():
        for name, values in figures.items():
            assert values, f"{side}: no samples of {name}"
            for value in values:
                assert math.isfinite(value), f"{side}: {name} is {value}"


def check_plot(experiment, samples):
    """A point of a plot has figures, unless only a long run has it."""
    for series in experiment["plot"]["series"]:
        for label, *names in series["points"]:
            of = rules.name_for("gil", names[0])
            if of.partition(".")[0] in experiment.get("long", ()):
                continue
            found = [side for side in rules.SIDES if rules.ratio(
                samples[side], *(rules.name_for(side, name) for name in names))
                is not None]
            assert found, f"no figures of the point {label}"


def check_document(document, experiment):
    same("schema", "experiments/1", document["schema"])
    same("kernel", os.uname().release, document["kernel"])
    same("quick", True, document["quick"])
    found, = document["experiments"]
    same("name", experiment["name"], found["name"])
    same("error", None, found["error"])
    check_samples(found["samples"])
    same("claims", [claim["id"] for claim in claims_of(experiment)],
         [judged["id"] for judged in found["claims"]])
    for claim, judged in zip(claims_of(experiment), found["claims"]):
        same("sides that can show it", rules.sides(claim),
             list(judged["ratios"]))
        for side, value in judged["ratios"].items():
            assert value is not None, f"{claim['id']}: no ratio of {side}"
        assert judged["verdict"] in VERDICTS, judged["verdict"]
        same("a reason, if not judged", judged["verdict"] == rules.NOT_JUDGED,
             bool(judged["reason"]))
    check_plot(experiment, found["samples"])
    return ", ".join(judged["verdict"] for judged in found["claims"])


def experiment_runs(experiment):
    """Run it short, with the rules' verdicts whatever they are."""
    with tempfile.TemporaryDirectory() as folder:
        done = run("--quick", "--output", folder, experiment["name"])
        same(f"status ({done.stderr or done.stdout})", 0, done.returncode)
        same("standard error, which is no terminal", "", done.stderr)
        text = Path(folder, "experiments.json").read_text(encoding="utf-8")
        said = check_document(json.loads(text), experiment)
        check_page(Path(folder, "experiments.html").read_text(encoding="utf-8"),
                   experiment)
    assert re.search(r"^\d+ seen, \d+ not seen, \d+ not judged, in ",
                     done.stdout, re.M), done.stdout
    return said


def complete():
    """Each experiment has claims, a script, and a plot of a kind that there is."""
    for experiment in DATA["experiment"]:
        assert experiment["plot"]["kind"] in page.KINDS, experiment["name"]
        assert claims_of(experiment), f"{experiment['name']}: no claim"
        script = TOOLS / "python" / experiment.get("python", "measure.py")
        assert script.exists(), f"no {script}"


def document_is_made():
    done = subprocess.run([TOOLS / "document.py", "--check"], text=True,
                          check=False, capture_output=True)
    same(f"status ({done.stderr})", 0, done.returncode)


def refused(options):
    """What the command line says about these options, without a new process."""
    said = io.StringIO()
    with mock.patch("sys.argv", ["conduct.py", *options]), \
            contextlib.redirect_stderr(said):
        try:
            conduct.arguments(DATA)
        except SystemExit as end:
            same(f"status of {options}", 2, end.code)
            return said.getvalue()
    raise AssertionError(f"not refused: {options}")


def wrong_uses():
    for options, said in ((("juggling",), "no experiment 'juggling'"),
                          (("--rounds", "0"), "--rounds"),
                          (("--rounds", "some"), "--rounds"),
                          (("--nothing",), "--nothing")):
        text = refused(options)
        assert said in text, text
    done = run("juggling")
    same("status", 2, done.returncode)
    same("output", "", done.stdout)


def full_disk():
    """The experiment itself is replaced, because it is not what is tested."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "full", folder],
                       check=True)
        try:
            done = run("--quick", "--output", folder, "sync",
                       env=stand_ins())
        finally:
            subprocess.run(["umount", folder], check=True)
        same("status", 1, done.returncode)
        same("lines", 1, len(done.stderr.splitlines()))
        assert "No space left" in done.stderr, done.stderr
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(
                [TOOLS / "conduct.py", "--quick", "--output", folder,
                 "sync"], stdout=full, stderr=subprocess.PIPE, text=True,
                check=False, timeout=LIMIT, env=stand_ins())
        same("status of a full output", 1, done.returncode)
        assert "No space left" in done.stderr, done.stderr


@functools.cache
def stand_ins():
    """An environment whose gilbench answers at once."""
    # It goes away when the test ends.
    stand_ins.folder = tempfile.TemporaryDirectory()
    gilbench = Path(stand_ins.folder.name, "gilbench")
    gilbench.write_text("#!/bin/sh\necho '{\"results\": []}'\n",
                        encoding="utf-8")
    gilbench.chmod(0o755)
    return {**os.environ,
            "PATH": f"{stand_ins.folder.name}:{os.environ['PATH']}"}


def arm_that_fails():
    with tempfile.TemporaryDirectory() as folder:
        gilbench = Path(folder, "gilbench")
        gilbench.write_text("#!/bin/sh\necho 'gilbench: no luck' >&2\nexit 1\n",
                            encoding="utf-8")
        gilbench.chmod(0o755)
        done = run("--quick", "--output", folder, "sync",
                   env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
        same("status", 1, done.returncode)
        assert "no luck" in done.stdout, done.stdout
        text = Path(folder, "experiments.json").read_text(encoding="utf-8")
    found, = json.loads(text)["experiments"]
    assert "no luck" in found["error"], found["error"]
    same("verdicts", {rules.NOT_JUDGED},
         {judged["verdict"] for judged in found["claims"]})


def failed_experiment(**settings):
    """What the experiment that needs servers says when they do not run."""
    with tempfile.TemporaryDirectory() as folder:
        done = run("--quick", "--output", folder, "fetch", **settings)
        same("status", 1, done.returncode)
        text = Path(folder, "experiments.json").read_text(encoding="utf-8")
    found, = json.loads(text)["experiments"]
    assert found["error"] in done.stdout, done.stdout
    return found["error"]


def port_in_use():
    port, _ = servers.PORTS["redis"]
    with contextlib.closing(socket.create_server(("127.0.0.1", port))):
        said = failed_experiment()
    assert f"port {port}, which is in use" in said, said
    same("servers that are left", [], [name for name, (port, _)
                                       in servers.PORTS.items()
                                       if servers.answers(port)])


def no_server():
    """Programs in a folder of its own, where busybox ends at once."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "busybox").symlink_to("/bin/false")
        said = failed_experiment(env={
            **os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
    assert "the server http does not start" in said, said


def nothing_left():
    """Whatever an arm has started ends with it, also after its time is over."""
    before, conduct.LIMIT_S = conduct.LIMIT_S, 1
    try:
        conduct.output(["sh", "-c", "sleep 1234 & echo '{}'; exec >&-; wait"])
        raise AssertionError("its time was not limited")
    except conduct.Failed as failed:
        assert "more than 1 s" in str(failed), failed
    finally:
        conduct.LIMIT_S = before
    ktap.until(lambda: subprocess.run(["pgrep", "-f", "^sleep 1234$"],
                                      check=False,
                                      capture_output=True).returncode == 1,
               "no process is left")


CASES = (
    ("verdicts", verdicts),
    ("ratios", ratios),
    ("shapes", shapes),
    ("ratios near a limit", near),
    ("more rounds near a limit", more_rounds),
    ("no second CPU", no_second_cpu),
    ("wrong data", wrong_data),
    ("each experiment is complete", complete),
    ("the document is made of the data", document_is_made),
    *((f"experiment {one['name']}", functools.partial(experiment_runs, one))
      for one in DATA["experiment"]),
    ("wrong uses", wrong_uses),
    ("a full disk", full_disk),
    ("an arm that fails", arm_that_fails),
    ("a port in use", port_in_use),
    ("a server that does not start", no_server),
    ("no process is left", nothing_left),
)

if __name__ == "__main__":
    ktap.main(CASES, ktap.no_device())
