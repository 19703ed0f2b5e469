#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make the README's picture: a convoy in the timeline of the demo's report.

usage: picture.py [PAGE [PICTURE]]

PAGE is a report.html that gilreport made (default: the one that 'make demo'
leaves in build/demo/report), PICTURE the PNG to write (default:
docs/report.png). Needs chromium.
"""

import base64
import shutil
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "report"))

# pylint: disable=wrong-import-position,import-error
from browser import browse

WIDTH = 960
MARGIN = 8
BYTES_MAX = 200_000

# The legend and the lanes, with the first convoy's wait in the middle.
AREA = f"""(() => {{
    const button = document.querySelector(".words button");
    if (button)
        button.click();
    const first = document.getElementById("legend").getBoundingClientRect();
    const last = document.getElementById("frame").getBoundingClientRect();
    return {{ x: 0, y: first.top + scrollY - {MARGIN}, scale: 1, width: innerWidth,
              height: last.bottom - first.top + 2 * {MARGIN} }};
}})()"""


def take(browser, page):
    browser.open(page, WIDTH)
    area = browser.value(AREA)
    browser.settle()
    return base64.b64decode(browser.ask(
        "Page.captureScreenshot", clip=area,
        captureBeyondViewport=True)["data"])


def main():
    arguments = sys.argv[1:]
    if len(arguments) > 2 or any(a.startswith("-") for a in arguments):
        sys.stderr.write(__doc__.split("\n\n")[1] + "\n")
        return 2
    page = Path(arguments[0] if arguments else
                TOP / "build/demo/report/report.html").resolve()
    to = Path(arguments[1] if len(arguments) > 1 else TOP / "docs/report.png")
    if not page.exists():
        sys.stderr.write(f"picture: there is no {page}: run 'make demo' first\n")
        return 1
    chromium = shutil.which("chromium")
    if not chromium:
        sys.stderr.write("picture: there is no chromium: "
                         "run 'apt-get install chromium' first\n")
        return 1
    png = browse(chromium, lambda browser: take(browser, page))
    if len(png) > BYTES_MAX:
        sys.stderr.write(f"picture: {len(png)} bytes are too many for a "
                         f"README (at most {BYTES_MAX}): use a shorter "
                         "recording\n")
        return 1
    to.write_bytes(png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
