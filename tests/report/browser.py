# SPDX-License-Identifier: GPL-2.0
"""Chromium without a window, for tests and pictures of the report's page."""

import base64
import fcntl
import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

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

    def open(self, path, width=1300, theme="light", *, height=1000, ratio=1,
             media="", fragment=""):
        self.ask("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=ratio, mobile=False)
        self.ask("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": theme}])
        # Otherwise a page that differs in its fragment only is not loaded.
        self.go("about:blank")
        self.events = []
        self.go(Path(path).as_uri() + fragment)
        self.settle()

    def go(self, url):
        at = len(self.events)
        self.ask("Page.navigate", url=url)
        while not any(e.get("method") == "Page.loadEventFired"
                      for e in self.events[at:]):
            self.events.append(self.next())

    def settle(self):
        self.value("new Promise((done) => requestAnimationFrame(() => "
                   "requestAnimationFrame(done)))")

    def key(self, key):
        codes = {"Home": 36, "Escape": 27, "Enter": 13, "Tab": 9}
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, text=(
                key if len(key) == 1 and kind == "keyDown" else ""),
                windowsVirtualKeyCode=codes.get(key, 0))
        self.settle()

    def mouse(self, kind, x, y, **more):
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)
        self.settle()

    def touch(self, kind, *points):
        self.ask("Input.dispatchTouchEvent", type=kind, touchPoints=[
            {"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)])
        self.settle()

    def picture(self, whole=True, **clip):
        """A PNG of the window, of the whole page, or of a part of the window."""
        if whole:
            # Asked for what is beyond the window, Chromium never answers once
            # the page has put its view into its address.
            width, height = self.value("[innerWidth, document.body.scrollHeight]")
            self.ask("Emulation.setDeviceMetricsOverride", width=width,
                     height=height, deviceScaleFactor=1, mobile=False)
            self.settle()
        return base64.b64decode(self.ask(
            "Page.captureScreenshot", **({"clip": clip} if clip else {}))["data"])

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


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
