# SPDX-License-Identifier: GPL-2.0
"""Recordings made of known events, as trace-cmd.dat.v6(5) describes them."""

import struct

COMMON = [("unsigned short", "common_type", 2, 0),
          ("unsigned char", "common_flags", 1, 0),
          ("unsigned char", "common_preempt_count", 1, 0),
          ("int", "common_pid", 4, 1)]
WHO = [("u32", "lock", 4, 0), ("u32", "id", 4, 0), ("pid_t", "tid", 4, 1),
       ("char", "comm", 16, 0)]
U32, U64 = ("u32", 4, 0), ("u64", 8, 0)


def fields(*named):
    return [(kind[0], name, *kind[1:]) for name, kind in named]


EVENTS = {
    "gil_request": ("gil", WHO + fields(("waiting", U32))),
    "gil_grant": ("gil", WHO + fields(("from_tid", ("pid_t", 4, 1)),
                                      ("wait_ns", U64), ("waiting", U32))),
    "gil_acquire": ("gil", WHO + fields(("contended", U32), ("wait_ns", U64),
                                        ("wakeup_ns", U64))),
    "gil_release": ("gil", WHO + fields(("reason", U32), ("hold_ns", U64),
                                        ("waiting", U32))),
    "gil_drop_request": ("gil", WHO + fields(("hold_ns", U64),
                                             ("waiting", U32))),
    "gil_wait": ("gil", WHO),
    "gil_take_back": ("gil", WHO),
    "gil_unbind": ("gil", WHO),
    "gil_owner_died": ("gil", WHO),
    "gil_io_release": ("gil", WHO + fields(("hold_ns", U64),
                                           ("waiting", U32))),
    "gil_bind": ("gil", WHO + fields(("flags", U32))),
    "gil_policy": ("gil", [("u32", "lock", 4, 0), ("char", "policy", 16, 0)]),
    "sched_switch": ("sched", [
        ("char", "prev_comm", 16, 0), ("pid_t", "prev_pid", 4, 1),
        ("int", "prev_prio", 4, 1), ("long", "prev_state", 8, 1),
        ("char", "next_comm", 16, 0), ("pid_t", "next_pid", 4, 1),
        ("int", "next_prio", 4, 1)]),
    "sched_wakeup": ("sched", [
        ("char", "comm", 16, 0), ("pid_t", "pid", 4, 1),
        ("int", "prio", 4, 1), ("int", "target_cpu", 4, 1)]),
    "print": ("ftrace", [("unsigned long", "ip", 8, 0), ("char", "buf", 256, 0)]),
}
IDS = {name: 1000 + i for i, name in enumerate(EVENTS)}
PAGE = 4096
HEADER_PAGE = b"""\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;
\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;
\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;
"""
MISSED, STORED = 1 << 31, 1 << 30
OPTION_BUFFER, OPTION_CLOCK = 3, 4


def placed(name):
    """A type's fields with the offsets that the kernel would give them."""
    offset = 0
    for kind, field, size, signed in COMMON + EVENTS[name][1]:
        align = 1 if kind == "char" else size
        offset = (offset + align - 1) // align * align
        yield kind, field, size, signed, offset
        offset += size


def format_file(name):
    lines = [f"name: {name}", f"ID: {IDS[name]}", "format:"]
    for i, (kind, field, size, signed, offset) in enumerate(placed(name)):
        array = f"[{size}]" if kind == "char" else ""
        lines.append(f"\tfield:{kind} {field}{array};\toffset:{offset};"
                     f"\tsize:{size};\tsigned:{signed};")
        if i == len(COMMON) - 1:
            lines.append("")
    has_comm = "comm" in [field for _, field, *_ in placed(name)]
    fmt = 'print fmt: "comm=%s", REC->comm' if has_comm else 'print fmt: "x"'
    return "\n".join(lines + ["", fmt, ""]).encode()


