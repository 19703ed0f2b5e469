# SPDX-License-Identifier: GPL-2.0
"""Hashing, compressing and asking SQLite, by one thread and by two. hashlib, zlib
and sqlite3 give the lock up while the library computes; a function that is called
through ctypes.PyDLL keeps it.
"""

import contextlib
import ctypes
import hashlib
import sqlite3
import tempfile
import zlib

from measure import QUICK, in_threads, show, timed

THREADS = 2
SECONDS = 0.2 if QUICK else 0.8
BLOCK = bytes((i * i >> 7 ^ i & 15) & 255 for i in range(128 * 1024))

libz = ctypes.PyDLL("libz.so.1")
libcrypto = ctypes.PyDLL("libcrypto.so.3")
libcrypto.SHA256.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p)


def hash_(count):
    for _ in range(count):
        hashlib.sha256(BLOCK).digest()


def hash_kept(count):
    digest = ctypes.create_string_buffer(32)
    for _ in range(count):
        libcrypto.SHA256(BLOCK, len(BLOCK), digest)


def compress(count):
    for _ in range(count):
        zlib.compress(BLOCK)


def compress_kept(count):
    room = len(BLOCK) + len(BLOCK) // 100 + 64
    to = ctypes.create_string_buffer(room)
    for _ in range(count):
        size = ctypes.c_ulong(room)
        libz.compress(to, ctypes.byref(size), BLOCK,
                      ctypes.c_ulong(len(BLOCK)))


def make_table(path):
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE numbers(n)")
        database.executemany("INSERT INTO numbers VALUES (?)",
                             ((n,) for n in range(1, 5001)))


def query(path, count):
    for _ in range(count):
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("SELECT sum(n * n % 7) FROM numbers WHERE n % 3"
                             ).fetchone()


def calls_within(function):
    """Calls of all threads together that take about that long."""
    each = int(SECONDS / THREADS / (timed(function, 4) / 4))
    return THREADS * max(2, each)


def main():
    figures = {}
    for name, given_up, kept in (("hash", hash_, hash_kept),
                                 ("compress", compress, compress_kept)):
        calls = calls_within(given_up)
        figures |= {
            f"{name}_one": timed(given_up, calls),
            name: in_threads(THREADS, given_up, calls // THREADS),
            # Both calls have the same work to do, but not in the same way.
            f"{name}_kept_one": timed(kept, calls),
            f"{name}_kept": in_threads(THREADS, kept, calls // THREADS),
        }
    with tempfile.NamedTemporaryFile() as file:
        make_table(file.name)
        calls = calls_within(lambda count: query(file.name, count))
        figures |= {
            "query_one": timed(query, file.name, calls),
            "query": in_threads(THREADS, query, file.name, calls // THREADS),
        }
    show(figures)


if __name__ == "__main__":
    main()
