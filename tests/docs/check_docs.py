#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare what the documents say with what the sources have. Prints KTAP.

usage: check_docs.py

Nothing that a user can name may be missing from its page, and no page may name
what is not there. Each comparison is also made with a document or a source
from which one thing has been taken, and must notice: a check that cannot fail
checks nothing.
"""

import functools
import re
import sys
from pathlib import Path

import ktap

TOP = Path(__file__).resolve().parents[2]

UAPI = "module/include/uapi/linux/gil.h"
LIBRARY = "userspace/libgil/include/gil.h"
TRACE = "module/gil_trace.h"
POLICY = "module/include/gil_policy.h"
EXAMPLE = "module/example/gil_lifo.c"
PARAMS = "module/params.c"
DEBUGFS = "module/debugfs.c"
OPTIONS = "userspace/gilbench/options.c"
WORKLOADS = "userspace/gilbench/workload.c"
GILRUN_OPTIONS = "userspace/gilrun/options.c"
GILREPORT_OPTIONS = "userspace/gilreport/options.c"
CSV = "userspace/gilreport/csv.c"
GILRUN_STATUSES = "userspace/gilrun/options.h"
GILRUN_JSON = "userspace/gilrun/report_json.c"
ARGS_JSON = "userspace/args/json.c"
GILTOP_OPTIONS = "userspace/giltop/options.c"
GILTOP_LIVE = "userspace/giltop/live.c"
GILTOP_ROW = "userspace/giltop/row.c"
GILTOP_JSON = "userspace/giltop/json.c"
GIL_4 = "module/man/gil.4"
LIBGIL_3 = "userspace/libgil/man/libgil.3"
GILBENCH_1 = "userspace/gilbench/gilbench.1"
GILRUN_1 = "userspace/gilrun/gilrun.1"
GILREPORT_1 = "userspace/gilreport/gilreport.1"
GILTOP_1 = "userspace/giltop/giltop.1"
TOOLS = "tools/trace"
README = "README.md"
CORE = "module/core.c"
DESIGN = "docs/design.md"
HOWTO = "docs/howto.md"
MAKEFILE = "Makefile"
VERSION = "VERSION"
CHANGES = "CHANGELOG.md"

ERRNO = re.compile(r"\bE[A-Z]{2,}[A-Z0-9]*\b")
# Words in capitals that are not error numbers.
NOT_ERRNO = {"EXEC", "ENQUEUE"}


# Where the names are that the documents of the design may use.
FOLDERS = (".ci", "docs", "module", "tests", "tools", "userspace")


@functools.cache
def tree():
    """The names of all files and folders, with the folders above them and
    without, and of what is included; and all words of the sources.
    """
    names, words = {"gil.ko"}, set()
    for top in (TOP, *(TOP / folder for folder in FOLDERS)):
        for path in top.glob("*" if top == TOP else "**/*"):
            names |= {str(path.relative_to(TOP)), path.name}
            if path.is_dir() or path == Path(__file__).resolve() or \
               path.suffix in (".md", ".png", ".o", ".ko", ".cmd", ".pyc"):
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            words |= set(re.findall(r"\w+", text))
            names |= matches(r'^#include ["<]([\w./]+)', text)
    return names, words


class Files:
    """The files of the project, some of them as if they had been changed."""

    def __init__(self, changed=None):
        self.changed = changed or {}

    def read(self, path):
        if path not in self.changed:
            self.changed[path] = (TOP / path).read_text(encoding="utf-8")
        return self.changed[path]

    def man(self, path):
        """A manual page's words, without what typesets them."""
        text = re.sub(r'^\.\\".*$', "", self.read(path), flags=re.M)
        text = re.sub(r"\\f[A-Z]", "", text)
        return text.replace(r"\-", "-").replace(r"\&", "")


def compare(what, source, have, page, named):
    """Complaints about names that only one side has."""
    for name in sorted(have - named):
        yield f"{what} {name} of {source} is not in {page}"
    for name in sorted(named - have):
        yield f"{what} {name} of {page} is not in {source}"


