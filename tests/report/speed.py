#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""How fast a long recording is reported, and its page opened and drawn.

usage: speed.py GILREPORT [EVENTS [THREADS]]

Makes a recording of that many events (default: 1000000) of threads (default: 8)
that take turns. Needs chromium.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import ktap
from browser import browse
from check_report import Report, busy_scene

EVENTS_PER_TURN = 4

# The views are of all lengths, so that columns have many turns or few.
FRAMES = """(() => {
    const times = [];
    for (let i = 0; i < 60; i++) {
        const span = LENGTH / 2 ** (i % 15), start = (LENGTH - span) * i / 60;
        Object.assign(view, {start, end: start + span});
        const begin = performance.now();
        draw();
        times.push(performance.now() - begin);
    }
    return times; })()"""
FIGURES = """(() => { const begin = performance.now();
    measure(0, LENGTH); return performance.now() - begin; })()"""


def busy_time(browser):
    """Milliseconds that the page's main thread has spent on a CPU."""
    metrics = browser.ask("Performance.getMetrics")["metrics"]
    return next(1000 * each["value"] for each in metrics
                if each["name"] == "TaskDuration")


def measure(browser, page):
    browser.ask("Performance.enable", timeDomain="threadTicks")
    begin, before = time.monotonic(), busy_time(browser)
    browser.open(page, 1400)
    print(f"the page of {page.stat().st_size / 1e6:.1f} MB opened in "
          f"{time.monotonic() - begin:.2f} s, of which "
          f"{busy_time(browser) - before:.0f} ms on a CPU")
    before = busy_time(browser)
    frames = browser.value(FRAMES)
    print(f"a frame took {statistics.median(frames):.1f} ms, at most "
          f"{max(frames):.1f} ms; on a CPU "
          f"{(busy_time(browser) - before) / len(frames):.1f} ms on average")
    print(f"figures of all of it took {browser.value(FIGURES):.0f} ms")


def main():
    program, *numbers = ktap.arguments(__doc__, 1, 3)
    events, threads = [*map(int, numbers), *(1000000, 8)[len(numbers):]]
    chromium = shutil.which("chromium")
    if not chromium:
        sys.stderr.write("speed: there is no chromium: "
                         "run 'apt-get install chromium' first\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        trace = busy_scene(events // EVENTS_PER_TURN, threads)
        begin = time.monotonic()
        report = Report(Path(program).resolve(), trace, folder)
        print(f"{events} events of {threads} threads: written and reported in "
              f"{time.monotonic() - begin:.2f} s")
        browse(chromium, lambda browser: measure(
            browser, report.directory / "report.html"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
