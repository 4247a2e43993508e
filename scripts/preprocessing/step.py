"""The preprocess step: sample the data, read it once, fit the features, write the outputs."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import own_columns
from cells import Cells
from failures import SettingNeeded, UserError, hiding_values
from features import Column, Features, Input, Target
from preprocessing import (
    column_table,
    columns,
    data_description,
    facet_groups,
    own_inputs,
    part_reader,
    samples,
    sources,
    split_choice,
)
from preprocessing.first_pass import FirstPass, read_rows, reject_orphans
from preprocessing.levels import classes, levels
from preprocessing.missing_values import MissingTexts
from preprocessing.outputs import Outputs
from preprocessing.private_columns import PrivateColumns
from preprocessing.raw_rows import RawRows
from preprocessing.rejects import Rejects
from preprocessing.row_parser import Plan
from preprocessing.second_pass import FinalEncoding, write_sides
from preprocessing.spill_files import SpillFiles
from preprocessing.splitting import SIDES, Split

WORK = ".preprocess-"  # spill files; beside the outputs, as that volume is sized for the data


def prepare(options: argparse.Namespace) -> None:
    with hiding_values(PrivateColumns.of(options).present):
        _prepare(options)


def _prepare(options: argparse.Namespace) -> None:
    try:
        files = sources.find(options.input, options.format, options.delimiter)
        plan = complete_plan(make_plan(options, files), options, files)
        with (
            Rejects(options.rejects, options.max_rejected_fraction, plan.choice.private.present) as rejects,
            Outputs() as outputs,
            work_folder(options.train) as folder,
        ):
            process(options, files, plan, rejects, outputs, folder)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise UserError(f"{error.strerror or error}{where}: check the space and rights of the job's volume") from error


def process(
    options: argparse.Namespace,
    files: Sequence[sources.Source],
    plan: Plan,
    rejects: Rejects,
    outputs: Outputs,
    folder: Path,
) -> None:
    spill = SpillFiles(folder, plan.floats, plan.texts, plan.times, plan.doubles)
    first_pass = read_rows(part_reader.read(files, plan), plan, spill, rejects, options.categorical)
    rejects.check()
    check_sides(first_pass, rejects.rows, ("train",))
    target = fit_target(options, first_pass)
    reject_orphans(first_pass, rejects)
    rejects.check()
    check_sides(first_pass, rejects.rows, SIDES)
    features = fit(options, first_pass, target, rejects.count)
    if options.facets:
        features.details["facets"] = facet_groups.compare(options.facets, first_pass, target, spill)
    encoding = FinalEncoding.fit(first_pass, features)
    buckets = data_description.empty_buckets(first_pass, features)
    paths = [outputs.path(getattr(options, side) / "data.parquet") for side in SIDES]
    raw = RawRows(outputs.path(options.test / "raw.parquet"), stored_cells(plan, features), first_pass.texts)
    write_sides(spill, encoding, paths, buckets, raw)
    data_description.write_features(outputs, options.features, features, first_pass)
    data_description.write_baseline(outputs, options.baseline, features, first_pass, buckets)
    log_summary(features)


def make_plan(options: argparse.Namespace, files: Sequence[sources.Source]) -> Plan:
    header = files[0].header
    missing = MissingTexts.of(options.missing)
    rules = columns.ColumnSettings(
        options.target,
        options.decimal,
        options.dates,
        *(tuple(getattr(options, name)) for name in columns.SETTINGS),
        private=PrivateColumns.of(options),
        inputs=own_columns.inputs(),
        event_time=options.event_time,
        weight=options.weight,
    )
    rules.check(header, files[0].name)
    columns.check_types(files, rules)
    sampled = samples.take_samples(files, options.delimiter)
    if not any(len(piece) for piece in sampled[options.target]):
        raise UserError(
            "there are no rows below the header, or none with as many fields: there is nothing to learn from"
        )
    choice = columns.choose_columns(sampled, rules, missing, options.problem)
    check_features(choice.cells, choice.ignored)
    key = rules.key or tuple(name for name in header if name != options.target and columns.has_values(sampled[name]))
    split = Split(key, options.validation_fraction, options.test_fraction)
    texts = missing.cells("categorical")
    described = {name: samples.describe(sampled[name], texts) for name in choice.ignored}
    described |= {
        name: samples.describe(sampled[name], one) for name, one in choice.cells.items() if one.kind == "time"
    }
    return Plan(
        header,
        choice,
        options.target,
        options.problem,
        split,
        missing,
        options.delimiter,
        described,
        event_time=options.event_time,
        weight=options.weight,
    )


def complete_plan(plan: Plan, options: argparse.Namespace, files: Sequence[sources.Source]) -> Plan:
    """What is known after a pass over some of the columns."""
    return own_inputs.with_own_columns(split_choice.with_split(plan, options.split, files), files)


def fit(options: argparse.Namespace, first_pass: FirstPass, target: Target, rejected: int) -> Features:
    """The features learned from the training rows: categories, and which columns are kept."""
    plan = first_pass.plan
    kept, reasons = _keep(options, first_pass)
    used = {column.date.column if column.date else column.name for column in kept}
    read = [*plan.own.inputs, *(column.date.event_time for column in kept if column.date and column.date.event_time)]
    inputs = {name: reasons.get(name, "") for name in dict.fromkeys(read) if name not in used}
    ignored = {name: why for name, why in reasons.items() if name not in (*inputs, plan.event_time, plan.weight)}
    check_features(kept, ignored)
    details = {
        "split": {
            "by": options.split,
            **plan.split.describe(options.key),
            "validation_fraction": options.validation_fraction,
            "test_fraction": options.test_fraction,
        },
        "rows": dict(zip(SIDES, first_pass.sides, strict=True)) | {"rejected": rejected},
        "ignored": [{"name": name, "why": ignored[name]} for name in plan.header if name in ignored],
        "columns": column_table.rows(first_pass, reasons, inputs),
    }
    return Features(
        problem=plan.problem,
        target=target,
        columns=tuple(kept),
        missing=plan.missing.everywhere,
        missing_among_numbers=plan.missing.among_numbers,
        delimiter=plan.delimiter,
        details=details,
        own=plan.own,
        weight=plan.weight,
        inputs=tuple(Input.of(name, plan.choice.cells[name], plan.private(name)) for name in inputs),
    )


def _keep(options: argparse.Namespace, first_pass: FirstPass) -> tuple[list[Column], dict[str, str]]:
    """The model's columns, and why each of the others is none."""
    plan, kept = first_pass.plan, list[Column]()
    reasons = plan.choice.ignored | plan.choice.inputs
    for name, kind in (plan.choice.kinds | plan.own.kinds).items():
        if name in plan.choice.inputs:
            continue
        if kind == "time":
            parts = _date_columns(first_pass, name)
            kept += parts
            if not parts:
                reasons[name] = "its dates and times are all alike"
            continue
        column, why = _column(options, first_pass, name, kind)
        if why:
            reasons[name] = why
        else:
            kept.append(column)
    return kept, reasons


