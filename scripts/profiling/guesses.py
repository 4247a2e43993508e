"""What is to be predicted in data that the settings do not know yet: guesses, which a person confirms or corrects."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

import raw_columns
from preprocessing import columns, number_formats, samples, sources
from preprocessing.column_kinds import MOST_NUMBERS, texts_of
from preprocessing.levels import FEW_CLASSES, MAX_CLASSES, as_number, label
from preprocessing.missing_values import MissingTexts
from preprocessing.number_formats import Decimals
from profiling.answers import LISTS, Answers

USUAL_TARGETS = ("target", "label", "class", "outcome", "y")
ROLES = ("event_time", "weight")
MOST_DIFFERENT = 0.5  # of the values of a target that is no number


def answer_names(answers: Answers, files: Sequence[sources.Source], instead: str) -> None:
    """Names of columns in the settings that the data does not have."""
    options, header = answers.options, files[0].header
    if options.target not in header or instead not in ("", options.target):
        _answer_target(answers, files, instead)
    for name in LISTS:
        named = list(getattr(options, name))
        known = [column for column in named if column in header and column != options.target]
        if name != "missing" and known != named:
            gone = ", ".join(f'"{column}"' for column in named if column not in known)
            sentence = f"data.{name} names {gone}: the target, or no column of {files[0].name}"
            answers.replace(f"data.{name}", known, sentence)
    for name in ROLES:
        column = getattr(options, name)
        if column and (column not in header or column == options.target):
            sentence = f'data.{name} names "{column}": the target, or no column of {files[0].name}'
            answers.set(f"data.{name}", "", sentence)
    if options.split == "time" and not options.event_time:
        answers.set("data.split", "key", "a split by time needs data.event_time")


def _answer_target(answers: Answers, files: Sequence[sources.Source], instead: str) -> None:
    options = answers.options
    sampled, missing = samples.take_samples(files, options.delimiter), MissingTexts.of(options.missing)
    named = f'data.target names "{options.target}"'
    if instead:
        target, why = instead, f"{named}, and this profile was asked to predict another column"
    else:
        target = guess_target(sampled, missing, options.target)
        why = f"{named}, which is no column of {files[0].name}; this is a guess: name what is to be predicted"
    answers.set("data.target", target, why)
    if target in sampled:
        problem = guess_problem(target, sampled[target], missing)
        if problem != options.problem:
            answers.set("problem.type", problem, f'what the values of "{target}" look like, a guess')
        else:
            forget_positive(options)


def forget_positive(options: argparse.Namespace) -> None:
    """It is of another target; the last label in order stands for it until a person chooses."""
    options.positive = ""


def guess_target(sampled: samples.Samples, missing: MissingTexts, named: str) -> str:
    """The column with the most similar name, with a usual one, else the last one that can be predicted."""
    names = list(sampled)
    lower = {name.lower(): name for name in reversed(names)}
    near = difflib.get_close_matches(named.lower(), lower, n=1, cutoff=0.75)
    usual = [one for one in USUAL_TARGETS if one in lower]
    possible = [name for name in reversed(names) if _may_be_target(name, sampled[name], missing)]
    return next(iter([*(lower[one] for one in (*near, *usual)), *possible, names[-1]]))


def _may_be_target(name: str, pieces: list[pa.Array], missing: MissingTexts) -> bool:
    if not columns.has_values(pieces):
        return False
    texts = _present(pieces, missing)
    distinct = pc.count_distinct(texts).as_py()
    return distinct > 1 and (distinct <= MOST_DIFFERENT * len(texts) or _share_of_numbers(name, texts) >= 0.5)


def guess_problem(name: str, pieces: list[pa.Array], missing: MissingTexts) -> str:
    if not columns.has_values(pieces):
        return "multiclass"
    texts = _present(pieces, missing)
    some = texts.unique()[: MAX_CLASSES + 1]
    labels = {label(text) for text in some.to_pylist()} - {None}
    if len(labels) == 2:
        return "binary"
    numeric = len(texts) and _share_of_numbers(name, texts) >= MOST_NUMBERS
    return "regression" if numeric and (len(labels) > FEW_CLASSES or _have_fractions(labels)) else "multiclass"


def _present(pieces: list[pa.Array], missing: MissingTexts) -> pa.Array:
    return raw_columns.without(texts_of(pieces, missing), missing.cells("numeric").missing).drop_null()


def _share_of_numbers(name: str, texts: pa.Array) -> float:
    return number_formats.find(name, texts, Decimals(".")).share


def _have_fractions(labels: set[str | None]) -> bool:
    numbers = [as_number(text) for text in labels if text is not None]
    return any(number is None or number % 1 for number in numbers)
