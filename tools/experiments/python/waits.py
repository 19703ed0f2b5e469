# SPDX-License-Identifier: GPL-2.0
"""A fixed number of waits, done by one thread and shared by 2 to 32: asleep,
asleep without giving the lock up, at a socket whose peer answers late, and until
a block is on the disk.
"""

import contextlib
import ctypes
import os
import socket
import tempfile
import threading
import time

from measure import QUICK, show, start_and_join, timed

WAIT_S = 0.005
WAITS = 64
THREADS = (2, 8) if QUICK else (2, 4, 8, 16, 32)
BLOCK = bytes(4096)

# A function that is called through PyDLL keeps CPython's lock.
usleep = ctypes.PyDLL(None).usleep


def sleep(_index):
    time.sleep(WAIT_S)


def sleep_kept(_index):
    usleep(int(WAIT_S * 1e6))


def shared_by(threads, wait):
    """Seconds that the threads take for all waits together."""
    def work(index):
        for _ in range(WAITS // threads):
            wait(index)

    return timed(start_and_join, [threading.Thread(target=work, args=(index,))
                                  for index in range(threads)])


def answer(peer):
    while peer.recv(1):
        time.sleep(WAIT_S)
        peer.sendall(b"!")


@contextlib.contextmanager
def peers(count):
    """Processes that answer late, and our ends of the sockets to them."""
    ends, children = [], []
    for _ in range(count):
        end, peer = socket.socketpair()
        child = os.fork()
        if not child:
            for other in (*ends, end):
                other.close()
            answer(peer)
            os._exit(0)
        peer.close()
        ends.append(end)
        children.append(child)
    try:
        yield ends
    finally:
        for end in ends:
            end.close()
        for child in children:
            os.waitpid(child, 0)


def at_sockets(threads):
    def ask(index):
        ends[index].sendall(b"?")
        ends[index].recv(1)

    with peers(threads) as ends:
        return shared_by(threads, ask)


def at_files(threads):
    def write(index):
        os.pwrite(files[index].fileno(), BLOCK, 0)
        os.fdatasync(files[index].fileno())

    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile(dir="."))
                 for _ in range(threads)]
        return shared_by(threads, write)


def main():
    one = {"sleep": shared_by(1, sleep), "socket": at_sockets(1),
           "file": at_files(1)}
    figures = {}
    for threads in THREADS:
        figures |= {f"{threads}.{name}_one": took for name, took in one.items()}
        figures |= {
            f"{threads}.sleep": shared_by(threads, sleep),
            f"{threads}.sleep_kept": shared_by(threads, sleep_kept),
            f"{threads}.socket": at_sockets(threads),
            f"{threads}.file": at_files(threads),
        }
    show(figures)


if __name__ == "__main__":
    main()
