# SPDX-License-Identifier: GPL-2.0
"""Two threads take references to the same objects and give them back. The figure is
the share of the objects whose count is right afterwards. CPython's lock cannot be
left out, so there is nothing to compare that with.
"""

import sys

from measure import QUICK, as_many_as_take, in_threads, show

THREADS = 2
SECONDS = 0.3 if QUICK else 1
MOST = 100_000_000


class Thing:
    """CPython never frees small numbers and does not count them."""


def use(arena, n):
    for i in range(n):
        reference = arena[i % 16]
        del reference


def main():
    arena = [Thing() for _ in range(16)]
    before = [sys.getrefcount(thing) for thing in arena]
    each = as_many_as_take(SECONDS, lambda n: use(arena, n), MOST) // THREADS
    in_threads(THREADS, use, arena, each)
    after = [sys.getrefcount(thing) for thing in arena]
    right = sum(a == b for a, b in zip(before, after))
    show({"lock": right / len(arena)})


if __name__ == "__main__":
    main()
