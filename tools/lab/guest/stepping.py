# SPDX-License-Identifier: GPL-2.0
"""In the guest: run a thread of another process one instruction at a time, and
stop it anywhere, so that a test decides what comes between two instructions.

The thread's program has a trap (int3) where stepping begins and where it ends.
"""

import ctypes
import os
import signal

import actors

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                        ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long

PEEK, CONT, STEP, GETREGS, DETACH = 1, 7, 9, 12, 17
SEIZE, INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000

TRAP, SYSCALL = 0xcc, 0x050f

# Of struct user_regs_struct, as indices of its 27 words.
R10, RAX, RDX, RSI, RDI, RIP = 7, 10, 12, 13, 14, 16


def ptrace(request, tid, address=0, data=0):
    ctypes.set_errno(0)
    done = libc.ptrace(request, tid, address, data)
    if done == -1 and (error := ctypes.get_errno()):
        raise actors.Unexpected("the program runs on",
                                f"it does not: {os.strerror(error)}")
    return done


class Call:
    """A system call that the thread is about to make."""

    def __init__(self, registers):
        self.number = registers[RAX]
        self.arguments = [registers[at] for at in (RDI, RSI, RDX, R10)]


class Stepped:
    """A thread under the test's control."""

    def __init__(self, tid, name):
        self.tid, self.name = tid, name
        self.next_is_call = False
        ptrace(SEIZE, tid)

    def _stopped(self, patience=True):
        """Whether it has stopped. With patience, it must."""
        def look():
            pid, status = os.waitpid(self.tid, WALL | os.WNOHANG)
            if pid and not os.WIFSTOPPED(status):
                raise actors.Unexpected("the program runs on", "it has ended")
            if pid and os.WSTOPSIG(status) not in (signal.SIGTRAP,
                                                   signal.SIGSTOP):
                name = signal.Signals(os.WSTOPSIG(status)).name
                raise actors.Unexpected("the program runs on",
                                        f"{self.name} gets {name}")
            return bool(pid)
        if not patience:
            return look()
        return actors.until(look, f"{self.name} runs on",
                            lambda: "it does not")

    def registers(self):
        words = (ctypes.c_ulonglong * 27)()
        ptrace(GETREGS, self.tid, 0, ctypes.addressof(words))
        return words

    def freeze(self):
        ptrace(INTERRUPT, self.tid)
        self._stopped()

    def reach_trap(self):
        """Wait until it is at the first trap."""
        self._stopped()

    def at(self):
        """The call that it is about to make, "end" at the last trap, or None.
        """
        registers = self.registers()
        self.next_is_call = False
        code = ptrace(PEEK, self.tid, registers[RIP])
        if code & 0xff == TRAP:
            return "end"
        self.next_is_call = code & 0xffff == SYSCALL
        return Call(registers) if self.next_is_call else None

    def address(self):
        return self.registers()[RIP]

    def step(self):
        """One instruction, which must end: what this thread is at then."""
        calls = self.next_is_call
        ptrace(STEP, self.tid)
        if calls:
            self._stopped()
        else:
            os.waitpid(self.tid, WALL)
        return self.at()

    def result(self):
        """What the system call returned that was just made."""
        value = self.registers()[RAX]
        return value - (1 << 64) if value >> 63 else value

    def go(self):
        """Let it run to the last trap. It may have to wait before."""
        ptrace(CONT, self.tid)

    def has_ended(self):
        return self._stopped(patience=False)

    def let_go(self):
        ptrace(DETACH, self.tid)
