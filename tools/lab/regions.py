# SPDX-License-Identifier: GPL-2.0
"""Make skeletons from solutions, and look for solution text elsewhere.

A region begins with a line that holds BEGIN SOLUTION and ends with one that
holds END SOLUTION. The skeleton has neither the region nor these lines. A line
in the region with a comment such as '/* STUB: return -ENOTTY; */' puts
'return -ENOTTY;' into the skeleton instead.
"""

import re

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
STUB = re.compile(r"^(\s*)(?:/\*|#|\.\\\") STUB: (.*?)(?: \*/)?$")

# So many lines of a solution in a row are a leak. Fewer may be a coincidence.
RUN = 3


class Malformed(Exception):
    pass


def split(text, name):
    """The skeleton, and the lines of each region."""
    skeleton, regions, inside = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        begins, ends = BEGIN in line, END in line
        if begins and inside is not None:
            raise Malformed(f"{name}:{number}: a region begins in a region")
        if ends and inside is None:
            raise Malformed(f"{name}:{number}: a region ends that never began")
        if begins:
            inside = []
        elif ends:
            regions.append(inside)
            inside = None
        elif inside is None:
            skeleton.append(line)
        elif stub := STUB.match(line):
            skeleton.append(stub[1] + stub[2])
        else:
            inside.append(line)
    if inside is not None:
        raise Malformed(f"{name}: the last region has no end")
    return "".join(line + "\n" for line in skeleton), regions


def solution(text):
    """The text without the marks: what a perfect student hands in."""
    return "".join(line + "\n" for line in text.splitlines()
                   if BEGIN not in line and END not in line
                   and not STUB.match(line))


def telling(lines):
    """The lines that say something, without what their layout adds."""
    short = (re.sub(r"\s+", " ", line).strip() for line in lines)
    return [line for line in short if len(line) > 4]


def leaks(regions, text):
    """Solution lines that are in the text, RUN of them in a row."""
    text = "\n" + "\n".join(telling(text.splitlines())) + "\n"
    for region in regions:
        lines = telling(region)
        for at in range(len(lines) - RUN + 1):
            part = "\n".join(lines[at:at + RUN])
            if f"\n{part}\n" in text:
                yield part
