# SPDX-License-Identifier: GPL-2.0
"""A private lock, through libgil.so, and the kernel's figures of it."""

import contextlib
import ctypes
import os
import sys
import time

GIL = ctypes.CDLL("libgil.so")
LOCKS = "/sys/kernel/debug/gil/locks"
STATS_SIZE = 4096


def check(error, *allowed):
    if error and error not in allowed:
        raise OSError(error, os.strerror(error))
    return error


class Lock:
    def __init__(self):
        self.handle = ctypes.c_void_p()
        check(GIL.gil_create(ctypes.byref(self.handle), None))
        stats = ctypes.create_string_buffer(STATS_SIZE)
        check(GIL.gil_lock_stats(self.handle, stats))
        self.number = int.from_bytes(stats.raw[:4], sys.byteorder)

    def close(self):
        GIL.gil_close(self.handle)

    def call(self, name, *arguments, allowed=()):
        function = getattr(GIL, f"gil_{name}")
        return check(function(self.handle, *arguments), *allowed)

    @contextlib.contextmanager
    def held(self):
        self.call("acquire")
        yield
        self.call("release")

    def figures(self):
        """The kernel's row about this lock."""
        with open(LOCKS, encoding="ascii") as file:
            names = file.readline().split()
            for line in file:
                row = dict(zip(names, line.split()))
                if int(row["lock"]) == self.number:
                    del row["policy"]
                    return {name: int(row[name]) for name in row}
        raise LookupError(f"no lock {self.number} in {LOCKS}")

    def wait_until_queued(self):
        while not self.figures()["waiting"]:
            time.sleep(0.001)