def unnamed(what, source, have, page, text):
    """Complaints about names of which a page says nothing."""
    for name in sorted(have):
        if not re.search(rf"\b{name}\b", text):
            yield f"{what} {name} of {source} is not in {page}"


def matches(pattern, text):
    """What the pattern finds in the text; ^ and $ are those of lines."""
    return set(re.findall(pattern, text, re.M))


def errnos(text):
    text = re.sub(r"^\.S[HS] .*$", "", text, flags=re.M)
    return set(ERRNO.findall(text)) - NOT_ERRNO


def comments(text):
    return re.findall(r"/\*.*?\*/", text, re.S)


def section(man, kind, title):
    """The text below a heading, up to the next one of its kind or above."""
    stop = r"^\.SH " if kind == "SH" else r"^\.S[SH] "
    match = re.search(rf"^\.{kind} {title}.*?\n(.*?)(?={stop}|\Z)", man,
                      re.S | re.M)
    return match[1] if match else ""


def struct_fields(text):
    """struct name -> its fields' names."""
    structs = {}
    for name, body in re.findall(r"^struct (\w+) \{\n(.*?)^\};", text,
                                 re.S | re.M):
        body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
        structs[name] = matches(r"\b(\w+)(?:\[\w+\])?;", body)
    return structs


def check_uapi_names(files):
    header = files.read(UAPI)
    man = files.man(GIL_4)
    have = matches(r"^#define (GIL_\w+)", header)
    have -= {"GIL_IOC_MAGIC"}
    yield from compare("constant", UAPI, have, GIL_4,
                       matches(r"\bGIL_\w*[A-Z]\b", man))
    yield from compare("structure", UAPI, set(struct_fields(header)), GIL_4,
                       matches(r"struct (gil_\w+)", man) -
                       {"gil_policy_ops"})


def policy_fields(files):
    header = files.read(POLICY)
    body = re.search(r"^struct gil_policy_ops \{\n(.*?)^\};", header,
                     re.S | re.M)[1]
    fields = struct_fields(header)["gil_policy_ops"] - {"node"}
    return fields | matches(r"\(\*(\w+)\)\(", body)


def check_uapi_fields(files):
    man = files.man(GIL_4)
    fields = set().union(*struct_fields(files.read(UAPI)).values())
    yield from unnamed("field", UAPI, fields, GIL_4, man)
    # The first cells of the tables are fields, of the uapi or of policies.
    fields |= policy_fields(files)
    for row in re.findall(r"^([a-z_, ]+)\|T\{", man, re.M):
        for name in row.split(", "):
            if name not in fields:
                yield f"field {name} of {GIL_4} is not in {UAPI}"


def uapi_errnos(header):
    """ioctl -> the error numbers that its comment names."""
    found = {}
    for name in ("create", "attach", "acquire", "release", "stats", "policy",
                 "bind"):
        comment = next(c for c in comments(header) if f"struct gil_{name} -"
                       in c)
        ioctl = {"stats": "GIL_IOC_LOCK_STATS",
                 "policy": "GIL_IOC_GET_POLICY"}
        found[ioctl.get(name, f"GIL_IOC_{name.upper()}")] = errnos(comment)
    for name in ("YIELD", "CANCEL", "GET_INTERVAL", "UNBIND", "GET_GRACE"):
        match = re.search(rf"(/\*(?:(?!\*/).)*\*/)\n#define GIL_IOC_{name}\b",
                          header, re.S)
        found[f"GIL_IOC_{name}"] = errnos(match[1]) if match else set()
    return found


def check_uapi_errnos(files):
    header = files.read(UAPI)
    man = files.man(GIL_4)
    for ioctl, have in uapi_errnos(header).items():
        named = errnos(section(man, "SS", ioctl))
        yield from compare(f"{ioctl}: error", UAPI, have, GIL_4, named)
    yield from compare("error", UAPI, errnos(" ".join(comments(header))),
                       GIL_4, errnos(man))


