"""The distinct texts of a column, numbered in order of appearance; levels and classes are made from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal  # int() refuses thousands of digits, leading zeros among them

import numpy as np
import numpy.typing as npt

import raw_columns
from failures import SettingNeeded, UserError, quote

MAX_TEXTS = 200_000  # of a column, in memory
MAX_CLASSES = 1000
FEW_CLASSES, MIN_CLASS_ROWS = 20, 5  # more classes with fewer rows each: the target is no label
Numbers = npt.NDArray[np.int32]


@dataclass
class Texts:
    """Every text of a column and its number of training rows."""

    numbers: dict[str, int] = field(default_factory=dict)
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(64, np.int64))
    too_many: bool = False

    def number(self, texts: Sequence[str]) -> Numbers:
        if not self.too_many:
            for text in texts:
                self.numbers.setdefault(text, len(self.numbers))
            self.too_many = len(self.numbers) > MAX_TEXTS
        return np.array([self.numbers.get(text, 0) for text in texts], np.int32)

    def count(self, numbers: Numbers, rows: npt.NDArray[np.int64]) -> None:
        while len(self.counts) < len(self.numbers):
            self.counts = np.concatenate([self.counts, np.zeros_like(self.counts)])
        np.add.at(self.counts, numbers, rows)

    @property
    def known(self) -> dict[str, int]:
        """The texts of training rows and their numbers of rows."""
        return {text: int(self.counts[number]) for text, number in self.numbers.items() if self.counts[number]}


def levels(texts: Texts, rare_rows: int, limit: int, explicit: bool) -> tuple[tuple[str, ...], str]:
    """The categories of a column in alphabetical order, or the reason why it is left out."""
    if texts.too_many:
        return (), f"it has more than {MAX_TEXTS:,} different texts, as an identifier has"
    frequent = {text: rows for text, rows in texts.known.items() if rows >= rare_rows}
    if not frequent:
        return (), f"no text of it is in {rare_rows} training rows (data.rare_level_rows)"
    if len(frequent) > limit and not explicit:
        return (), f"it has {len(frequent):,} categories, more than {limit:,} (data.max_levels)"
    kept = sorted(frequent, key=lambda text: (-frequent[text], text))[:limit]
    return tuple(sorted(kept)), ""


def label(text: str) -> str | None:
    """One spelling for each class: 1, 1.0 and " 1" are the same label, as are True and true."""
    text = text.strip()
    if text in raw_columns.TRUE + raw_columns.FALSE:
        return text.lower()
    number = as_number(text)
    if number is None:
        return text or None
    return str(int(Decimal(text))) if text.lstrip("+-").isdecimal() else raw_columns.level_text(number)


def as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if "_" not in text and np.isfinite(number) else None


def classes(texts: Texts, problem: str, target: str, positive: str) -> tuple[tuple[str, ...], bool]:
    """The labels in order (binary: the positive one last), and whether they are numbers."""
    known = texts.known
    numeric = all(as_number(text) is not None for text in known)
    ordered = sorted(known, key=as_number if numeric else str)  # type: ignore[arg-type]
    shown = ", ".join(f"{quote(text)} ({known[text]:,} rows)" for text in ordered[:6]) + (
        ", ..." if len(known) > 6 else ""
    )
    if len(known) == 1:
        elsewhere = [text for text in texts.numbers if text not in known]
        rest = f"{quote(elsewhere[0])} occurs only on the other sides" if elsewhere else "there is nothing to learn"
        raise UserError(f'the target "{target}" is constant: all training rows are {quote(ordered[0])}; {rest}')
    check_is_no_measure(len(known), sum(known.values()), target)
    if problem == "binary" and len(known) > 2:
        raise SettingNeeded(
            f'the target "{target}" has {len(known)} classes, and a binary problem has two: {shown}; '
            "set problem.type to multiclass, or correct the data",
            {"problem.type": "multiclass"},
        )
    if problem == "multiclass" and len(known) == 2:
        raise SettingNeeded(
            f'the target "{target}" has only two classes: {shown}; set problem.type to binary',
            {"problem.type": "binary"},
        )
    if problem == "binary" and positive:
        positive_label = label(positive)
        if positive_label not in known:
            raise SettingNeeded(
                f'problem.positive is "{quote(positive)}", but the classes of "{target}" are {shown}',
                {"problem.positive": ordered[-1]},
            )
        ordered.sort(key=lambda text: text == positive_label)
    return tuple(ordered), numeric


def check_is_no_measure(classes: int, rows: int, target: str) -> None:
    if classes > FEW_CLASSES and rows < MIN_CLASS_ROWS * classes:
        raise SettingNeeded(
            f'the target "{target}" has {classes} classes in {rows:,} training rows: '
            "this looks like a regression (problem.type), or like the wrong data.target",
            {"problem.type": "regression"},
        )


def check_class_count(texts: Texts, target: str) -> None:
    if len(texts.numbers) > MAX_CLASSES:
        some = ", ".join(map(quote, list(texts.numbers)[:4]))
        raise SettingNeeded(
            f'the target "{target}" has more than {MAX_CLASSES:,} classes, such as {some}: '
            "this looks like a regression (problem.type), or like the wrong data.target",
            {"problem.type": "regression"},
        )
