#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Pictures of the report's page for a person to look at: light, dark, grey, at
three widths, the first screens, a selected wait, and on paper.

usage: pictures.py PAGE FOLDER

PAGE is a report.html that gilreport made. Needs chromium; pictures of the paper
also need pdftoppm, which is in Debian's poppler-utils.
"""

import base64
import shutil
import subprocess
import sys
from pathlib import Path

import ktap
from browser import browse

# Name, width, height (None: the whole page), theme, and what is done first.
SELECT = ("const show = document.querySelector('.words button');"
          "if (show) show.click();")
GREY = "document.documentElement.style.filter = 'grayscale(1)';"
PICTURES = [
    ("light-1400", 1400, None, "light", ""),
    ("dark-1400", 1400, None, "dark", ""),
    ("light-700", 700, None, "light", ""),
    ("light-390", 390, None, "light", ""),
    ("first-1366", 1366, 768, "light", ""),
    ("first-390", 390, 844, "dark", ""),
    ("wait-light", 1400, 900, "light", SELECT),
    ("wait-dark", 1400, 900, "dark", SELECT),
    ("wait-grey", 1400, 900, "light", SELECT + GREY),
    ("wait-390", 390, 844, "light", SELECT),
]


def take(browser, page, folder):
    for name, width, height, theme, script in PICTURES:
        browser.open(page, width, theme, height=height or 900)
        browser.value(f"{{ {script} }}")
        browser.settle()
        browser.picture(folder / f"{name}.png", whole=not height)
    browser.open(page, 1300, "dark")
    paper = browser.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69,
                        printBackground=False)
    (folder / "paper.pdf").write_bytes(base64.b64decode(paper["data"]))
    if shutil.which("pdftoppm"):
        subprocess.run(["pdftoppm", "-r", "80", "-png", folder / "paper.pdf",
                        folder / "paper"], check=True)


def main():
    page, folder = (Path(name).resolve() for name in ktap.arguments(__doc__, 2))
    chromium = shutil.which("chromium")
    if not chromium:
        sys.stderr.write("pictures: there is no chromium: "
                         "run 'apt-get install chromium' first\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    browse(chromium, lambda browser: take(browser, page, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