def check_parameters(files):
    have = matches(r"^module_param\w*\((\w+)", files.read(PARAMS))
    text = section(files.man(GIL_4), "SH", "MODULE PARAMETERS")
    named = matches(r"^\.TP\n\.BR? (\w+)", text)
    yield from compare("parameter", PARAMS, have, GIL_4, named)


def trace_events(source):
    """event -> its fields, its own or its class's."""
    shared = re.search(r"^#define GIL_CTX_ENTRY(.*?[^\\])$", source,
                       re.S | re.M)
    source = source.replace("\t\tGIL_CTX_ENTRY\n", shared[1])
    bodies = {name: re.findall(r"__(?:field|array)\([^,]+, (\w+)", body)
              for name, body in re.findall(
                  r"^(?:TRACE_EVENT_FN|DECLARE_EVENT_CLASS)\((\w+),(.*?)^\);",
                  source, re.S | re.M)}
    events = {name: bodies[name]
              for name in re.findall(r"^TRACE_EVENT_FN\((\w+),", source, re.M)}
    for kind, name in re.findall(r"^DEFINE_GIL_(\w+)_EVENT\((\w+)\);", source,
                                 re.M):
        events[name] = bodies.get(f"gil_{kind.lower()}", [])
    return events


def event_entries(text):
    """event -> what is said of it; and what is said of all first."""
    head, *entries = re.split(r"^\.TP\n", text, flags=re.M)
    found = {}
    for entry in entries:
        names, _, said = entry.partition("\n")
        said = said.split("\n.PP", 1)[0]
        for name in re.findall(r"gil_\w+", names):
            found[name] = said
    return head, found


def check_trace_events(files):
    """Each event, and in its entry each field that not all events have."""
    text = section(files.man(GIL_4), "SH", "TRACE EVENTS")
    head, entries = event_entries(text)
    events = trace_events(files.read(TRACE))
    yield from compare("event", TRACE, set(events), GIL_4, set(entries))
    for event, fields in sorted(events.items()):
        if not fields:
            yield f"event {event} of {TRACE} has no fields that can be found"
        for field in fields:
            said = entries.get(event, "")
            if field in ("lock", "id", "tid", "comm") and event != "gil_policy":
                said = head
            if not re.search(rf"^\.IR? {field}\b", said, re.M):
                yield f"{event}: field {field} of {TRACE} is not in {GIL_4}"
    named = matches(r"^\.IR? (\w+)", "\n".join(entries.values()))
    for field in sorted(named - set().union(*events.values())):
        yield f"event field {field} of {GIL_4} is not in {TRACE}"


def check_policies(files):
    header = files.read(POLICY)
    text = section(files.man(GIL_4), "SS", "A policy in a module of its own")
    named = {name for row in re.findall(r"^([a-z_, ]+)\|T\{", text, re.M)
             for name in row.split(", ")}
    yield from compare("member", POLICY, policy_fields(files), GIL_4, named)
    functions = matches(r"^\w+ (gil_policy_\w+)\(", header)
    yield from compare("function", POLICY, functions, GIL_4,
                       matches(r"(gil_policy_\w+) \(\)", text))
    example = files.read(EXAMPLE)
    name = re.search(r'\.name = "(\w+)"', example)[1]
    if not re.search(rf"--policy {name}\b", text):
        yield f"policy {name} of {EXAMPLE} is not in {GIL_4}"
    installed = matches(r"\$\(SRC\)/(\w+)", files.read(MAKEFILE))
    named = matches(r"^\.IR? (include|example)\b", text)
    yield from compare("folder", MAKEFILE, installed, GIL_4, named)


def check_debugfs(files):
    text = section(files.man(GIL_4), "SH", "FILES")
    have = matches(r'gil_table\("(\w+)"', files.read(DEBUGFS))
    yield from unnamed("debugfs file", DEBUGFS, have, GIL_4, text)
    yield from compare("debugfs file", DEBUGFS, set(), GIL_4,
                       matches(r"debug/gil/(\w+)", text) - have)


