# SPDX-License-Identifier: GPL-2.0
"""Grade one submission, or a folder of them."""

import concurrent.futures
import csv
import json
import os
import subprocess
import tarfile
from pathlib import Path

import bench
import kit
import score

# What a guest takes of the machine's memory at the most, in bytes.
MEMORY_PER_GUEST = 2.5e9

# More than this is not unpacked.
ARCHIVE_MAX = 4 * 1024 * 1024


def prepare(assignments):
    """The guest's root, and gil.ko where an assignment needs it."""
    policy = any(each.kind == "policy" for each in assignments)
    target = "guest-build" if policy else "guest-root"
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
    with tarfile.open(path) as tar:
        for member in tar:
            name = Path(member.name).name
            if member.isfile() and len(Path(member.name).parts) <= 2 and \
               member.size <= ARCHIVE_MAX:
                (to / name).write_bytes(tar.extractfile(member).read())


def tree_of(path, variants_by_name):
    """A submission's assignment, sources and variant."""
    name = path.name.removesuffix(".tar.gz")
    folder = path
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
    except (tarfile.TarError, OSError) as error:
        raise kit.Problem(f"'{path}' cannot be unpacked: {error}") from None
    finally:
        if path.is_file():
            kit.remove(folder)


def submissions(folder):
    found = [path for path in sorted(Path(folder).iterdir())
             if not path.name.startswith(".")
             and (path.is_dir() or path.name.endswith(".tar.gz"))]
    if not found:
        raise kit.Problem(f"there are no submissions in '{folder}': each is a "
                          "folder, or an archive that 'lab submit' made")
    return found


def jobs():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(len(os.sched_getaffinity(0)),
                      int(memory / MEMORY_PER_GUEST)))


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
            if to.exists():
                old = json.loads(to.read_text("utf-8"))
                if all(old.get(key) == wanted[key] for key in wanted):
                    return path, old, None
            made = grade(assignment, sources, variant)
            new = to.with_suffix(".new")
            new.write_text(score.FORMATS["json"](made) + "\n", "utf-8")
            new.replace(to)
            return path, made, None
        except kit.Problem as problem:
            return path, None, str(problem)

    paths = submissions(folder)
    prepare(kit.assignments())
    rows = []
    with concurrent.futures.ThreadPoolExecutor(at_once or jobs()) as pool:
        for path, made, why in pool.map(one, paths):
            rows.append((path, made, why))
            kit.note(f"[{len(rows)}/{len(paths)}] {path.name}: " +
                     (why or f"{made['score']} of {made['max']}"))
    table(Path(folder) / "grades.csv", rows)
    return sum(why is not None for _, _, why in rows)


def table(to, rows):
    names = sorted({test["name"] for _, made, _ in rows if made
                    for test in made["tests"]})
    new = to.with_suffix(".new")
    with open(new, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["submission", "assignment", "score", "max", "problem",
                         *names])
        for path, made, why in rows:
            points = {test["name"]: test["score"] for test in made["tests"]} \
                if made else {}
            writer.writerow([
                path.name.removesuffix(".tar.gz"),
                *((made[key] for key in ("assignment", "score", "max"))
                  if made else ("", "", "")),
                why or ("does not build" if made["refused"] else ""),
                *(points.get(name, "") for name in names)])
    new.replace(to)
