# SPDX-License-Identifier: GPL-2.0
"""Grade one submission, or a folder of them."""

import concurrent.futures
import csv
import json
import os
import signal
import subprocess
import tarfile
import zlib
from pathlib import Path

import bench
import kit
import score

# What a guest takes of the machine's memory at the most, in bytes.
MEMORY_PER_GUEST = 2.5e9

# An archive that holds more than this is refused.
ARCHIVE_MAX = 16 * 1024 * 1024


def prepare(assignments):
    """The guest's root, and what is built of gil where it is needed. From now on
    the command stops its guests before SIGTERM ends it, as a course server sends.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    build = any(each.uses_programs for each in assignments)
    target = "guest-build" if build else "guest-root"
    done = subprocess.run(["make", "-s", "--no-print-directory", "-C",
                           kit.TOP, target], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise kit.Problem("the guest could not be made: see above")


def grade(assignment, sources, variant, report=lambda test, result: None):
    """The score document."""
    with bench.Builds(assignment, sources, variant) as builds:
        said = builds.build()
        results = {} if said else bench.Run(builds, report).all()
    return score.document(assignment, variant, kit.digest(sources), results,
                          said)


def unpack(path, to):
    """Only plain files of the top folder, whatever the archive holds."""
    total = 0
    with tarfile.open(path) as tar:
        for member in tar:
            total += member.size + tarfile.BLOCKSIZE
            if total > ARCHIVE_MAX:
                raise kit.Problem(f"'{path}' holds more than {ARCHIVE_MAX} "
                                  "bytes")
            name = Path(member.name).name
            if member.isfile() and len(Path(member.name).parts) <= 2:
                (to / name).write_bytes(tar.extractfile(member).read())


def handed_in(path):
    """The submission itself, where a course server puts it into a folder."""
    if path.is_dir() and not (path / kit.MARK).exists():
        inside = [each for each in path.iterdir()
                  if each.name.endswith(".tar.gz") or (each / kit.MARK).exists()]
        if len(inside) == 1:
            return inside[0]
    return path


def tree_of(path, variants_by_name):
    """A submission's assignment, sources and variant."""
    name = path.name.removesuffix(".tar.gz")
    folder = path = handed_in(path)
    if path.is_file():
        folder = kit.temporary("submission")
    try:
        if path.is_file():
            unpack(path, folder)
        tree = kit.Tree(folder)
        variant = tree.variant
        if variants_by_name:
            variant = tree.assignment.variant(name)
        return tree.assignment, tree.sources(), variant
    except (tarfile.TarError, OSError, EOFError, ValueError,
            zlib.error) as error:
        raise kit.Problem(f"'{path}' cannot be unpacked: {error}") from None
    finally:
        if path.is_file():
            kit.remove(folder)


def submissions(folder):
    found = [path for path in sorted(Path(folder).iterdir())
             if not path.name.startswith(".")
             and (path.is_dir() or path.name.endswith(".tar.gz"))]
    if not found:
        raise kit.Usage(f"there are no submissions in '{folder}': each is a "
                        "folder, or an archive that 'lab submit' made")
    return found


def jobs():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(len(os.sched_getaffinity(0)),
                      int(memory / MEMORY_PER_GUEST)))


def kept_score(path):
    """What was graded before, or None."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def grade_all(folder, variants_by_name, at_once=None):
    """Grade each submission once. What has been graded is kept in .grades/ and
    is not graded again unless it or its graders have changed. How many could
    not be graded.
    """
    kept = Path(folder) / ".grades"
    kept.mkdir(exist_ok=True)

    def one(path):
        try:
            assignment, sources, variant = tree_of(path, variants_by_name)
            to = kept / f"{path.name}.json"
            wanted = {"sources": kit.digest(sources), "variant": variant,
                      "graders": assignment.graders,
                      "assignment": assignment.number}
            if (old := kept_score(to)) and \
               all(old.get(key) == wanted[key] for key in wanted):
                return path, old, None
            made = grade(assignment, sources, variant)
            new = to.with_suffix(".new")
            new.write_text(score.FORMATS["json"](made) + "\n", "utf-8")
            new.replace(to)
            return path, made, None
        except kit.Problem as problem:
            return path, None, str(problem)
        except Exception as problem:  # the others are graded all the same
            return path, None, repr(problem)

    paths = submissions(folder)
    prepare(kit.assignments())
    rows = []
    with concurrent.futures.ThreadPoolExecutor(at_once or jobs()) as pool:
        try:
            for path, made, why in pool.map(one, paths):
                rows.append((path, made, why))
                kit.note(f"[{len(rows)}/{len(paths)}] {path.name}: " +
                         (why or f"{made['score']} of {made['max']}"))
        except BaseException:
            bench.STOP.set()
            pool.shutdown(cancel_futures=True)
            raise
    table(Path(folder) / "grades.csv", rows)
    return sum(why is not None for _, _, why in rows)


def table(to, rows):
    names = sorted({test["name"] for _, made, _ in rows if made
                    for test in made["tests"]})
    new = to.with_suffix(".new")
    with open(new, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["submission", "assignment", "score", "max", "number",
                         "problem", *names])
        for path, made, why in rows:
            points = {test["name"]: test["score"] for test in made["tests"]} \
                if made else {}
            writer.writerow([
                path.name.removesuffix(".tar.gz"),
                *((made[key] for key in ("assignment", "score", "max"))
                  if made else ("", "", "")),
                made and made.get("number") and made["number"].split()[0],
                why or ("does not build" if made["refused"] else ""),
                *(points.get(name, "") for name in names)])
    new.replace(to)
