# SPDX-License-Identifier: GPL-2.0
"""Student trees, and the archive that a teacher hands out."""

import json
import subprocess
import tarfile
from pathlib import Path

import bench
import kit
import regions

# Not handed out: the wrong submissions hold solution text.
PRIVATE = ("tests/lab/",)


def skeletons(assignment):
    """name -> the skeleton of each of its sources, and all regions."""
    made, secret = {}, []
    for name in assignment.sources:
        text = (assignment.folder / name).read_text("utf-8")
        made[name], found = regions.split(text, name)
        secret += found
    return made, secret


def new(assignment, folder, student):
    """A student's tree, in a folder that does not exist yet."""
    folder = Path(folder)
    if folder.exists():
        raise kit.Usage(f"'{folder}' exists already and stays as it is: "
                        "choose another folder")
    variant = assignment.variant(student)
    made, _ = skeletons(assignment)
    handout = (assignment.folder / "README.md").read_text("utf-8")
    folder.mkdir(parents=True)
    for name, text in made.items():
        (folder / name).write_text(text, "utf-8")
    for name, text, mode in assignment.given_files(variant):
        (folder / name).write_text(text, "utf-8")
        (folder / name).chmod(mode)
    (folder / "README.md").write_text(
        handout.replace("@VARIANT@", str(variant)), "utf-8")
    (folder / kit.MARK).write_text(
        json.dumps({"assignment": assignment.number, "variant": variant})
        + "\n", "utf-8")


def files():
    """The files of the kit: those that git knows, or all that are there."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=kit.TOP, text=True,
                          capture_output=True, check=False)
    if done.returncode == 0:
        names = done.stdout.split("\0")
    else:
        names = [str(path.relative_to(kit.TOP)) for path in kit.TOP.rglob("*")
                 if "__pycache__" not in path.parts]
    return sorted(name for name in names
                  if name and not name.startswith(("build/", *PRIVATE))
                  and (kit.TOP / name).is_file())


def contents(chosen):
    """name -> content of all that is handed out, without any solution, and how
    many regions were taken out.
    """
    ids = {each.id for each in chosen}
    left_out = tuple(f"tools/lab/assignments/{each.id}/" for each in
                     kit.assignments() if each.id not in ids)
    content = {name: (kit.TOP / name).read_bytes() for name in files()
               if not name.startswith(left_out)}
    secret = []
    for assignment in chosen:
        made, found = skeletons(assignment)
        if not found and assignment.kind != "recording":
            raise kit.Problem("this kit has no solutions, so it is a handout "
                              "itself: give away the archive that you have")
        secret += found
        for name, text in made.items():
            path = f"tools/lab/assignments/{assignment.id}/{name}"
            content[path] = text.encode()
    prove(content, secret)
    return content, len(secret)


def prove_builds(chosen):
    for assignment in chosen:
        made, _ = skeletons(assignment)
        sources = {name: text.encode() for name, text in made.items()}
        with bench.Builds(assignment, sources, assignment.variants[0]) as built:
            if said := built.build():
                raise kit.Problem(f"the skeleton of assignment "
                                  f"{assignment.number} does not build:\n"
                                  f"{said}")


def prove(content, secret):
    for name, data in content.items():
        text = data.decode("utf-8", "replace")
        for part in regions.leaks(secret, text):
            raise kit.Problem(f"{name} would give a solution away:\n{part}")


def write(to, content):
    """The same content makes the same archive."""
    def plain(info):
        info.uid = info.gid = info.mtime = 0
        info.uname = info.gname = "root"
        return info

    new_to = Path(f"{to}.new")
    folder = kit.temporary("handout")
    try:
        with tarfile.open(new_to, "w:gz") as tar:
            for name, data in sorted(content.items()):
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                mode = (kit.TOP / name).stat().st_mode
                path.chmod(0o755 if mode & 0o100 else 0o644)
                tar.add(path, f"gil-lab/{name}", filter=plain)
        new_to.replace(to)
    finally:
        kit.remove(folder)
        new_to.unlink(missing_ok=True)
