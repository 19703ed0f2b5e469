#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test the demo's table: what it must show, and what must make it fail."""

import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools/demo"))
sys.dont_write_bytecode = True

import table  # noqa: E402  (it is found by the path above)


def document(workload, verdict="held", reason="", details=None):
    return {
        "schema": "gilbench/1",
        "results": [{
            "workload": workload,
            "aspect": "threads" if workload == "countdown" else "",
            "claim": f"the claim of {workload}",
            "seen": f"what {workload} saw", "verdict": verdict,
            "reason": reason, "details": details or {},
        }],
    }


class Demo(unittest.TestCase):
    """A folder as the guest leaves it when all went well."""

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        steps = []
        for workload in table.WORKLOADS:
            self.write_json(workload, document(workload))
            steps.append(f"{workload}\t0\t1\tgilbench {workload}\n")
        self.write("steps.tsv", "".join(steps))
        details = {"lock": 7, "made": 2, "kernel": {"contended": 2}}
        for name, _trace, _count in table.TRACES:
            self.write_json(name, document("contend", details=details))
        self.write("gilsnoop.txt", 2 * (
            "   52.251506 gilbench  10512    7 acquire waited 544 us, woke 6\n"
            "   52.251506 gilbench  10512   77 acquire waited 544 us, woke 6\n"
        ))
        self.write("gillat.txt", "@contended[7]: 2\n@contended[77]: 5\n")
        self.write("contended.txt", "# events lost: 0 (overrun 0)\n" + 2 * (
            " gil_acquire:  lock=7 id=1 tid=9 comm=x contended=1 wait_ns=5\n"
        ))

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def write_json(self, name, content):
        self.write(f"{name}.json", json.dumps(content))

    def table(self):
        """The exit status, and what was printed."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = table.main([str(self.folder)])
        return status, out.getvalue()

    def expect(self, status, *texts):
        got, printed = self.table()
        for text in texts:
            self.assertIn(text, printed)
        self.assertEqual(got, status, printed)

    def test_all_well(self):
        self.expect(0, "7 confirmed, 0 not confirmed, 0 not judged, 0 missing")

    def test_needs(self):
        """Every claim has its limits, as numbers from the workload's source."""
        self.assertEqual(table.needs("handoff", ""), "a factor of at most 3")
        for workload, aspect in table.NEEDS:
            self.assertNotIn("{", table.needs(workload, aspect))

    def test_width(self):
        long = document("io")
        long["results"][0]["seen"] = "word " * 80 + "x" * 200
        self.write_json("io", long)
        widest = max(map(len, self.table()[1].splitlines()))
        self.assertLessEqual(widest, table.WIDTH_MAX)

    def test_refuted_claim(self):
        self.write_json("convoy", document("convoy", "not held"))
        self.expect(1, "NOT CONFIRMED", "6 confirmed, 1 not confirmed")

    def test_not_judged(self):
        self.write_json("io", document("io", "not judged", "one CPU"))
        self.expect(0, "not judged", "one CPU", "1 not judged")

    def test_missing_result(self):
        (self.folder / "fairness.json").unlink()
        self.expect(1, "MISSING  fairness")

    def test_torn_result(self):
        self.write("handoff.json", '{ "schema": "gilbench/1", "resul')
        self.expect(1, "MISSING  handoff")

    def test_failed_step(self):
        self.write("steps.tsv", "io\t124\t60\tgilbench io\n")
        self.expect(1, "FAILED   io: took too long")

    def test_nothing_ran(self):
        (self.folder / "steps.tsv").unlink()
        self.expect(1, "no step at all")

    def test_trace_counts_differ(self):
        self.write("gillat.txt", "@contended[7]: 3\n")
        self.expect(1, "gillat 3", "1 not confirmed")

    def test_trace_lost_events(self):
        self.write("gilsnoop.txt", "Lost 4 events\n")
        self.expect(0, "gilsnoop lost events", "1 not judged")

    def test_trace_missing(self):
        (self.folder / "contended.txt").unlink()
        self.expect(1, "MISSING  tracing")


if __name__ == "__main__":
    unittest.main()