def check_library(files):
    header = re.sub(r"/\*.*?\*/", "", files.read(LIBRARY), flags=re.S)
    man = files.man(LIBGIL_3)
    have = matches(r"^(?:\w+ )+\*?(gil_\w+)\(", header)
    have |= matches(r"^#define (GIL_\w+)\(", header)
    have |= set(struct_fields(header))
    synopsis = section(man, "SH", "SYNOPSIS")
    prototypes = matches(r"\b(gil_\w+|GIL_\w+)\(", synopsis)
    functions = {name for name in have if re.search(rf"\b{name}\(", header)}
    yield from compare("function", LIBRARY, functions, LIBGIL_3, prototypes)
    have |= set().union(*struct_fields(header).values())
    yield from unnamed("name", LIBRARY, have, LIBGIL_3, man)


def check_library_errnos(files):
    yield from compare("error", LIBRARY,
                       errnos(" ".join(comments(files.read(LIBRARY)))),
                       LIBGIL_3, errnos(files.man(LIBGIL_3)))


def check_options(source, page, files):
    """What --help shows is what argp makes of the table of options."""
    table = files.read(source)
    table = table[table.index("struct argp_option"):]
    table = table[:table.index("};")]
    have = matches(r'\{ "([\w-]+)", ', table)
    standard = {"help", "usage", "version"}
    named = matches(r"(?<![\w-])--([a-z][a-z-]*)", files.man(page))
    yield from compare("option --", source, have, page, named - standard)


def check_gilbench(files):
    yield from check_options(OPTIONS, GILBENCH_1, files)
    table = files.read(WORKLOADS)
    text = section(files.man(GILBENCH_1), "SH", "WORKLOADS")
    yield from compare("workload", WORKLOADS,
                       matches(r"&workload_(\w+)", table), GILBENCH_1,
                       matches(r"^\.TP\n\.B (\w+)", text))


def check_gilreport(files):
    yield from check_options(GILREPORT_OPTIONS, GILREPORT_1, files)
    heads = re.findall(r'fputs\(("lock,.*?"), file\);', files.read(CSV), re.S)
    have = set()
    for head in heads:
        words = "".join(re.findall(r'"(.*?)(?:\\n)?"', head))
        have |= set(words.split(","))
    text = section(files.man(GILREPORT_1), "SH", "FIELDS")
    names = re.findall(r"^\.TP\n\.BR? (.*)$", text, re.M)
    names += re.findall(r"^\.B (\w+),?$", text, re.M)
    named = matches(r"\w+", " ".join(names))
    yield from compare("column", CSV, have, GILREPORT_1, named)


def check_gilrun_statuses(files):
    have = re.findall(r"^\tEXIT_\w+ = (\d+)", files.read(GILRUN_STATUSES),
                      re.M)
    text = section(files.man(GILRUN_1), "SH", '"EXIT STATUS"')
    yield from compare("exit status", GILRUN_STATUSES, set(have), GILRUN_1,
                       matches(r"^\.TP\n\.B (\d+)$", text))


def check_gilrun_json(files):
    have = matches(r'"([a-z_]{2,})"',
                   files.read(GILRUN_JSON) + files.read(ARGS_JSON))
    text = section(files.man(GILRUN_1), "SH", '"JSON DOCUMENT"')
    named = matches(r"^\.BR? \(?([a-z_]+)|^\.RB \( ([a-z_]+)", text)
    yield from compare("JSON member", GILRUN_JSON, have, GILRUN_1,
                       {a or b for a, b in named})


def check_giltop(files):
    yield from check_options(GILTOP_OPTIONS, GILTOP_1, files)
    man = files.man(GILTOP_1)
    words = section(man, "SH", "KEYS")
    keys = matches(r"(?:case |= )'(\S)'", files.read(GILTOP_LIVE))
    # These only look like keys: parts of a bar, and Q, another name of q.
    keys -= set("#=Q")
    tags = re.findall(r"^\.TP\n\.BR? (.*)$", words, re.M)
    named = {key for tag in tags for key in re.split(r'[", ]+', tag)
             if len(key) == 1}
    yield from compare("key", GILTOP_LIVE, keys, GILTOP_1, named)
    titles = matches(r'\] = \{ "([A-Z/]+)", ', files.read(GILTOP_ROW))
    tags = re.findall(r"^\.TP\n\.BR? (.*)$", section(man, "SH", "COLUMNS"),
                      re.M)
    named = {title for tag in tags for title in re.findall(r"[A-Z/]+", tag)}
    yield from compare("column", GILTOP_ROW, titles, GILTOP_1, named)
    members = matches(r'^\t+ *(?:return .*)?"(\w+)", ',
                      files.read(GILTOP_JSON) + files.read(ARGS_JSON))
    text = section(man, "SH", '"JSON DOCUMENT"')
    yield from unnamed("member", GILTOP_JSON, members, GILTOP_1, text)


