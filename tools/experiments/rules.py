# SPDX-License-Identifier: GPL-2.0
"""The claims of the teaching texts, as claims.toml has them, and the rules by
which they are judged.
"""

import math
import statistics
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
SIDES = {"cpython": "CPython", "gil": "/dev/gil"}

# Two ratios have the same shape if the rule judges them alike and neither is more
# than this many times the other.
SHAPE = 2.0

# A ratio within this factor of a limit is near it, and is measured again.
NEAR = 1.1

LIMITS = ("least", "most", "below")

SEEN, NOT_SEEN, NOT_JUDGED = "seen", "NOT SEEN", "not judged"


class WrongData(Exception):
    """claims.toml does not say what it has to say."""


def load(path=HERE / "claims.toml"):
    with open(path, "rb") as file:
        data = tomllib.load(file)
    names = [experiment["name"] for experiment in data["experiment"]]
    for claim in data["claim"]:
        check(claim, names, data["text"])
    ids = [claim["id"] for claim in data["claim"]]
    if len(set(names)) < len(names) or len(set(ids)) < len(ids):
        raise WrongData("a name is used twice")
    return data


def check(claim, names, texts):
    """A claim has either an experiment and a rule, or a reason for neither."""
    if not set(claim["texts"]) <= set(texts):
        raise WrongData(f"{claim['id']}: there is no such text")
    if "experiment" not in claim:
        if "reason" not in claim:
            raise WrongData(f"{claim['id']}: no experiment and no reason")
    elif claim["experiment"] not in names:
        raise WrongData(f"{claim['id']}: there is no such experiment")
    elif not set(LIMITS) & set(claim):
        raise WrongData(f"{claim['id']}: no rule")


def rule(claim):
    """The rule in words."""
    least, most = claim.get("least"), claim.get("most")
    if "below" in claim:
        return f"less than {claim['below']:g}"
    if least is None:
        return f"at most {most:g}"
    if most is None:
        return f"at least {least:g}"
    return f"exactly {least:g}" if least == most else f"{least:g} to {most:g}"


def sides(claim):
    """Of CPython and us, those that can show the claim."""
    return [side for side in SIDES if side not in claim.get("cannot", {})]


def name_for(side, name):
    """The name of a figure, which may differ between the sides."""
    return name[side] if isinstance(name, dict) else name


def ratio(samples, of, to=None):
    """The ratio of two medians, or one median; None without samples."""
    if not samples.get(of):
        return None
    median = statistics.median(samples[of])
    if to is None:
        return median
    base = statistics.median(samples[to]) if samples.get(to) else 0
    return median / base if base > 0 else None


def ratio_of(claim, side, samples):
    return ratio(samples, name_for(side, claim["of"]),
                 name_for(side, claim.get("to")))


def holds(claim, value):
    return (claim.get("least", value) <= value <= claim.get("most", value) and
            value < claim.get("below", math.inf))


def near(claim, value):
    """Might another run have come out on the other side of a limit? Figures that
    are counted and not timed have exact limits, which nothing is near to.
    """
    limits = [claim[limit] for limit in ("least", "most") if claim.get(limit)]
    if value is None or value <= 0 or claim.get("exact"):
        return False
    return any(limit / NEAR <= value <= limit * NEAR for limit in limits)


def same_shape(claim, ratios):
    """None if only one side can show the claim."""
    if len(ratios) < len(SIDES) or None in ratios.values():
        return None
    small, large = sorted(ratios.values())
    return (holds(claim, small) == holds(claim, large) and
            (large <= small * SHAPE))


def judge(claim, samples, unable=None):
    """What the samples of an experiment (side -> figure -> list) say about a
    claim. Unable says why this run cannot tell, or is None.
    """
    ratios = {side: ratio_of(claim, side, samples[side])
              for side in sides(claim)}
    if unable or None in ratios.values():
        verdict = NOT_JUDGED
    elif all(holds(claim, value) for value in ratios.values()):
        verdict = SEEN
    else:
        verdict = NOT_SEEN
    return {
        "ratios": ratios,
        "held": {side: None if value is None else holds(claim, value)
                 for side, value in ratios.items()},
        "same_shape": same_shape(claim, ratios),
        "verdict": verdict,
        "reason": unable or ("a figure is missing" if verdict == NOT_JUDGED
                             else ""),
    }


def unable(experiment, samples):
    """Why this machine cannot show what needs two free CPUs, or None."""
    needs = experiment.get("parallel")
    if not needs:
        return None
    for side in needs["sides"]:
        value = ratio(samples[side], needs["of"], needs.get("to"))
        if value is not None and value > needs["most"]:
            return (f"work that needs no lock took {value:.2f} of one worker's "
                    f"time under {SIDES[side]}, so no second CPU was free")
    return None
