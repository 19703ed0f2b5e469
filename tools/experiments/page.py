#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make the page of the experiments: one file, which fetches nothing and needs no
script.

usage: page.py experiments.json experiments.html
"""

import html
import json
import re
import sys
from math import log
from pathlib import Path

import rules
import table

# The colours, and how tables and plots look, are those of gilreport's page.
STYLE = rules.HERE.parents[1] / "userspace/gilreport/page/report.css"

OWN_STYLE = """
:root { --python: #b86e00; }
p, li { max-width: 75ch; }
.hist { min-width: 480px; max-width: 800px; }
.hist .cpython { fill: var(--python); stroke: var(--python); }
.hist .gil { fill: var(--bar); stroke: var(--bar); }
.hist path { fill: none !important; stroke-width: 2; }
.hist path.gil { stroke-dasharray: 6 3; }
.hist text.value { fill: var(--text); stroke: none; }
h3 { font-size: 14px; margin: 10px 0 0; }
.key b.cpython { color: var(--python); }
.key b.gil { color: var(--bar); }
td:first-child { white-space: normal; min-width: 16em; }
td.good { color: var(--good); font-weight: 600; }
@media (max-width: 760px) {
	th, td { padding: 3px 5px; }
	td:first-child { min-width: 9em; }
}
@media print {
	section { break-inside: avoid; }
	.scroll { overflow: visible; }
}
"""
DARK_STYLE = ":root { --python: #e69f00; }"

WIDTH, LEFT, RIGHT = 640, 46, 12


def style():
    """The reader's system says whether it is dark, since there is no button."""
    text = STYLE.read_text(encoding="utf-8")
    dark = re.search(r"^:root\.dark (\{.*?^\})$", text, re.S | re.M)
    text = text.replace(dark[0], "")
    return (f"{text}{OWN_STYLE}@media screen and (prefers-color-scheme: dark) "
            f"{{\n:root {dark[1]}\n{DARK_STYLE}\n}}\n")


def words(text):
    return html.escape(text)


def values(series, samples, side):
    """(number of the point, its label, its ratio) of all points with samples."""
    for i, (label, of, *to) in enumerate(series["points"]):
        value = rules.ratio(samples[side], *(rules.name_for(side, name)
                                             for name in (of, *to)))
        if value is not None:
            yield i, label, value


def limits(claims, of, to=None):
    """The limits of the rules about a point."""
    for claim in claims:
        if (of, to) == (claim["of"], claim.get("to")):
            yield from (claim[key] for key in rules.LIMITS if key in claim)


def svg(height, parts, label):
    return (f'<div class="scroll"><svg class="hist" role="img" '
            f'viewBox="0 0 {WIDTH} {height}" aria-label="{words(label)}">'
            f'{"".join(parts)}</svg></div>')


def bars(plot, claims, samples):
    """A pair of bars for each point, with what its rule asks for as a mark."""
    series = plot["series"][0]
    found = {side: {i: value for i, _, value in values(series, samples, side)}
             for side in rules.SIDES}
    marks = {i: list(limits(claims, *names))
             for i, (_, *names) in enumerate(series["points"])}
    most = max([value for side in found.values() for value in side.values()] +
               [mark for each in marks.values() for mark in each] + [1e-9])
    wide, parts, y = WIDTH - 190 - 70, [], 4
    for i, (label, *_) in enumerate(series["points"]):
        if not any(i in side for side in found.values()):
            continue
        parts.append(f'<text x="182" y="{y + 18}" text-anchor="end">'
                     f'{words(label)}</text>')
        for at, side in enumerate(rules.SIDES):
            if i not in found[side]:
                continue
            long = found[side][i] / most * wide
            top = y + 13 * at
            parts.append(
                f'<rect class="{side}" x="190" y="{top}" width="{long:.1f}" '
                f'height="11"/><text class="value" x="{194 + long:.1f}" '
                f'y="{top + 10}">{table.number(found[side][i])}</text>')
        for mark in marks[i]:
            x = 190 + mark / most * wide
            parts.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" '
                         f'y1="{y - 2}" y2="{y + 26}"/>')
        y += 36
    return svg(y, parts, f"bars, {plot['unit']}")


def ticks(least, most):
    """Round numbers, a factor of ten or of two apart."""
    tens = [10.0 ** power for power in range(-6, 10)
            if least <= 10.0 ** power <= most]
    return tens if len(tens) > 1 else [2.0 ** power for power in range(-20, 30)
                                       if least <= 2.0 ** power <= most]


