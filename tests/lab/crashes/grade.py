# SPDX-License-Identifier: GPL-2.0
"""Have crashes.c break the guest as the name of the test says."""

import actors
from actors import Actor


def breaks(how):
    def test(_):
        actors.load(f"how={how}")
        # Of a lock that is leaked the second one notices.
        for name in "AB":
            Actor(name).gets(0, "bare", 1)
    return test


def __getattr__(name):
    if not name.startswith("test_"):
        raise AttributeError(name)
    return breaks(name.removeprefix("test_").replace("_", "-"))