def _column(options: argparse.Namespace, first_pass: FirstPass, name: str, kind: str) -> tuple[Column, str]:
    """With the reason why it is left out, if there is one."""
    plan, why = first_pass.plan, ""
    cells = plan.choice.cells.get(name, Cells(kind))
    words = cells.words
    if kind == "categorical":
        words, why = levels(
            first_pass.texts[name], options.rare_level_rows, options.max_levels, name in options.categorical
        )
    own = name in plan.own.kinds
    return Column(name, kind, words, cells.number, plan.private(name), own=own), why


def _date_columns(first_pass: FirstPass, name: str) -> list[Column]:
    """Without constant ones, such as the hour of dates."""
    found = first_pass.plan.dates[name]
    return [Column(one.name, "numeric", date=one) for one in found if not first_pass.tallies[one.name].constant]


def stored_cells(plan: Plan, features: Features) -> dict[str, Cells]:
    """Of a private column that no model uses, not even hashes are stored."""
    unused = plan.choice.private.protected.keys() - features.cells.keys() - {*plan.choice.facets}
    return {name: cells for name, cells in plan.choice.cells.items() if name not in unused}


def fit_target(options: argparse.Namespace, first_pass: FirstPass) -> Target:
    if options.problem != "regression":
        names, numeric = classes(first_pass.texts[options.target], options.problem, options.target, options.positive)
        return Target(options.target, names, numeric)
    tally = first_pass.tallies[options.target]
    if tally.low == tally.high:
        raise UserError(f'the target "{options.target}" is constant ({tally.low:g}): there is nothing to learn')
    values = sorted(set(first_pass.sample.values(list(first_pass.tallies).index(options.target))))
    if len(values) == 2:
        raise SettingNeeded(
            f'the target "{options.target}" is either {values[0]:g} or {values[1]:g}: set problem.type to binary',
            {"problem.type": "binary"},
        )
    return Target(options.target)


def check_sides(first_pass: FirstPass, rows: int, sides: Sequence[str]) -> None:
    for side in sides:
        if not first_pass.sides[SIDES.index(side)]:
            raise UserError(
                f"the {side} side has no rows, of {rows:,} in all, and rows with equal keys share a side: "
                "add data, or change data.key, data.validation_fraction and data.test_fraction"
            )


def check_features(kept: Collection[object], ignored: dict[str, str]) -> None:
    if not kept:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(ignored.items())[:5]) or "the target is the only one"
        raise UserError(
            f"no columns are left to learn from ({reasons}): see data.ignore, data.categorical, data.numeric"
        )


def log_summary(features: Features) -> None:
    kinds = list(features.kinds.values())
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("numeric", "boolean", "categorical"))
    print(f"features: {counts}", flush=True)
    for one in features.details["columns"]:
        if one["note"]:
            print(f"{one['name']}: {one['note']}", flush=True)
    for one in features.details["ignored"]:
        print(f"ignored: {one['name']}: {one['why']}", flush=True)
    if features.problem == "binary":
        print(f"positive class: {features.target.classes[1]} (problem.positive chooses it)", flush=True)
    split = features.details["split"]
    if split["by"] == "time":
        cuts = f"validation from {split['validation_from']}, test from {split['test_from']}"
        print(f"split by time ({split['column']}; equal keys may be apart): {cuts}", flush=True)
    elif split["by"] == "stratified":
        print("split by the hash of the key, each class for itself", flush=True)
    rows = ", ".join(f"{side} {count:,}" for side, count in features.details["rows"].items())
    print(f"rows: {rows}", flush=True)


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    for left_over in parent.glob(f"{WORK}*"):
        shutil.rmtree(left_over)
    with tempfile.TemporaryDirectory(prefix=WORK, dir=parent) as folder:
        yield Path(folder)