def lines(plot, _claims, samples):
    """A line for each side in a small plot for each series, all on one scale. The
    scale is logarithmic: a half is as far from one as two.
    """
    all_values = [value for series in plot["series"] for side in rules.SIDES
                  for _, _, value in values(series, samples, side) if value > 0]
    if not all_values:
        return ""
    least, most = min(all_values) / 1.2, max(all_values) * 1.2
    height, base = 170, 140

    def y(value):
        return base - log(max(value, least) / least) / log(most / least) * 125

    drawn = []
    for series in plot["series"]:
        step = (WIDTH - LEFT - RIGHT) / max(1, len(series["points"]))
        parts = []
        for tick in ticks(least, most):
            parts.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" '
                         f'y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
                         f'<text x="{LEFT - 5}" y="{y(tick) + 4:.1f}" '
                         f'text-anchor="end">{tick:g}</text>')
        for i, (label, *_) in enumerate(series["points"]):
            parts.append(f'<text x="{LEFT + (i + 0.5) * step:.0f}" '
                         f'y="{base + 16}" text-anchor="middle">'
                         f'{words(label)}</text>')
        for side in rules.SIDES:
            points = [(LEFT + (i + 0.5) * step, y(value), value)
                      for i, _, value in values(series, samples, side)]
            if points:
                path = "L".join(f"{x:.0f} {at:.1f}" for x, at, _ in points)
                parts.append(f'<path class="{side}" d="M{path}"/>')
            parts += [f'<circle class="{side}" cx="{x:.0f}" cy="{at:.1f}" '
                      f'r="3.5"><title>{rules.SIDES[side]}: '
                      f'{table.number(value)}</title></circle>'
                      for x, at, value in points]
        name = f"{series['name']}, {plot['unit']}"
        drawn.append(f"<h3>{words(series['name'])}</h3>" +
                     svg(height, parts, name))
    return "".join(drawn)


KINDS = {"bars": bars, "lines": lines}


def claim_row(claim, judged):
    cells = table.cells(claim, judged)
    tone = {rules.SEEN: "good", rules.NOT_SEEN: "bad"}.get(judged["verdict"], "")
    row = "".join(f"<td>{words(cell)}</td>" for cell in cells[:-1])
    return f'<tr>{row}<td class="{tone}">{words(cells[-1])}</td></tr>'


def claim_table(claims, found):
    by_id = {claim["id"]: claim for claim in claims}
    head = "".join(f"<th>{words(name)}</th>" for name in table.HEADS)
    rows = "".join(claim_row(by_id[judged["id"]], judged)
                   for judged in found["claims"])
    reasons = sorted({judged["reason"] for judged in found["claims"]
                      if judged["reason"]})
    return (f'<div class="scroll"><table><tr>{head}</tr>{rows}</table></div>' +
            "".join(f'<p class="hint">Not judged: {words(reason)}.</p>'
                    for reason in reasons))


def experiment_section(experiment, claims, found):
    plot = experiment["plot"]
    drawn = KINDS[plot["kind"]](plot, claims, found["samples"])
    return f"""<section id="{words(experiment['name'])}">
<h2>{words(experiment['title'])}: {words(experiment['question'])}</h2>
<p><b>Predict:</b> {words(experiment['predict'])}</p>
<p class="key hint"><b class="cpython">CPython</b> and <b class="gil">/dev/gil</b>,
{words(plot['unit'])}; medians of {found['rounds']} round(s).</p>
{drawn}
{claim_table(claims, found)}
<p><b>Look:</b> {words(experiment['look'])}</p>
<p><b>Try:</b> {words(experiment['try'])}</p>
</section>
"""


def page(data, document):
    experiments = {experiment["name"]: experiment
                   for experiment in data["experiment"]}
    sections = "".join(experiment_section(
        experiments[found["name"]],
        [claim for claim in data["claim"]
         if claim.get("experiment") == found["name"]],
        found) for found in document["experiments"])
    return f"""<!doctype html>
<!-- SPDX-License-Identifier: GPL-2.0 -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>The teaching texts' claims</title>
<style>
{style()}</style>
</head>
<body>
<header><div>
<h1>The teaching texts' claims, with CPython and on /dev/gil</h1>
<p>Linux {words(document['kernel'])}, {document['cpus']} CPUs, Python
{words(document['python'])}{", quick" if document['quick'] else ""}. A dashed mark is
the limit of a rule. A claim is seen if its rule holds for CPython and for
/dev/gil. Two ratios have the same shape if the rule judges them alike and neither
is more than {rules.SHAPE:g} times the other.</p>
</div></header>
<main>
{sections}</main>
</body>
</html>"""


def main():
    if len(sys.argv) != 3:
        sys.stderr.write(__doc__.split("\n\n")[1] + "\n")
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    Path(sys.argv[2]).write_text(page(rules.load(), document), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
