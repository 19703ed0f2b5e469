#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make the part of docs/experiments.md that comes from claims.toml.

usage: document.py [--check]

--check changes nothing, and fails if the document is not what it would be.
"""

import sys

import rules

PAGE = rules.HERE.parents[1] / "docs" / "experiments.md"
MARK = ("<!-- From here on the text is made by tools/experiments/document.py: "
        "change claims.toml and run it. -->\n")


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def table(*heads):
    return row(*heads) + row(*("---" for _ in heads))


def texts(claim):
    return ", ".join(claim["texts"])


def measured(claim):
    said = [f"CPython cannot show it: {why}" if side == "cpython" else
            f"/dev/gil cannot show it: {why}"
            for side, why in claim.get("cannot", {}).items()]
    return ". ".join([claim["measured"], *said])


def claims_of(data, name):
    return [claim for claim in data["claim"]
            if claim.get("experiment") == name]


def experiment(data, one):
    commands = "\n".join(
        f"    gilbench {options}" for options in one["gilbench"].values())
    found = table("Claim", "Texts", "What is measured", "Seen if") + "".join(
        row(claim["meaning"], texts(claim), measured(claim), rules.rule(claim))
        for claim in claims_of(data, one["name"]))
    return f"""
## {one['title']}

**{one['question']}**

*Predict:* {one['predict']} Write your answer down.

    make experiments ONLY={one['name']}

CPython runs `tools/experiments/python/{one['python']}`, and /dev/gil:

{commands}

{found}
*Look:* {one['look']}

*Try:* {one['try']}
"""


def claims(data):
    legend = "".join(f"- {letter}: {title}\n"
                     for letter, title in data["text"].items())
    return f"""
## What the texts claim

{legend}
{table("Claim", "Texts", "Experiment", "Seen if")}""" + "".join(
        row(claim["meaning"], texts(claim),
            f"[{claim['experiment']}](#{anchor(data, claim)})",
            rules.rule(claim))
        for claim in data["claim"] if "experiment" in claim)


def anchor(data, claim):
    title = next(one["title"] for one in data["experiment"]
                 if one["name"] == claim["experiment"])
    return "".join(c for c in title.lower().replace(" ", "-")
                   if c.isalnum() or c == "-")


def not_measured(data):
    return f"""
## What is not measured

{table("Claim", "Texts", "Why not")}""" + "".join(
        row(claim["meaning"], texts(claim), claim["reason"])
        for claim in data["claim"] if "experiment" not in claim)


def made(data):
    return MARK + claims(data) + not_measured(data) + "".join(
        experiment(data, one) for one in data["experiment"])


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.stderr.write(__doc__.split("\n\n")[1] + "\n")
        return 2
    text = PAGE.read_text(encoding="utf-8")
    new = text.partition(MARK)[0] + made(rules.load())
    if not sys.argv[1:]:
        PAGE.write_text(new, encoding="utf-8")
    elif new != text:
        print(f"{PAGE.name} is not what claims.toml says: "
              "run tools/experiments/document.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
