#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""For how long does a change of policy keep interrupts off? Prints KTAP.

usage: policy_change.py [REQUESTS]     (default: 2000)

REQUESTS wait for the global lock while its policy changes. As root, in a guest
whose clock counts instructions. Each ns is an instruction there.
"""

import errno
import fcntl
import os
import re
import resource
import struct
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import ktap

PER_THREAD = 125  # A thread may have 128 contexts.
ACQUIRE, SET_POLICY = 0xC0204782, 0x4010478B
ENQUEUE = 2
LIMIT_NS = 100_000

# Each spinlock is followed by its address, because the timer's is taken inside.
PROBES = """
BEGIN { printf("on\\n") }
kprobe:_raw_spin_lock_irqsave /tid == $1/ { @since[arg0] = nsecs }
kprobe:_raw_spin_unlock_irqrestore /tid == $1 && @since[arg0]/
{
    @longest = max(nsecs - @since[arg0]);
    delete(@since[arg0]);
}
END { clear(@since) }
"""


def request(fd, flags):
    try:
        fcntl.ioctl(fd, ACQUIRE, struct.pack("=II3Q", flags, 0, 0, 0, 0))
    except OSError as error:
        if error.errno not in (errno.EINPROGRESS, errno.EOWNERDEAD):
            raise


def wait(count, queued, over):
    for _ in range(count):
        request(os.open("/dev/gil", os.O_RDWR), ENQUEUE)
    queued.release()
    over.wait()


def change(owner):
    """The longest time in ns, while the policy changes four times."""
    with subprocess.Popen(["bpftrace", "-e", PROBES, str(os.getpid())],
                          stdout=subprocess.PIPE, text=True) as trace:
        for line in trace.stdout:
            if line == "on\n":
                break
        for policy in b"fair", b"fifo", b"io_first", b"fifo":
            fcntl.ioctl(owner, SET_POLICY, policy.ljust(16, b"\0"))
        trace.terminate()
        said = trace.stdout.read()
    return int(re.search(r"@longest: (\d+)", said)[1])


def main():
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return ktap.run([], "this kernel has no BTF, which bpftrace needs")
    requests = int((ktap.arguments(__doc__, 0, 1) or [2000])[0])
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * requests + 1024,) * 2)
    threading.stack_size(65536)
    owner = os.open("/dev/gil", os.O_RDWR)
    request(owner, 0)
    queued, over = threading.Semaphore(0), threading.Event()
    threads = [threading.Thread(target=wait, args=(count, queued, over))
               for begin in range(0, requests, PER_THREAD)
               for count in [min(PER_THREAD, requests - begin)]]
    for thread in threads:
        thread.start()
    for _ in threads:
        queued.acquire()
    longest = change(owner)
    ktap.comment(f"{requests} requests: {longest} ns at most")
    over.set()
    return ktap.run([("a change of policy keeps interrupts off for a time that "
                      "does not grow with the waiters",
                      0 < longest < LIMIT_NS)])


sys.exit(main())