def record(name, values):
    data = bytearray()
    values = {"common_type": IDS[name], **values}
    for kind, field, size, _, offset in placed(name):
        data += bytes(offset - len(data))
        value = values.get(field, 0)
        if kind == "char":
            data += value.encode() if isinstance(value, str) else bytes(value)
            data += bytes(offset + size - len(data))
        else:
            data += (value % (1 << 8 * size)).to_bytes(size, "little")
    return bytes(data) + bytes(-len(data) % 4)


class Trace:
    """What is recorded by a clock, in the top buffer or in an instance's."""

    def __init__(self, cpus=2, clock=None, instance=None):
        self.pages = [[] for _ in range(cpus)]
        self.clock, self.instance = clock, instance

    def add(self, cpu, time, name, lost=0, **values):
        """An event; lost: so many are missing before it."""
        data = record(name, values)
        pages = self.pages[cpu]
        if not pages or lost or len(pages[-1][1]) + len(data) + 16 > 4000:
            pages.append([time, bytearray(), time, lost])
        page = pages[-1]
        delta, page[2] = time - page[2], time
        if delta >= 1 << 27:
            page[1] += struct.pack("<II", 30 | (delta & 0x7ffffff) << 5,
                                   delta >> 27)
            delta = 0
        if len(data) <= 28 * 4:
            page[1] += struct.pack("<I", len(data) // 4 | delta << 5) + data
        else:
            page[1] += struct.pack("<II", delta << 5, len(data) + 4) + data

    @staticmethod
    def page(start, data, _, lost):
        commit = len(data)
        if lost:
            commit |= MISSED | STORED
            data = data + struct.pack("<q", lost)
        page = struct.pack("<QQ", start, commit) + data
        return page + bytes(PAGE - len(page))

    def head(self):
        head = b"\x17\x08Dtracing6\0\0\x08" + struct.pack("<I", PAGE)
        head += b"header_page\0" + struct.pack("<Q", len(HEADER_PAGE))
        head += HEADER_PAGE + b"header_event\0" + struct.pack("<QI", 0, 0)
        systems = sorted({system for system, _ in EVENTS.values()})
        head += struct.pack("<I", len(systems))
        for system in systems:
            names = [n for n, (of, _) in EVENTS.items() if of == system]
            head += system.encode() + b"\0" + struct.pack("<I", len(names))
            for name in names:
                text = format_file(name)
                head += struct.pack("<Q", len(text)) + text
        head += struct.pack("<IIQ", 0, 0, 0)
        return head + struct.pack("<I", len(self.pages))

    def options(self, buffer_at):
        options = b""
        if self.clock:
            options += struct.pack("<HI", OPTION_CLOCK, 0)
        if self.instance:
            name = self.instance.encode() + b"\0"
            options += struct.pack("<HIQ", OPTION_BUFFER, 8 + len(name),
                                   buffer_at) + name
        return b"options  \0" + options + struct.pack("<H", 0)

    def buffer(self, at, cpus):
        """A table of the CPUs' pages, and these pages, to be put at @at."""
        clock = f"local [{self.clock}]".encode()
        clock = struct.pack("<Q", len(clock)) + clock if self.clock else b""
        table, body = b"flyrecord\0", b""
        begin = at + len(table) + 16 * len(cpus) + len(clock)
        begin = (begin + PAGE - 1) // PAGE * PAGE
        for pages in cpus:
            table += struct.pack("<QQ", begin + len(body), PAGE * len(pages))
            body += b"".join(self.page(*page) for page in pages)
        table += clock
        return table + bytes(begin - at - len(table)) + body

    def bytes(self):
        head = self.head()
        at = len(head) + len(self.options(0))
        if not self.instance:
            return head + self.options(0) + self.buffer(at, self.pages)
        top = self.buffer(at, [[] for _ in self.pages])
        second = at + len(top)
        return head + self.options(second) + top + self.buffer(second,
                                                               self.pages)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.bytes())
