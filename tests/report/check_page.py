#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The report's page in a browser: it draws, zooms and moves, says no error and
asks the network for nothing.

usage: check_page.py FOLDER

FOLDER is what check_report.py leaves. Prints KTAP; skipped, with status 4, if
there is no chromium.
"""

import functools
import re
import shutil
import sys
from pathlib import Path

import ktap
from browser import browse
from ktap import same


def shown(browser):
    return browser.value("[view.start, view.end]")


def colours(browser):
    """How many colours the timeline has: nothing drawn has one."""
    return browser.value("""new Set(new Uint32Array(canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size""")


def quiet(browser):
    bad = [e for e in browser.events if e.get("method") in (
        "Runtime.exceptionThrown", "Log.entryAdded",
        "Runtime.consoleAPICalled") and
        # Chromium remarks on pixels that a test reads twice.
        "readback" not in str(e)]
    assert not bad, bad
    urls = {e["params"]["request"]["url"].split(":")[0]
            for e in browser.events
            if e.get("method") == "Network.requestWillBeSent"}
    assert urls <= {"file", "data"}, urls


def draws(browser, page):
    browser.open(page)
    assert colours(browser) > 4, "the timeline is empty"
    for place in (".words li", "#legend li", "#threads tbody tr", ".hist rect"):
        assert browser.value(f"document.querySelectorAll('{place}').length"), \
            f"no {place}"
    quiet(browser)


def zooms(browser, page):
    browser.open(page)
    browser.value("frame.focus()")
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
    browser.value("frame.focus()")
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
    browser.value("document.querySelector('.words button').click()")
    browser.settle()
    x, y = browser.value("""(() => { const box = canvas.getBoundingClientRect();
        const lane = view.rows.findIndex((row) => row.label.startsWith("io-1"));
        return [box.left + (left + box.width) / 2,
                box.top + rowTop(lane) - frame.scrollTop + ROW / 2]; })()""")
    browser.mouse("mouseMoved", x, y)
    said = browser.value("tip.hidden ? '' : tip.textContent")
    assert "waiting for the lock" in said and "hog-0" in said, said
    same("arrows", 1, browser.value("view.hover.handoffs.length"))
    quiet(browser)


def signs(browser, page):
    """Deaths, bindings and policies are drawn, and told."""
    browser.open(page.parents[2] / "kernel" / "out" / "report.html")
    x, y = browser.value("""(() => { frame.scrollIntoView({block: "center"});
        const box = canvas.getBoundingClientRect();
        const mark = view.open.marks.find((mark) => mark.what === "died");
        return [box.left + timeX(mark.t, box.width),
                box.top + laneTop(mark.thread) - frame.scrollTop + ROW / 2]; })()""")
    at = f"""canvas.getContext("2d").getImageData({x} - canvas
        .getBoundingClientRect().left - 4, {y} - canvas.getBoundingClientRect()
        .top - 4, 8, 8).data.join()"""
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
    browser.open(page, theme="dark")
    same("remembered", light, browser.value(back))
    browser.value("localStorage.clear()")
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


def strip_is_plain(browser, page):
    """Columns of the waiters' strip do not blend into their neighbours."""
    for width, ratio in ((700, 1), (1300, 1.25)):
        browser.open(page, width, ratio=ratio)
        exact = browser.value(f"""(() => {{
            const data = canvas.getContext("2d").getImageData(left * {ratio},
                Math.round((TOP + WAITERS - 8) * {ratio}), canvas.width, 1).data;
            const line = new Uint32Array(data.buffer);
            return line.filter((colour) => colour === palette[WAITS].edge).length /
                line.length; }})()""")
        # io-1 waits for most of the time.
        assert exact > 0.5, f"{exact:.0%} of the strip at {width} px, {ratio}"
    quiet(browser)


def place(browser, name, part=0.5):
    """Where a thread's lane is in the window, at a part of its width."""
    return browser.value(f"""(() => {{
        const box = canvas.getBoundingClientRect();
        const lane = view.rows.findIndex((row) => row.label.startsWith("{name}"));
        return [box.left + left + {part} * (box.width - left),
                box.top + rowTop(lane) - frame.scrollTop + ROW / 2]; }})()""")


def tip_is_whole(browser, page):
    """What is told of a lane at the window's end fits into the window."""
    browser.open(page, height=500)
    y = place(browser, "io-1")[1]
    browser.value(f"scrollTo(0, {y} - innerHeight + 15)")
    browser.mouse("mouseMoved", *place(browser, "io-1"))
    box = browser.value("JSON.parse(JSON.stringify(tip.getBoundingClientRect()))")
    assert box["height"] and box["top"] >= 0 and box["bottom"] <= 500, box


def fingers(browser, page):
    """Two fingers zoom where they are; one that taps is told what is there."""
    browser.open(page, 390, height=844)
    browser.value("frame.scrollIntoView({block: 'center'})")
    x, y = place(browser, "io-1")
    start, end = shown(browser)
    browser.touch("touchStart", (x - 20, y), (x + 20, y))
    browser.touch("touchMove", (x - 60, y), (x + 60, y))
    browser.touch("touchEnd")
    near = shown(browser)
    assert near[1] - near[0] < (end - start) / 2, (start, end, near)
    middle = (start + end) / 2
    assert near[0] < middle < near[1], (start, end, near)
    browser.touch("touchStart", (x, y))
    browser.touch("touchEnd")
    said = browser.value("document.querySelector('main').innerText")
    assert "io-1" in said.split("How long")[0].split("waiters")[-1], said
    quiet(browser)


RECORD_TEXT = """(() => {
    const draw = CanvasRenderingContext2D.prototype.fillText;
    window.texts = [];
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y, most) {
        const wide = Math.min(this.measureText(text).width, most || 1e9);
        texts.push({text, y, left: this.textAlign === "center" ? x - wide / 2 : x,
            wide, centre: this.textAlign === "center"});
        draw.apply(this, arguments);
    };
    redraw();
})()"""


def labels_fit(browser, page):
    """Labels of times neither overlap nor are cut off, at any zoom; and no
    label of a lane reaches into it."""
    for width in (390, 700, 1400):
        browser.open(page, width)
        browser.value(RECORD_TEXT)
        for span in (100, 1000, 12345678, 1 << 40):
            browser.value(f"texts.length = 0; showRange(7e7, 7e7 + {span})")
            browser.settle()
            texts = browser.value("texts")
            wide = browser.value("canvas.clientWidth")
            left = browser.value("left")
            times = sorted((t for t in texts if t["y"] < 20 and t["centre"]),
                           key=lambda t: t["left"])
            unique = {round(t["left"]): t for t in times}.values()
            end = left
            for label in unique:
                assert label["left"] >= end, (width, span, label)
                end = label["left"] + label["wide"]
            assert unique and end <= wide, (width, span, end)
            for label in texts:
                if label["left"] < 10 and not label["centre"]:
                    assert label["left"] + label["wide"] < left, label
    quiet(browser)


def home_is_the_pages(browser, page):
    """Keys are the timeline's only while it has the focus."""
    browser.open(page, height=500)
    browser.value("frame.focus(); zoom(0.5)")
    before = shown(browser)
    browser.value("frame.blur(); scrollTo(0, 400)")
    for key in ("Home", "w", "d", "0"):
        browser.key(key)
    same("shown", before, shown(browser))


def tables_scroll(browser, page):
    """What is wider than the page can be scrolled by keyboard."""
    browser.open(page, 390)
    same("scrolling without focus", 0, browser.value("""[...document
        .querySelectorAll("*")].filter((e) => e.scrollWidth > e.clientWidth + 1 &&
        getComputedStyle(e).overflowX === "auto" && e.tabIndex < 0).length"""))


PRINTED = """(() => {
    const seen = (e) => e.checkVisibility();
    const {color, backgroundColor} = getComputedStyle(document.body);
    return {color, backgroundColor, wide: document.documentElement.scrollWidth,
        tables: [...document.querySelectorAll(".scroll")].filter((e) =>
            e.scrollWidth > e.clientWidth + 1).length,
        controls: [...document.querySelectorAll("button:not(.link), select, input, #overview")]
            .filter(seen).length,
        canvas: canvas.getBoundingClientRect().width, drawn: canvas.width,
        page: document.querySelector("main").clientWidth}; })()"""


def prints(browser, page):
    """On paper the page is dark on white, whole, and without its buttons."""
    for theme in ("light", "dark"):
        browser.open(page, 700, theme, media="print")
        browser.value("dispatchEvent(new Event('beforeprint'))")
        browser.settle()
        got = browser.value(PRINTED)
        same("text", "rgb(27, 31, 36)", got["color"])
        same("paper", "rgb(255, 255, 255)", got["backgroundColor"])
        same("columns cut off", 0, got["tables"])
        assert browser.value("document.querySelector('#blame td .link')"
                             ".checkVisibility()"), "no times in the table"
        same("controls", 0, got["controls"])
        assert got["wide"] <= 700 and got["canvas"] <= got["page"], got
        assert got["drawn"] >= 2 * got["canvas"] - 2, got
        browser.value("dispatchEvent(new Event('afterprint'))")
        same("theme afterwards", theme == "dark", browser.value("dark"))


def units(browser, page):
    """The words, from gilreport, and the rest of the page write times and
    numbers in the same way."""
    browser.open(page.parents[2] / "kernel" / "out" / "report.html")
    text = browser.value("document.body.innerText")
    assert not re.search(r"[0-9] us\b", text), text
    same("times", ["13.0 s", "708 µs", "9.95 ms", "10.0 ms", "999 ns", "0 ns"],
         browser.value("[13e9, 708e3, 9.949e6, 9.96e6, 999, 0].map(timeText)"))
    same("numbers", "1,000,000", browser.value("countText(1e6)"))
    same("buttons", ["show"], browser.value(
        "[...document.querySelectorAll('.words button')].map((b) => "
        "b.textContent)"))


def panel(browser):
    return browser.value("document.getElementById('wait').innerText")


def select_wait(browser, page):
    """A wait that is clicked, tapped or chosen by key shows, in order, the
    owners that it was behind; its neighbours are one step away."""
    page = page.parents[2] / "queue" / "out" / "report.html"
    told = ["third (83) waited 7.00 ms behind",
            "first (81) 3.00 ms (43%)", "second (82) 4.00 ms (57%)"]

    def check():
        said = panel(browser)
        assert all(part in said for part in told), said
        same("outlined", ["first (81)", "second (82)"], browser.value(
            "view.behind.map(({hold}) => label(hold.lane))"))

    def dimmed(name, ms):
        """Whether a lane is pale at a time."""
        return browser.value(f"""(() => {{ draw();
            const i = view.rows.findIndex((row) => row.label.startsWith("{name}"));
            const x = timeX({ms}e6, canvas.clientWidth), y = rowTop(i) + ROW - 5;
            const one = () => canvas.getContext("2d")
                .getImageData(x, y, 1, 1).data.join();
            const now = one(), was = view.selected;
            view.selected = null; draw();
            const plain = one();
            view.selected = was; draw();
            return now !== plain; }})()""")

    browser.open(page, 900)
    browser.value("frame.scrollIntoView({block: 'center'}); showAll()")
    browser.settle()
    x, y = place(browser, "third", 0.6)
    for kind in ("mousePressed", "mouseReleased"):
        browser.mouse(kind, x, y, button="left", clickCount=1)
    check()
    # By the time since the recording's start, which is at 1 ms.
    same("pale", [False, False, True, True], [
        dimmed("third", 12), dimmed("first", 13), dimmed("first", 10),
        dimmed("second", 11)])
    browser.value("document.querySelector('[data-wait=none]').click()")
    assert "No wait is selected" in panel(browser)
    browser.touch("touchStart", (x, y))
    browser.touch("touchEnd")
    check()
    browser.value("frame.focus()")
    browser.key("Escape")
    assert "No wait is selected" in panel(browser)
    browser.key("Enter")
    check()
    browser.key("ArrowUp")
    assert "second (82) waited 4.00 ms" in panel(browser), panel(browser)
    browser.key("ArrowRight")
    assert "second (82) waited 1.00 ms" in panel(browser), panel(browser)
    for button, time in (("previous", "4.00"), ("next", "1.00"),
                         ("longest", "4.00")):
        browser.value(f"document.querySelector('[data-wait={button}]').click()")
        assert f"second (82) waited {time} ms" in panel(browser), button
    browser.value("document.querySelector('[data-wait=all]').click()")
    check()
    quiet(browser)


def texts(browser, table):
    return browser.value(f"[...document.getElementById('{table}').rows].map((row)"
                         " => [...row.cells].map((cell) => cell.textContent))")


def blame_table(browser, page):
    """The table of waiters by owners; a time in it selects the longest wait."""
    browser.open(page.parents[2] / "queue" / "out" / "report.html")
    same("table", [["thread", "waited", "behind first (81)",
                    "behind second (82)", "behind third (83)"],
                   ["third (83)", "7.00 ms", "3.00 ms", "4.00 ms", ""],
                   ["second (82)", "5.00 ms", "4.00 ms", "", "1.00 ms"]],
         texts(browser, "blame"))
    browser.value("[...document.querySelectorAll('#blame td .link')]"
                  ".at(-1).click()")
    assert "second (82) waited 1.00 ms" in panel(browser), panel(browser)
    quiet(browser)


def figures_of_part(browser, page):
    """The figures below the picture can be of what is shown."""
    browser.open(page.parents[2] / "queue" / "out" / "report.html")
    # By the recording's clock 12 to 17 ms.
    browser.value("showRange(11e6, 16e6)")
    browser.value("document.getElementById('part').click()")
    browser.settle()
    same("behind whom", [["thread", "waited", "behind first (81)",
                          "behind second (82)"],
                         ["third (83)", "5.00 ms", "3.00 ms", "2.00 ms"],
                         ["second (82)", "3.00 ms", "3.00 ms", ""]],
         texts(browser, "blame"))
    rows_of = {row[0]: row for row in texts(browser, "threads")}
    same("first held 3 of 5 ms, in 1 turn, and made others wait 6 ms",
         ["60.0%", "3.00 ms", "1", "–", "6.00 ms"],
         rows_of["first (81)"][1:6])
    same("the wait that ended", ["3.00 ms", "3.00 ms", "4.00 ms"],
         [rows_of["second (82)"][i] for i in (4, 4, 8)])
    facts = browser.value("document.getElementById('facts').innerText")
    assert "held for 5.00 ms (100%)" in facts and "1 wait ended" in facts, facts
    browser.value("showRange(0, 8e6); new Promise((done) => setTimeout(done, 300))")
    browser.value("new Promise((done) => setTimeout(done, 300))")
    assert browser.value("!document.getElementById('no-blame').hidden")
    browser.value("document.querySelector('[name=figures]').click()")
    same("of all", "7.00 ms", texts(browser, "blame")[1][1])
    browser.value("document.querySelectorAll('#blame thead button')[2].click()")
    same("sorted", ["second (82)", "third (83)"],
         [row[0] for row in texts(browser, "blame")[1:]])
    quiet(browser)


def another_lock(browser, page):
    """Another lock replaces all that is told, also while the figures are of
    what is shown."""
    browser.open(page.parents[2] / "two" / "out" / "report.html")
    verdict = "document.getElementById('verdict').innerText"
    assert "Convoy: " in browser.value(verdict)
    browser.value("document.getElementById('part').click();"
                  "select(longestWait(view.open.turns))")
    browser.value("""(() => { const lock = document.getElementById("lock");
        lock.value = 1; lock.dispatchEvent(new Event("change")); })()""")
    browser.settle()
    assert "No convoy" in browser.value(verdict), browser.value(verdict)
    assert "No wait is selected" in panel(browser)
    assert not browser.value("document.getElementById('blame')"
                             ".checkVisibility()"), "an empty table"
    same("threads", ["hog-0 (100)"], rows(browser))
    quiet(browser)


def histogram_of_one(browser, page):
    """The histograms can be of one thread."""
    browser.open(page)
    said = "document.querySelector('#wait-hist svg').getAttribute('aria-label')"
    assert browser.value(said).startswith("40 times"), browser.value(said)
    browser.value("""(() => { const who = document.getElementById("who");
        who.value = [...who.options].find((option) =>
            option.text === "io-1 (101)").value;
        who.dispatchEvent(new Event("change")); })()""")
    same("of io-1", "20 times; p50 5.00 ms, p99 5.00 ms, max 5.00 ms",
         browser.value(said))
    quiet(browser)


def shows_one(browser, page):
    browser.open(page)
    browser.value("document.querySelector('.words button').click()")
    assert "io-1 (101) waited 5.00 ms behind" in panel(browser), panel(browser)


CONTRAST = """
    const brightness = (hex) => [[1, 0.2126], [3, 0.7152], [5, 0.0722]]
        .reduce((sum, [at, part]) => { const v = parseInt(hex.slice(at, at + 2), 16) / 255;
            return sum + part * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        }, 0);
    const contrast = (a, b) => { const [low, high] = [brightness(a), brightness(b)]
        .sort((x, y) => x - y); return (high + 0.05) / (low + 0.05); };
    const hexOf = (data) => "#" + [...data].slice(0, 3)
        .map((part) => part.toString(16).padStart(2, "0")).join("");
"""


def without_hue(browser, page):
    """An owner and a waiter differ in lightness and in height; every state
    stands out from the page; arrows stand out from what they cross."""
    for theme in ("light", "dark"):
        browser.open(page, theme=theme)
        browser.value("document.querySelector('.words button').click();"
                      "select(null)")
        browser.settle()
        got = browser.value(f"""(() => {{ {CONTRAST}
            const page = css("--page"), one = (name, by) => {{
                const lane = view.open.lanes.find((l) => l.label.startsWith(name));
                return lane.turns.find((turn) => turn.granted > view.start); }};
            const turn = view.open.granted.find((turn) => turn.granted > view.start);
            const x = timeX(turn.granted, canvas.clientWidth);
            const y = Math.max(laneTop(turn.lane), laneTop(turn.from)) - frame.scrollTop - GAP / 2;
            const line = canvas.getContext("2d").getImageData(x - 3, y, 7, 1).data;
            const seen = [0, 1, 2, 3, 4, 5, 6].map((i) => hexOf(line.slice(4 * i, 4 * i + 4)));
            return {{owner: contrast(palette[OWNS].hex, palette[WAITS].hex),
                heights: [palette[OWNS].height, palette[WAITS].height],
                states: palette.slice(1).map((c) => [c.name, contrast(c.edgeHex, page)]),
                arrow: Math.max(...seen.map((hex) => contrast(hex, page)))}}; }})()""")
        assert got["owner"] >= 3, got
        same("heights", [1, 0.45], got["heights"])
        assert all(ratio >= 3 for _, ratio in got["states"]), got
        assert got["arrow"] >= 3, got


def drag(browser, start, end, **more):
    browser.mouse("mousePressed", *start, button="left", buttons=1,
                  clickCount=1, **more)
    browser.mouse("mouseMoved", *end, button="left", buttons=1, **more)
    browser.mouse("mouseReleased", *end, button="left", clickCount=1, **more)


def close_to(what, expected, got, off):
    assert all(abs(a - b) <= off for a, b in zip(expected, got)), \
        f"{what}: expected {expected}, got {got}"


def drags(browser, page):
    """Dragging along the times, or with Shift, zooms to that part; dragging a
    lane moves; so does a wheel or trackpad that turns sideways."""
    browser.open(page)
    start, end = shown(browser)
    span = end - start
    x, y = place(browser, "io-1", 0.25)
    half = (browser.value("canvas.clientWidth - left")) / 2
    for line, more in ((browser.value(
            "canvas.getBoundingClientRect().top + TOP / 2"), {}),
                       (y, {"modifiers": 8})):
        browser.value("showAll()")
        drag(browser, (x, line), (x + half, line), **more)
        close_to("chosen", [start + span / 4, start + span * 3 / 4],
                 shown(browser), span / 100)
    drag(browser, (x + half, y), (x + half / 2, y))
    close_to("moved", [start + span * 3 / 8, start + span * 7 / 8],
             shown(browser), span / 100)
    before = shown(browser)
    browser.mouse("mouseWheel", x, y, deltaX=-100, deltaY=0)
    after = shown(browser)
    assert after[0] < before[0], (before, after)
    close_to("length", [before[1] - before[0]], [after[1] - after[0]], 1)
    quiet(browser)


def overview_window(browser, page):
    """The overview lies above the lanes, and its window can be dragged,
    stretched and drawn anew."""
    browser.open(page)
    length, left, width, top = browser.value("""[LENGTH, left, overview.clientWidth,
        overview.getBoundingClientRect().top + 15]""")
    base = browser.value("overview.getBoundingClientRect().left")

    def at(part):
        return base + left + part * (width - left), top

    same("aligned", browser.value("canvas.getBoundingClientRect().left"), base)
    browser.value(f"showRange({length} * 0.2, {length} * 0.4)")
    for begin, end, expected in (
            (0.3, 0.5, [0.4, 0.6]), (0.6, 0.8, [0.4, 0.8]),
            (0.4, 0.5, [0.5, 0.8]), (0.1, 0.3, [0.1, 0.3]),
            (0.9, 0.9, [0.8, 1.0])):
        drag(browser, at(begin), at(end))
        close_to(f"drag from {begin} to {end}",
                 [part * length for part in expected], shown(browser),
                 length / 100)
    quiet(browser)


def rows(browser):
    browser.settle()
    return browser.value("view.rows.filter((row) => row.kind === 'thread')"
                         ".map((row) => row.label)")


def chooses_rows(browser, page):
    """Rows can be found, ordered and hidden; names select."""
    browser.open(page.parents[2] / "queue" / "out" / "report.html")
    same("as they came", ["lone (80)", "first (81)", "second (82)",
                          "third (83)"], rows(browser))
    choose = """(() => { const control = document.getElementById("%s");
        control.%s = %s; control.dispatchEvent(new Event("input")); })()"""
    browser.value(choose % ("filter", "value", "'IR'"))
    same("found", ["first (81)", "third (83)"], rows(browser))
    browser.value(choose % ("filter", "value", "'82'"))
    same("found by number", ["second (82)"], rows(browser))
    browser.value(choose % ("filter", "value", "''"))
    browser.value(choose % ("order", "value", "'waited'"))
    same("by wait", ["third (83)", "second (82)", "lone (80)", "first (81)"],
         rows(browser))
    browser.value(choose % ("hide", "checked", "true"))
    browser.value("showRange(12e6, 14e6)")
    assert "lone (80)" not in rows(browser), "an empty lane is shown"
    browser.value("frame.focus()")
    browser.key("/")
    same("focus", "filter", browser.value("document.activeElement.id"))
    x, y = place(browser, "third", 0)
    for kind in ("mousePressed", "mouseReleased"):
        browser.mouse(kind, x - 40, y, button="left", clickCount=1)
    assert "third (83) waited 7.00 ms" in panel(browser), panel(browser)
    quiet(browser)


def address(browser, page):
    """The address restores what is shown and selected."""
    page = page.parents[2] / "queue" / "out" / "report.html"
    browser.open(page)
    browser.value("select(longestWait(view.open.turns)); showRange(8e6, 18.5e6)")
    browser.settle()
    fragment = browser.value("new Promise((done) => setTimeout(() => "
                             "done(location.hash), 400))")
    browser.open(page, fragment=fragment)
    close_to("shown", [8e6, 18.5e6], shown(browser), 10)
    assert "third (83) waited 7.00 ms" in panel(browser), panel(browser)
    browser.open(page, fragment="#lock=6&t=x&thread=99&turn=-1")
    assert "No wait is selected" in panel(browser)
    quiet(browser)


def owner_lane(browser, page):
    """One row says who has the lock, and the names in it; it stays when the
    lanes scroll."""
    browser.open(page.parents[2] / "queue" / "out" / "report.html", 1400,
                 height=300)
    browser.value("frame.scrollIntoView(); frame.scrollTop = 60")
    same("scrolled", 60, browser.value("frame.scrollTop"))
    browser.value(RECORD_TEXT)
    browser.settle()
    names = [t["text"] for t in browser.value("texts")
             if t["y"] == browser.value("rowTop(0) + ROW / 2 + 4")]
    for name in ("owner", "first (81)", "second (82)"):
        assert name in names, names
    x, y = browser.value("""(() => { const box = canvas.getBoundingClientRect();
        return [box.left + timeX(11e6, canvas.clientWidth),
                box.top + rowTop(0) + ROW / 2]; })()""")
    browser.mouse("mouseMoved", x, y)
    said = browser.value("tip.textContent")
    assert "first (81) has the lock" in said and "5.00 ms" in said, said
    quiet(browser)


def first_screen(browser, page):
    """The verdict and the picture are on the first screen."""
    for width, height, lanes in ((1366, 768, 4), (390, 844, 3)):
        browser.open(page, width, height=height)
        tops = browser.value("""[document.querySelector(".words li")
            .getBoundingClientRect().bottom, canvas.getBoundingClientRect().top +
            rowTop(2) + ROW]""")
        assert 0 < tops[0] < tops[1] < height, (width, tops)
    same("links", ["behind.csv", "threads.csv", "trace.json.gz", "turns.csv"],
         sorted(browser.value("[...document.links].map((link) => "
                              "link.getAttribute('href'))")))
    assert all((page.parent / name).exists() for name in (
        "behind.csv", "threads.csv", "trace.json.gz", "turns.csv"))
    words = browser.value("[...document.querySelectorAll('.words li')].map("
                          "(item) => item.textContent)")
    assert words[0].startswith("Convoy: "), words


AXE = Path(__file__).resolve().parents[2] / "build/axe/node_modules/axe-core"


def accessible(browser, page):
    """axe-core finds no fault at three widths, in both themes, with a wait
    selected and everything unfolded."""
    if not (AXE / "axe.min.js").exists():
        raise ktap.Skip("no axe-core: npm install --prefix build/axe axe-core")
    source = (AXE / "axe.min.js").read_text(encoding="utf-8")
    for width, theme in ((1400, "light"), (700, "dark"), (390, "light"),
                         (390, "dark")):
        browser.open(page, width, theme)
        browser.value("select(longestWait(view.open.turns))")
        browser.value(source + ";0")
        for unfolded in (False, True):
            browser.value("document.querySelectorAll('details').forEach("
                          f"(each) => {{ each.open = {str(unfolded).lower()}; }})")
            found = browser.value("""axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a",
                "wcag21aa", "best-practice"]}).then((done) => done.violations.map((v) =>
                [v.id, v.impact, v.nodes.map((node) => node.html.slice(0, 120))]))""")
            same(f"at {width} px, {theme}", [], found)


def tells_of_many(browser, page):
    """Where a pixel has many turns the tooltip says so, and a click there
    zooms in until it has one."""
    browser.open(page.parents[2] / "busy" / "out" / "report.html")
    x, y = place(browser, "busy-1")
    browser.mouse("mouseMoved", x, y)
    said = browser.value("tip.textContent")
    for part in ("in these ", "waiting for the lock", "turns, waiting mostly",
                 "click to zoom in"):
        assert part in said, said
    start, end = shown(browser)
    for kind in ("mousePressed", "mouseReleased"):
        browser.mouse(kind, x, y, button="left", clickCount=1)
    near = shown(browser)
    close_to("span", [(end - start) / 10], [near[1] - near[0]], 1000)
    assert "No wait is selected" in panel(browser)
    browser.mouse("mouseMoved", x, y)
    assert "in these" not in browser.value("tip.textContent")
    for kind in ("mousePressed", "mouseReleased"):
        browser.mouse(kind, x, y, button="left", clickCount=1)
    assert "No wait is selected" not in panel(browser)
    quiet(browser)


TESTS = [
    ("the page draws, without an error or a request", draws),
    ("keys zoom", zooms),
    ("keys move", moves),
    ("pointing tells the state and the handoff", points),
    ("a wait that is selected shows the owners that it was behind", select_wait),
    ("waiters by owners", blame_table),
    ("figures of what is shown", figures_of_part),
    ("many turns in a pixel", tells_of_many),
    ("histograms of one thread", histogram_of_one),
    ("another lock", another_lock),
    ("'show one' selects it", shows_one),
    ("deaths, bindings and policies", signs),
    ("light and dark", themes),
    ("owners, waiters and arrows are told apart without hue", without_hue),
    ("narrow", narrow),
    ("dragging and trackpads", drags),
    ("the overview's window", overview_window),
    ("rows are found, ordered and hidden", chooses_rows),
    ("the address restores the view", address),
    ("the owners' row", owner_lane),
    ("the first screen", first_screen),
    ("axe-core finds no fault", accessible),
    ("the waiters' strip has one colour", strip_is_plain),
    ("a tooltip at the end of the window is whole", tip_is_whole),
    ("fingers: two zoom, one taps", fingers),
    ("labels fit", labels_fit),
    ("keys belong to the page unless the timeline has the focus",
     home_is_the_pages),
    ("tables scroll by keyboard", tables_scroll),
    ("printing", prints),
    ("one way to write times and numbers", units),
    ("a million spans are aggregated", stays_smooth),
]


def main():
    folder, *_ = ktap.arguments(__doc__, 1)
    chromium = shutil.which("chromium")
    if not chromium:
        return ktap.run([], "no chromium")
    page = Path(folder).resolve() / "convoy" / "out" / "report.html"
    return browse(chromium, lambda browser: ktap.run(
        (name, functools.partial(test, browser, page))
        for name, test in TESTS))


if __name__ == "__main__":
    sys.exit(main())