def check_tools(files):
    """Each tracing tool has a page, which says what all that it prints is."""
    for script in sorted((TOP / TOOLS).glob("*.bt")):
        source = f"{TOOLS}/{script.name}"
        page = f"{TOOLS}/man/{script.stem}.8"
        if not (TOP / page).exists():
            yield f"{source} has no page {page}"
            continue
        man = files.man(page)
        for title in ("EXAMPLES", "FIELDS", "OVERHEAD"):
            if not section(man, "SH", title):
                yield f"{page} has no section {title}"
        text = files.read(source)
        have = matches(r"print\(@(\w+)", text)
        named = matches(r"@(\w+)", section(man, "SH", "FIELDS"))
        yield from compare("map @", source, have, page, named)
        usage = re.search(r"USAGE: \S+ (.*)", text)[1]
        synopsis = re.sub(r"[^A-Z\[\]]", "", section(man, "SH", "SYNOPSIS")
                          .partition("\n")[2])
        if re.sub(r"[^A-Z\[\]]", "", usage) != synopsis.replace("RI", ""):
            yield f"{page} has other arguments than {source}"
    readme = files.read(README)
    for script in sorted((TOP / TOOLS).glob("gil*")):
        if script.name not in readme:
            yield f"{TOOLS}/{script.name} is not in {README}"


def check_readme(files):
    """Commands shown in the README can be given."""
    targets = matches(r"^([\w-]+):", files.read(MAKEFILE))
    readme = files.read(README)
    code = re.findall(r"`([^`\n]+)`", readme)
    code += re.findall(r"^(?:    |\t)(.+)$", readme, re.M)
    for block in re.findall(r"^```\w*\n(.*?)^```", readme, re.S | re.M):
        code += block.splitlines()
    for line in code:
        match = re.match(r"(?:sudo )?make +([a-z][\w-]*)(?!\w*=)", line)
        if match and match[1] not in targets:
            yield f"'make {match[1]}' of {README} is not in {MAKEFILE}"


def unknown_names(code):
    """What a piece of code in a document names that is not in the tree. A name
    that is or ends in x stands for one that the reader is going to choose.
    """
    names, words = tree()
    for word in code.split():
        if re.search(r"(\b|_)x(\(\))?(\.\w+)?$", word) or word[0] in "/-":
            continue
        if re.fullmatch(r"[\w.-]+/[\w./-]*|\w+\.([chos]|sh|py|bt|md|ko|\d)",
                        word):
            if word.rstrip("/") not in names:
                yield word
        elif re.fullmatch(r"\w*[_A-Z]\w*|\w+\(\)", word):
            if word.removesuffix("()") not in words:
                yield word


def check_version(files):
    """The file VERSION has the number, and everything else takes it from there;
    only the list of changes names it itself.
    """
    version = files.read(VERSION).strip()
    newest = re.search(r"^## (\d\S*)", files.read(CHANGES), re.M)[1]
    if newest != version:
        yield f"{CHANGES} begins with {newest}, and {VERSION} has {version}"
    for program in OPTIONS, GILRUN_OPTIONS, GILREPORT_OPTIONS, GILTOP_OPTIONS:
        if not re.search(r'version = "gil\w+ " GIL_VERSION;',
                         files.read(program)):
            yield f"--version of {program} is not that of {VERSION}"


