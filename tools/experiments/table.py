#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Show what the experiments saw, a row for each claim.

usage: table.py experiments.json
"""

import json
import os
import sys
import textwrap

import rules

WIDTH_MIN, WIDTH_MAX = 70, 110
HEADS = ("claim", "CPython", "/dev/gil", "rule", "same shape", "verdict")
WIDTHS = (9, 9, 13, 10, 10)


def number(value):
    """Three digits that count, and no power of ten; a count as it is."""
    if value is None:
        return "-"
    if value == round(value):
        return f"{value:.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")


def cells(claim, judged):
    same = judged["same_shape"]
    return (claim["meaning"],
            *(number(judged["ratios"].get(side)) for side in rules.SIDES),
            rules.rule(claim),
            "-" if same is None else "yes" if same else "no",
            judged["verdict"])


def print_row(row, widths):
    columns = [textwrap.wrap(cell, width) or [""]
               for cell, width in zip(row, widths)]
    for i in range(max(map(len, columns))):
        print(" | ".join((column[i] if i < len(column) else "").ljust(width)
                         for column, width in zip(columns, widths)).rstrip())


def reasons(document):
    """Why claims were not judged -> which."""
    found = {}
    for experiment in document["experiments"]:
        for judged in experiment["claims"]:
            if judged["reason"]:
                found.setdefault(judged["reason"], []).append(judged["id"])
    return found


def show(data, document):
    columns = int(os.environ.get("COLUMNS") or WIDTH_MAX)
    width = max(WIDTH_MIN, min(columns, WIDTH_MAX))
    widths = (width - sum(WIDTHS) - 3 * len(WIDTHS), *WIDTHS)
    line = "-+-".join("-" * width for width in widths)
    claims = {claim["id"]: claim for claim in data["claim"]}
    counts = dict.fromkeys((rules.SEEN, rules.NOT_SEEN, rules.NOT_JUDGED), 0)
    print_row(HEADS, widths)
    for found in document["experiments"]:
        for judged in found["claims"]:
            print(line)
            print_row(cells(claims[judged["id"]], judged), widths)
            counts[judged["verdict"]] += 1
    print(line)
    print(f"{counts[rules.SEEN]} seen, {counts[rules.NOT_SEEN]} not seen, "
          f"{counts[rules.NOT_JUDGED]} not judged, in "
          f"{sum(found['seconds'] for found in document['experiments']):.0f} s")
    for reason, ids in reasons(document).items():
        print(f"not judged: {', '.join(ids)}: {reason}")


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.stderr.write(__doc__.split("\n\n")[1] + "\n")
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        show(rules.load(), json.load(file))
    return 0


if __name__ == "__main__":
    sys.exit(main())
