#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The report's page in a browser: it draws, zooms and moves, says no error and
asks the network for nothing.

usage: check_page.py FOLDER
       check_page.py --pictures PAGE TO

FOLDER is what check_report.py leaves. Prints KTAP; skipped, with status 4, if
there is no chromium. Or takes pictures of a PAGE, into the folder TO.
"""

import base64
import fcntl
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import ktap
from ktap import same

PATIENCE_S = 240  # for all of it, on a machine that is busy


class Browser:
    """Chromium, spoken to through a pair of pipes: the DevTools protocol."""

    def __init__(self, program, profile):
        to_read, self.to = os.pipe()
        self.by, by_write = os.pipe()
        # Out of the way of the two numbers that chromium wants.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20)
                for end in (to_read, by_write)]
        # Its sandbox is for others' pages, and needs what not every machine
        # allows.
        command = [program, "--headless", "--disable-gpu", "--no-sandbox",
                   "--remote-debugging-pipe", "--disable-dev-shm-usage",
                   f"--user-data-dir={profile}", "about:blank"]
        # Bash, which unlike sh knows descriptors of two digits, puts the
        # pipes where chromium looks for them.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}', "bash",
             *command], pass_fds=ends, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (to_read, by_write, *ends):
            os.close(end)
        self.rest, self.number, self.events = b"", 0, []
        target = self.ask("Target.createTarget", url="about:blank")
        self.session = None
        self.session = self.ask("Target.attachToTarget", flatten=True,
                                targetId=target["targetId"])["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    session = None

    def next(self):
        while b"\0" not in self.rest:
            more = os.read(self.by, 1 << 16)
            if not more:
                raise OSError("chromium has gone")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.next()
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def value(self, script):
        answer = self.ask("Runtime.evaluate", expression=script,
                          awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def open(self, path, width=1300, theme="light"):
        self.ask("Emulation.setDeviceMetricsOverride", width=width,
                 height=1000, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": theme}])
        self.events = []
        self.ask("Page.navigate", url=Path(path).as_uri())
        while not any(e.get("method") == "Page.loadEventFired"
                      for e in self.events):
            self.events.append(self.next())
        self.settle()

    def settle(self):
        self.value("new Promise((done) => requestAnimationFrame(() => "
                   "requestAnimationFrame(done)))")

    def key(self, key):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, text=(
                key if len(key) == 1 and kind == "keyDown" else ""))
        self.settle()

    def mouse(self, kind, x, y, **more):
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)
        self.settle()

    def picture(self, path):
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        Path(path).write_bytes(base64.b64decode(data["data"]))

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def shown(browser):
    return browser.value("[view.start, view.end]")


def colours(browser):
    """How many colours the timeline has: nothing drawn has one."""
    return browser.value("""new Set(new Uint32Array(canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size""")


def quiet(browser):
    bad = [e for e in browser.events if e.get("method") in (
        "Runtime.exceptionThrown", "Log.entryAdded",
        "Runtime.consoleAPICalled")]
    assert not bad, bad
    urls = {e["params"]["request"]["url"].split(":")[0]
            for e in browser.events
            if e.get("method") == "Network.requestWillBeSent"}
    assert urls <= {"file", "data"}, urls


def draws(browser, page):
    browser.open(page)
    assert colours(browser) > 4, "the timeline is empty"
    for place in ("#words li", "#legend li", "#threads tbody tr", ".hist rect"):
        assert browser.value(f"document.querySelectorAll('{place}').length"), \
            f"no {place}"
    quiet(browser)


def zooms(browser, page):
    browser.open(page)
    start, end = shown(browser)
    for inward, outward in (("w", "s"), ("+", "-")):
        browser.key(inward)
        near = shown(browser)
        assert near[1] - near[0] < (end - start) * 0.7, f"key {inward}"
        browser.key(outward)
        far = shown(browser)
        assert far[1] - far[0] > near[1] - near[0], f"key {outward}"
    browser.key("w")
    browser.key("0")
    same("all", [start, end], shown(browser))
    quiet(browser)


def moves(browser, page):
    browser.open(page)
    browser.key("w")
    for later, earlier in (("d", "a"), ("ArrowRight", "ArrowLeft")):
        before = shown(browser)
        browser.key(later)
        assert shown(browser)[0] > before[0], f"key {later}"
        browser.key(earlier)
        assert abs(shown(browser)[0] - before[0]) < 1, f"key {earlier}"
    quiet(browser)


def points(browser, page):
    browser.open(page)
    browser.value("document.querySelector('#words button').click()")
    browser.settle()
    x, y = browser.value("""(() => { const box = canvas.getBoundingClientRect();
        const lane = view.rows.findIndex((row) => row.label.startsWith("io-1"));
        return [box.left + (left + box.width) / 2,
                box.top + rowTop(lane) - frame.scrollTop + ROW / 2]; })()""")
    browser.mouse("mouseMoved", x, y)
    said = browser.value("tip.hidden ? '' : tip.textContent")
    assert "waits for the lock" in said and "hog-0" in said, said
    same("arrows", 1, browser.value("view.hover.handoffs.length"))
    quiet(browser)


def signs(browser, page):
    """Deaths, bindings and policies are drawn, and told."""
    browser.open(page.parents[2] / "kernel" / "out" / "report.html")
    x, y = browser.value("""(() => { frame.scrollIntoView({block: "center"});
        const box = canvas.getBoundingClientRect();
        const mark = view.open.marks.find((mark) => mark.what === "died");
        return [box.left + timeX(mark.t, box.width),
                box.top + rowTop(mark.thread) - frame.scrollTop + ROW / 2]; })()""")
    at = f"""canvas.getContext("2d").getImageData({x} - canvas
        .getBoundingClientRect().left - 4, {y} - canvas.getBoundingClientRect()
        .top - 4, 8, 8).data.join()"""
    # Chromium remarks on reading pixels twice, as is done here.
    quiet(browser)
    drawn = browser.value(at)
    browser.value("view.open.marks.length = 0, redraw()")
    browser.settle()
    assert drawn != browser.value(at), "a death is not drawn"
    browser.mouse("mouseMoved", x, y)
    said = browser.value("tip.hidden ? '' : tip.textContent")
    assert "died as the owner" in said, said


def themes(browser, page):
    back = "getComputedStyle(document.body).backgroundColor"
    browser.open(page)
    light = browser.value(back)
    browser.open(page, theme="dark")
    assert browser.value(back) != light, "no dark theme"
    browser.value("document.getElementById('theme').click()")
    same("after the button", light, browser.value(back))
    quiet(browser)


def narrow(browser, page):
    browser.open(page, width=420)
    assert browser.value("document.documentElement.scrollWidth <= innerWidth"), \
        "the page is wider than its window"
    quiet(browser)


def stays_smooth(browser, page):
    """Drawing does not visit every span: columns take sums of blocks."""
    browser.open(page)
    visits = browser.value("""(() => {
        const count = 1 << 20, spans = makeSpans(
            Array.from({length: count}, (_, i) => i / count * LENGTH),
            Array.from({length: count}, (_, i) => 1 + i % 5));
        blockSums(spans);
        let seen = 0;
        spans.states = new Proxy(spans.states, {get(of, at) {
            seen++; return of[at]; }});
        const shares = new Float64Array(KINDS);
        for (let x = 0, i = 0; x < 100; x++)
            i = addShares(spans, i, x / 100 * LENGTH, (x + 1) / 100 * LENGTH,
                          shares.fill(0));
        return seen; })()""")
    assert visits < 100 * 3 * 64, f"{visits} of a million spans visited"


TESTS = [
    ("the page draws, without an error or a request", draws),
    ("keys zoom", zooms),
    ("keys move", moves),
    ("pointing tells the state and the handoff", points),
    ("deaths, bindings and policies", signs),
    ("light and dark", themes),
    ("narrow", narrow),
    ("a million spans are aggregated", stays_smooth),
]


def take_pictures(browser, page, folder):
    Path(folder).mkdir(exist_ok=True)
    for name, width, theme, keys in (("light", 1300, "light", ""),
                                     ("dark", 1300, "dark", ""),
                                     ("near", 1300, "light", "wwwww"),
                                     ("near-dark", 1300, "dark", "wwwww"),
                                     ("narrow", 420, "light", "")):
        browser.open(page, width, theme)
        for key in keys:
            browser.key(key)
        browser.picture(Path(folder) / f"{name}.png")


def took_too_long(*_):
    raise TimeoutError(f"more than {PATIENCE_S} s: the browser hangs")


def browse(chromium, what):
    signal.signal(signal.SIGALRM, took_too_long)
    signal.alarm(PATIENCE_S)
    # Its helpers may outlive it by a moment, and write there.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(chromium, profile)
        try:
            return what(browser)
        finally:
            browser.close()


def main():
    arguments = sys.argv[1:]
    pictures = arguments[:1] == ["--pictures"]
    if len(arguments) != (3 if pictures else 1):
        sys.stderr.write(__doc__.split("\n\n")[1] + "\n")
        return 2
    chromium = shutil.which("chromium")
    if pictures:
        page, to = (Path(name).resolve() for name in arguments[1:])
        browse(chromium, lambda browser: take_pictures(browser, page, to))
        return 0
    if not chromium:
        return ktap.run([], "no chromium")
    page = Path(arguments[0]).resolve() / "convoy" / "out" / "report.html"
    return browse(chromium, lambda browser: ktap.run(
        (name, functools.partial(test, browser, page))
        for name, test in TESTS))


if __name__ == "__main__":
    sys.exit(main())