def check_names(page, files):
    """The names of functions, structures, files and constants in a document of
    the design are those of the sources."""
    for code in re.findall(r"`([^`\n]+)`", files.read(page)):
        for name in unknown_names(code):
            yield f"{name} of {page} is nowhere in the tree"


def check_moves(files):
    """The moves between a lock's states, and the functions that make them."""
    drawn, told = (
        {f"{move}, {function}" for move, functions in
         re.findall(row, files.read(path), re.M)
         for function in re.findall(r"\w+\(\)", functions)}
        for path, row in ((CORE, r"^ \*\t(\w+)\t +(gil_\w+\(\).*?)(?:\t|$)"),
                          (DESIGN, r"^\| (\w+) \| (`gil_\w+\(\)`.*?) \|")))
    if not drawn:
        yield f"{CORE} has no list of moves"
    yield from compare("move", CORE, drawn, DESIGN, told)


# Checks, their names, and what to change in which file to see whether the check
# notices.
CHECKS = [
    (check_uapi_names, "names of the uapi", [
        (GIL_4, r"GIL_ACQUIRE_RESUME", "GIL_ACQUIRE_RESUMED"),
        (UAPI, r"#define GIL_IOC_CANCEL", "#define GIL_IOC_CANCELLED"),
        (GIL_4, r"struct gil_attach", "struct gil_attached"),
    ]),
    (check_uapi_fields, "fields of the uapi", [
        (GIL_4, r"\bdrop_request\b", ""),
        (GIL_4, r"^deadline_ns\|", "deadlines_ns|"),
        (UAPI, r"__u64 timeouts;", "__u64 timed_out;"),
    ]),
    (check_uapi_errnos, "errors of each ioctl", [
        (GIL_4, r"\.B ETIMEDOUT", ".B ETIMEOUT"),
        (UAPI, r"ENOENT: no such policy; EMFILE", "EMFILE"),
        (GIL_4, r"\.BR EBUSY|\.B EBUSY", ".B EAGAIN"),
    ]),
    (check_parameters, "module parameters", [
        (PARAMS, r"module_param\(mode", "module_param(modes"),
        (GIL_4, r'interval_us " \(', 'interval " ('),
    ]),
    (check_trace_events, "trace events and their fields", [
        (GIL_4, r"gil_drop_request", "gil_request_drop"),
        (GIL_4, r"^\.IR from_tid", ".IR giver"),
        (TRACE, r"__field\(u64, hold_ns\)", "__field(u64, held_ns)"),
        (TRACE, r"DEFINE_GIL_HOLD_EVENT\(gil_io_release",
         "DEFINE_GIL_HOLD_EVENT(gil_lost"),
    ]),
    (check_policies, "policies in modules of their own", [
        (GIL_4, r"^patience\|", "impatience|"),
        (POLICY, r"\(\*linger\)", "(*stay)"),
        (POLICY, r"gil_policy_unregister", "gil_policy_withdraw"),
        (EXAMPLE, r'"lifo"', '"filo"'),
        (MAKEFILE, r"\$\(SRC\)/example", "$(SRC)/examples"),
    ]),
    (check_debugfs, "debugfs files", [
        (DEBUGFS, r'"hist"', '"histograms"'),
        (GIL_4, r"gil/locks", "gil/lock"),
    ]),
    (check_library, "libgil's functions", [
        (LIBGIL_3, r"gil_checkpoint", "gil_check"),
        (LIBRARY, r"int gil_cancel\(", "int gil_leave("),
    ]),
    (check_library_errnos, "libgil's errors", [
        (LIBGIL_3, r"EPROTO", ""),
        (LIBRARY, r"EPROTO", ""),
    ]),
    (check_gilbench, "gilbench's options and workloads", [
        (GILBENCH_1, r"repeat", "repetitions"),
        (OPTIONS, r'"policy"', '"rule"'),
        (WORKLOADS, r"&workload_levels", "&workload_heights"),
    ]),
    (functools.partial(check_options, GILRUN_OPTIONS, GILRUN_1),
     "gilrun's options", [
        (GILRUN_1, r"per\\-process", "each"),
        (GILRUN_OPTIONS, r'"grace"', '"mercy"'),
    ]),
    (check_gilreport, "gilreport's options and columns", [
        (GILREPORT_1, r"\\-\\-interval", "\\-\\-span"),
        (GILREPORT_OPTIONS, r'"json"', '"data"'),
        (CSV, r"hold_share", "share"),
        (GILREPORT_1, r"from_tid", "giver_tid"),
    ]),
    (check_gilrun_statuses, "gilrun's own exit statuses", [
        (GILRUN_1, r"^\.B 126$", ".B 124"),
        (GILRUN_STATUSES, r"= 127", "= 128"),
    ]),
    (check_gilrun_json, "gilrun's JSON document", [
        (GILRUN_1, r"^\.BR max_ns", ".BR min_ns"),
        (GILRUN_JSON, r'"forced_switches"', '"made_to"'),
    ]),
    (check_giltop, "giltop's options, keys, columns and document", [
        (GILTOP_1, r"delay", "pause"),
        (GILTOP_OPTIONS, r'"sort"', '"order"'),
        (GILTOP_LIVE, r"case 'r'", "case 'R'"),
        (GILTOP_ROW, r'"QUEUE"', '"LINE"'),
        (GILTOP_JSON, r'"held"', '"kept"'),
    ]),
    (check_tools, "the tracing tools", [
        (f"{TOOLS}/man/gilhold.8", r"@off_cpu_us", "@off_us"),
        (f"{TOOLS}/gilio.bt", r"print\(@take_backs\)", "print(@backs)"),
        (f"{TOOLS}/gilfair.bt", r"INTERVAL \[COUNT", "COUNT [INTERVAL"),
        (f"{TOOLS}/man/gilowner.8", r"^\.SH OVERHEAD", ".SH COST"),
        (README, r"gilconvoy\.bt", "gilconvoy"),
    ]),
    (check_readme, "commands of the README", [
        (MAKEFILE, r"^demo:", "show:"),
    ]),
    (check_version, "the version", [
        (VERSION, r"^0", "1"),
        (CHANGES, r"^## 0", "## 1"),
        (GILTOP_OPTIONS, r'" GIL_VERSION', '0.2.0"'),
    ]),
    (functools.partial(check_names, DESIGN), f"names in {DESIGN}", [
        (DESIGN, r"`gil_claim\(\)`", "`gil_seize()`"),
        (DESIGN, r"`struct gil_ctx`", "`struct gil_seat`"),
        (DESIGN, r"`acquire\.c`", "`obtain.c`"),
        (DESIGN, r"`module/core\.c`", "`module/kernel.c`"),
    ]),
    (functools.partial(check_names, HOWTO), f"names in {HOWTO}", [
        (HOWTO, r"tests/Makefile", "tests/Buildfile"),
        (HOWTO, r"TEST_GEN_PROGS", "TEST_PROGRAMS"),
    ]),
    (check_moves, f"moves of {CORE} and {DESIGN}", [
        (CORE, r"^ \*\tabandon\t", " *\tforsake\t"),
        (DESIGN, r"^\| recover \| `gil_claim", "| recover | `gil_take"),
    ]),
]


def none(problems):
    """Was there no problem?"""
    problems = list(problems)
    ktap.comment("\n".join(problems))
    return not problems


def notices(check, path, pattern, replacement):
    """What is wrong with the check itself, seen on a changed file."""
    before = set(check(Files()))
    text = Files().read(path)
    changed, count = re.subn(pattern, replacement, text, flags=re.M)
    if not count:
        yield f"nothing in {path} is like {pattern}"
    elif set(check(Files({path: changed}))) <= before:
        yield f"{path} without {pattern} went unnoticed"


def cases():
    for check, name, changes in CHECKS:
        yield f"documented: {name}", lambda c=check: none(c(Files()))
        yield f"would be noticed: {name}", lambda c=check, all_of=changes: none(
            problem for change in all_of for problem in notices(c, *change))


if __name__ == "__main__":
    ktap.arguments(__doc__, 0)
    sys.exit(ktap.run(cases()))
