"""The first pass: reads every row once into the spill file of its side, and collects statistics of the training rows.

Texts are spilled as numbers in order of appearance; second_pass.py replaces these by the final numbers.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from failures import SettingNeeded
from preprocessing.baseline import NumberTally, RowSample
from preprocessing.levels import MAX_TEXTS, Texts, check_class_count
from preprocessing.parts import TRAIN, Codes, Part
from preprocessing.raw_sample import RawSample
from preprocessing.rejects import Rejects
from preprocessing.row_parser import Plan, Reject
from preprocessing.spill_files import SpillFiles
from preprocessing.splitting import SIDES

MAX_ORPHANS = 1000  # rows of one label that are kept for rejects.csv
PROGRESS_SECONDS = 5.0


@dataclass
class Orphans:
    """Validation and test rows of a label that no training row has so far."""

    rejects: list[Reject] = field(default_factory=list)
    sides: list[int] = field(default_factory=lambda: [0] * len(SIDES))


@dataclass
class FirstPass:
    plan: Plan
    texts: dict[str, Texts]  # of categories, and of a target of labels
    tallies: dict[str, NumberTally]  # of numeric and boolean features, and of a regression's target
    raw_sample: RawSample
    sample: RowSample = field(default_factory=RowSample)
    sides: list[int] = field(default_factory=lambda: [0] * len(SIDES))
    orphans: dict[str, Orphans] = field(default_factory=dict)
    doubtful: dict[int, set[int]] = field(default_factory=dict)

    @classmethod
    def start(cls, plan: Plan) -> FirstPass:
        texts, tallies = {name: Texts() for name in plan.texts}, {name: NumberTally() for name in plan.floats}
        return cls(plan, texts, tallies, RawSample(list(plan.choice.kinds)))


def read_rows(
    parts: Iterable[tuple[Part, float]], plan: Plan, spill: SpillFiles, rejects: Rejects, explicit: Sequence[str]
) -> FirstPass:
    state = FirstPass.start(plan)
    last_progress = time.monotonic()
    with spill:
        for part, share in parts:
            _add_part(state, part, spill)
            _check_texts(state, explicit)
            rejects.rows += part.parsed.rows
            rejects.add(part.parsed.rejects)
            rejects.check_so_far(share)
            if time.monotonic() - last_progress > PROGRESS_SECONDS:
                last_progress = time.monotonic()
                print(f"read {rejects.rows:,} rows ({share:.0%})", flush=True)
    return state


def reject_orphans(state: FirstPass, rejects: Rejects) -> None:
    for orphans in state.orphans.values():
        if not orphans.rejects:  # every row of that label is rejected for another reason
            continue
        rejects.add(orphans.rejects)
        rejects.add_unwritten(orphans.rejects[0].group, sum(orphans.sides) - len(orphans.rejects))
        state.sides = [rows - gone for rows, gone in zip(state.sides, orphans.sides, strict=True)]


def _add_part(state: FirstPass, part: Part, spill: SpillFiles) -> None:
    numbers = {name: np.append(state.texts[name].number(texts), np.int32(-1)) for name, texts in part.texts.items()}
    for name, codes in part.codes[TRAIN].items():
        seen = np.bincount(codes[codes >= 0], minlength=len(part.texts[name]))
        state.texts[name].count(numbers[name][:-1], seen)
    for side in range(len(SIDES)):
        numbered = {name: numbers[name][codes] for name, codes in part.codes[side].items()}
        spill.write(side, {**part.floats[side], **part.doubles[side], **part.times[side], **numbered})
        state.sides[side] += len(part.where[side])
    for name, tally in part.tallies.items():
        state.tallies[name].merge(tally)
    state.sample.add([part.floats[TRAIN][name] for name in state.tallies])
    _check_doubtful(state, part)
    _note_orphans(state, part)
    state.raw_sample.add(part.landmarks, numbers, part.parsed.columns)


def _check_doubtful(state: FirstPass, part: Part) -> None:
    for key, sides in part.doubtful.items():
        found = state.doubtful.setdefault(key, set())
        found |= sides
        if len(found) > 1:
            raise SettingNeeded(
                "rows with equal keys have different labels, and a stratified split would put them on two sides: "
                'set data.split to "key", or change data.key',
                {"data.split": "key"},
            )


def _check_texts(state: FirstPass, explicit: Sequence[str]) -> None:
    if state.plan.target in state.texts:
        check_class_count(state.texts[state.plan.target], state.plan.target)
    for name in explicit:
        if state.texts[name].too_many:
            raise SettingNeeded(
                f'data.categorical names "{name}", but it has more than {MAX_TEXTS:,} different texts: '
                "put it into data.ignore, or group its values before",
                {"data.ignore": [name]},
            )


def _note_orphans(state: FirstPass, part: Part) -> None:
    """Keeps rows whose label is in no training row yet; drops those whose label is by now."""
    target = state.plan.target
    if target not in state.texts:
        return
    known = state.texts[target].known
    for label in [label for label in state.orphans if label in known]:
        del state.orphans[label]
    for code, label in enumerate(part.texts[target]):
        if label not in known:
            _keep_orphan(state.orphans.setdefault(label, Orphans()), part, target, label, code)


def _keep_orphan(orphans: Orphans, part: Part, target: str, label: str, code: int) -> None:
    for side in range(len(SIDES)):
        codes: Codes = part.codes[side][target]
        for at in part.where[side][codes == code].tolist():
            orphans.sides[side] += 1
            if len(orphans.rejects) < MAX_ORPHANS:
                group = f'the label of "{target}" is in no training row'
                orphans.rejects.append(part.parsed.reject(at, group, f'the label "{label}" is in no training row'))
