#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make the README's picture, a convoy in the timeline of the demo's report; or
all pictures of a report that a person should look at after a change of the page.

usage: picture.py [PAGE [PICTURE]]
       picture.py --all PAGE FOLDER

PAGE is a report.html that gilreport made (default: the one that 'make demo'
leaves in build/demo/report), PICTURE the PNG to write (default:
docs/report.png). Needs chromium. With --all the pictures are light, dark and
grey, at three widths, of the first screens and of a selected wait; and of the
paper, if there is pdftoppm of Debian's poppler-utils.
"""

import base64
import functools
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "report"))

# pylint: disable=wrong-import-position,import-error
from browser import browse

WIDTH = 1060
MARGIN = 2
BYTES_MAX = 200_000

SHOW_ONE = """{ const show = document.querySelector(".words button");
    if (show)
        show.click(); }"""
GREY = "document.documentElement.style.filter = 'grayscale(1)'"

# From the strip of the whole recording to what is told of the selected wait.
AREA = f"""(() => {{
    const first = document.getElementById("overview").getBoundingClientRect();
    const last = document.getElementById("wait").getBoundingClientRect();
    return {{ x: 0, y: first.top + scrollY - {MARGIN}, scale: 1,
              width: document.documentElement.clientWidth,
              height: last.bottom - first.top + 2 * {MARGIN} }};
}})()"""

# Name, width, height (None: the whole page), theme, and what is done first.
ALL = [
    ("light-1400", 1400, None, "light", []),
    ("dark-1400", 1400, None, "dark", []),
    ("light-700", 700, None, "light", []),
    ("light-390", 390, None, "light", []),
    ("first-1366", 1366, 768, "light", []),
    ("first-390", 390, 844, "dark", []),
    ("wait-light", 1400, 900, "light", [SHOW_ONE]),
    ("wait-dark", 1400, 900, "dark", [SHOW_ONE]),
    ("wait-grey", 1400, 900, "light", [SHOW_ONE, GREY]),
    ("wait-390", 390, 844, "light", [SHOW_ONE]),
]


def take_one(page, to, browser):
    browser.open(page, WIDTH)
    browser.value(SHOW_ONE)
    browser.settle()
    png = browser.picture(False, **browser.value(AREA))
    if len(png) > BYTES_MAX:
        sys.stderr.write(f"picture: {len(png)} bytes are too many for a "
                         f"README (at most {BYTES_MAX}): use a shorter "
                         "recording\n")
        return 1
    to.write_bytes(png)
    return 0


def take_all(page, folder, browser):
    folder.mkdir(parents=True, exist_ok=True)
    for name, width, height, theme, scripts in ALL:
        browser.open(page, width, theme, height=height or 900)
        for script in scripts:
            browser.value(script)
        (folder / f"{name}.png").write_bytes(browser.picture(not height))
    browser.open(page, 1300, "dark")
    paper = browser.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69,
                        printBackground=False)
    (folder / "paper.pdf").write_bytes(base64.b64decode(paper["data"]))
    if shutil.which("pdftoppm"):
        subprocess.run(["pdftoppm", "-r", "80", "-png", folder / "paper.pdf",
                        folder / "paper"], check=True)
    return 0


def main():
    arguments = sys.argv[1:]
    everything = arguments[:1] == ["--all"]
    paths = [Path(name).resolve() for name in arguments[everything:]]
    if len(paths) > 2 or (everything and len(paths) != 2) or \
            any(a.startswith("-") for a in arguments[everything:]):
        sys.stderr.write(__doc__.split("\n\n")[1] + "\n")
        return 2
    page, to = paths + [TOP / "build/demo/report/report.html",
                        TOP / "docs/report.png"][len(paths):]
    if not page.exists():
        sys.stderr.write(f"picture: there is no {page}: run 'make demo' first\n")
        return 1
    chromium = shutil.which("chromium")
    if not chromium:
        sys.stderr.write("picture: there is no chromium: "
                         "run 'apt-get install chromium' first\n")
        return 1
    return browse(chromium, functools.partial(
        take_all if everything else take_one, page, to))


if __name__ == "__main__":
    sys.exit(main())
