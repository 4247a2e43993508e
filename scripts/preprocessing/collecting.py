"""The first pass: every row read once and laid aside on its side; what the training rows teach is gathered.

Texts are laid aside by their order of appearance; the second pass (settling.py) turns those numbers into final ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from failures import Refused
from preprocessing.aside import Aside
from preprocessing.baseline import NumberTally, RowSample
from preprocessing.intake import Plan, Reject
from preprocessing.levels import MOST_TEXTS, Texts, check_class_count
from preprocessing.parts import TRAIN, Codes, Part, typed_rows
from preprocessing.rejects import Rejects
from preprocessing.splitting import SIDES

SAMPLE_ROWS = 100
MOST_ORPHANS = 1000  # rows of one label that are kept for rejects.csv
SECONDS_BETWEEN_LINES = 5.0


@dataclass
class Orphans:
    """Validation and test rows of a label that no training row has had so far."""

    rejects: list[Reject] = field(default_factory=list)
    sides: list[int] = field(default_factory=lambda: [0] * len(SIDES))


@dataclass
class Collected:
    plan: Plan
    texts: dict[str, Texts]  # of categories, and of the target if it is a label
    tallies: dict[str, NumberTally]  # of numeric and boolean features, and of a regression's target
    sample: RowSample = field(default_factory=RowSample)
    test_rows: list[list[object]] = field(default_factory=list)
    sides: list[int] = field(default_factory=lambda: [0] * len(SIDES))
    orphans: dict[str, Orphans] = field(default_factory=dict)

    @classmethod
    def begin(cls, plan: Plan) -> Collected:
        return cls(plan, {name: Texts() for name in plan.texts}, {name: NumberTally() for name in plan.floats})


def collect(
    every: Iterable[tuple[Part, float]], plan: Plan, aside: Aside, rejects: Rejects, wished: Sequence[str]
) -> Collected:
    found = Collected.begin(plan)
    spoken = time.monotonic()
    with aside:
        for part, share in every:
            _take(found, part, aside)
            _check_texts(found, wished)
            rejects.rows += part.intake.rows
            rejects.add(part.intake.rejects)
            rejects.check_so_far(share)
            if time.monotonic() - spoken > SECONDS_BETWEEN_LINES:
                spoken = time.monotonic()
                print(f"read {rejects.rows:,} rows ({share:.0%})", flush=True)
    return found


def reject_orphans(found: Collected, rejects: Rejects) -> None:
    for orphans in found.orphans.values():
        if not orphans.rejects:  # every row of that label was rejected for another reason
            continue
        rejects.add(orphans.rejects)
        rejects.add_unwritten(orphans.rejects[0].group, sum(orphans.sides) - len(orphans.rejects))
        found.sides = [rows - gone for rows, gone in zip(found.sides, orphans.sides, strict=True)]


def _take(found: Collected, part: Part, aside: Aside) -> None:
    numbers = {name: np.append(found.texts[name].number(texts), np.int32(-1)) for name, texts in part.texts.items()}
    for name, codes in part.codes[TRAIN].items():
        seen = np.bincount(codes[codes >= 0], minlength=len(part.texts[name]))
        found.texts[name].count(numbers[name][:-1], seen)
    for side in range(len(SIDES)):
        numbered = {name: numbers[name][codes] for name, codes in part.codes[side].items()}
        aside.write(side, {**part.floats[side], **numbered})
        found.sides[side] += len(part.where[side])
    for name, tally in part.tallies.items():
        found.tallies[name].merge(tally)
    found.sample.add([part.floats[TRAIN][name] for name in found.tallies])
    _note_orphans(found, part)
    if len(found.test_rows) < SAMPLE_ROWS:
        found.test_rows += typed_rows(part, list(found.plan.chosen.kinds), SAMPLE_ROWS - len(found.test_rows))


def _check_texts(found: Collected, wished: Sequence[str]) -> None:
    if found.plan.target in found.texts:
        check_class_count(found.texts[found.plan.target], found.plan.target)
    for name in wished:
        if found.texts[name].too_many:
            raise Refused(
                f'data.categorical names "{name}", but it has more than {MOST_TEXTS:,} different texts: '
                "put it into data.ignore, or group its values before"
            )


def _note_orphans(found: Collected, part: Part) -> None:
    """Remember rows whose label may turn out to be in no training row; forget those that are by now."""
    target = found.plan.target
    if target not in found.texts:
        return
    known = found.texts[target].known
    for label in [label for label in found.orphans if label in known]:
        del found.orphans[label]
    for code, label in enumerate(part.texts[target]):
        if label not in known:
            _adopt(found.orphans.setdefault(label, Orphans()), part, target, label, code)


def _adopt(orphans: Orphans, part: Part, target: str, label: str, code: int) -> None:
    for side in range(len(SIDES)):
        codes: Codes = part.codes[side][target]
        for at in part.where[side][codes == code].tolist():
            orphans.sides[side] += 1
            if len(orphans.rejects) < MOST_ORPHANS:
                group = f'the label of "{target}" is in no training row'
                orphans.rejects.append(part.intake.reject(at, group, f'the label "{label}" is in no training row'))
