"""The preprocess step from end to end: look at the data, read it once, settle what was learnt, write the outputs."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from failures import Refused
from features import Column, Features, Target
from preprocessing import columns, described, reading, samples, sources
from preprocessing.aside import Aside
from preprocessing.collecting import Collected, collect, reject_orphans
from preprocessing.intake import Plan
from preprocessing.levels import classes, levels
from preprocessing.outputs import Outputs
from preprocessing.rejects import Rejects
from preprocessing.settling import Settled, settle
from preprocessing.splitting import SIDES, Split

WORK = ".preprocess-"  # rows laid aside; beside the outputs, because that volume is sized for them


def prepare(given: argparse.Namespace) -> None:
    try:
        files = sources.find(given.input, given.format, given.delimiter)
        plan = make_plan(given, files)
        with (
            Rejects(given.rejects, given.max_rejected_fraction) as rejects,
            Outputs() as outputs,
            work_folder(given.train) as folder,
        ):
            work(given, files, plan, rejects, outputs, folder)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise Refused(f"{error.strerror or error}{where}: check the space and rights of the job's volume") from error


def work(
    given: argparse.Namespace,
    files: Sequence[sources.Source],
    plan: Plan,
    rejects: Rejects,
    outputs: Outputs,
    folder: Path,
) -> None:
    aside = Aside(folder, plan.floats, plan.texts)
    found = collect(reading.read(files, plan), plan, aside, rejects, given.categorical)
    rejects.check()
    check_sides(found, rejects.rows, ("train",))
    target = fit_target(given, found)
    reject_orphans(found, rejects)
    rejects.check()
    check_sides(found, rejects.rows, SIDES)
    features = fit(given, found, target, rejects.count)
    settled = Settled.of(found, features)
    buckets = described.empty_buckets(found, features)
    paths = [outputs.path(getattr(given, side) / "data.parquet") for side in SIDES]
    settle(aside, settled, paths, buckets)
    described.write_features(outputs, given.features, features, found)
    described.write_baseline(outputs, given.baseline, features, found, buckets)
    say(features)


def make_plan(given: argparse.Namespace, files: Sequence[sources.Source]) -> Plan:
    header = files[0].header
    missing = tuple(dict.fromkeys(["", *given.missing]))
    wishes = columns.Wishes(given.target, *(tuple(getattr(given, name)) for name in columns.SETTINGS))
    wishes.check(header, files[0].name)
    looks = samples.take(files, given.delimiter)
    if not any(len(piece) for piece in looks[given.target]):
        raise Refused("there are no rows below the header, or none with as many fields: there is nothing to learn from")
    columns.check_target(given.problem, given.target, looks[given.target], missing)
    chosen = columns.choose(looks, wishes, missing)
    check_features(chosen.kinds, chosen.ignored)
    key = wishes.key or tuple(name for name in header if name != given.target and columns.has_values(looks[name]))
    split = Split(key, given.validation_fraction, given.test_fraction)
    return Plan(header, chosen, given.target, given.problem, split, missing, given.delimiter)


def fit(given: argparse.Namespace, found: Collected, target: Target, rejected: int) -> Features:
    """What training rows taught: which categories there are, and which columns are of use."""
    plan, kept, ignored = found.plan, [], dict(found.plan.chosen.ignored)
    for name, kind in plan.chosen.kinds.items():
        names: tuple[str, ...] = ()
        why = ""
        if kind == "categorical":
            names, why = levels(found.texts[name], given.rare_level_rows, given.max_levels, name in given.categorical)
        if why:
            ignored[name] = why
        else:
            kept.append(Column(name, kind, names))
    check_features({column.name: column.kind for column in kept}, ignored)
    details = {
        "split": {
            "key": given.key or "all columns but the target",
            "validation_fraction": given.validation_fraction,
            "test_fraction": given.test_fraction,
        },
        "rows": dict(zip(SIDES, found.sides, strict=True)) | {"rejected": rejected},
        "ignored": [{"name": name, "why": ignored[name]} for name in plan.header if name in ignored],
    }
    return Features(plan.problem, target, tuple(kept), plan.missing, plan.delimiter, details)


def fit_target(given: argparse.Namespace, found: Collected) -> Target:
    if given.problem != "regression":
        names, numeric = classes(found.texts[given.target], given.problem, given.target, given.positive)
        return Target(given.target, names, numeric)
    tally = found.tallies[given.target]
    if tally.low == tally.high:
        raise Refused(f'the target "{given.target}" is constant ({tally.low:g}): there is nothing to learn')
    values = sorted(set(found.sample.values(list(found.tallies).index(given.target))))
    if len(values) == 2:
        raise Refused(
            f'the target "{given.target}" is either {values[0]:g} or {values[1]:g}: set problem.type to binary'
        )
    return Target(given.target)


def check_sides(found: Collected, rows: int, sides: Sequence[str]) -> None:
    for side in sides:
        if not found.sides[SIDES.index(side)]:
            raise Refused(
                f"the {side} side has no rows, of {rows:,} in all, and rows with equal keys share a side: "
                "add data, or change data.key, data.validation_fraction and data.test_fraction"
            )


def check_features(kinds: dict[str, str], ignored: dict[str, str]) -> None:
    if not kinds:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(ignored.items())[:5]) or "the target is the only one"
        raise Refused(f"no columns are left to learn from ({reasons}): see data.ignore, data.categorical, data.numeric")


def say(features: Features) -> None:
    kinds = list(features.kinds.values())
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("numeric", "boolean", "categorical"))
    print(f"features: {counts}", flush=True)
    for one in features.details["ignored"]:
        print(f"ignored: {one['name']}: {one['why']}", flush=True)
    if features.problem == "binary":
        print(f"positive class: {features.target.classes[1]} (problem.positive chooses it)", flush=True)
    rows = ", ".join(f"{side} {count:,}" for side, count in features.details["rows"].items())
    print(f"rows: {rows}", flush=True)


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    for left_over in parent.glob(f"{WORK}*"):
        shutil.rmtree(left_over)
    with tempfile.TemporaryDirectory(prefix=WORK, dir=parent) as folder:
        yield Path(folder)
