"""Asks preprocess what it would do with the data: it runs, with an answer to each question that it stops at.

Every row is read, so the numbers are exact. Nothing of its outputs is kept but what the page shows.
"""

from __future__ import annotations

import argparse
import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from failures import SettingNeeded
from features import Features
from preprocess import check
from preprocessing import sources
from preprocessing.splitting import SIDES
from preprocessing.step import prepare
from profiling.answers import Answers
from profiling.guesses import answer_names
from profiling.rejected_rows import ALL_BUT_NONE, answer_rejects, read_summary

FEW_POSITIVES = 30  # on the test side: fewer are warned of, as by evaluate


@dataclass(frozen=True)
class Profile:
    features: Features
    statistics: dict[str, dict[str, Any]]  # of the training rows, by column, in the layout of statistics.json
    rejected: dict[str, Any]  # summary.json
    classes: dict[str, dict[str, int]]  # of each side: the rows of each label
    private: dict[str, str]  # what other columns look like
    answers: Answers
    notes: list[str]  # on files

    @property
    def rows(self) -> int:
        return int(self.rejected["rows"])

    @property
    def columns(self) -> list[dict[str, Any]]:
        columns: list[dict[str, Any]] = self.features.details["columns"]
        return columns

    @property
    def few_positives(self) -> int | None:
        """How many the test side has, if those are few."""
        if self.features.problem != "binary":
            return None
        rows = self.classes["test"].get(self.features.target.classes[1], 0)
        return rows if rows < FEW_POSITIVES else None


def profile(options: argparse.Namespace, instead: str = "") -> Profile:
    """``instead`` is the target in place of that of the settings."""
    check(options)
    answers, allowed = Answers(options), options.max_rejected_fraction
    while True:
        log = io.StringIO()
        try:
            with redirect_stdout(log):
                files = sources.find(options.input, options.format, options.delimiter)
            notes = log.getvalue().splitlines()
            answer_names(answers, files, instead)
            instead = ""
            options.max_rejected_fraction = ALL_BUT_NONE
            with redirect_stdout(log):
                prepare(options)
            options.max_rejected_fraction = allowed
            if not answer_rejects(answers, allowed):
                return _result(answers, notes)
        except SettingNeeded as question:
            answers.add(question)


def _result(answers: Answers, notes: list[str]) -> Profile:
    options = answers.options
    features = Features.read(options.features / "features.json")
    statistics = json.loads((options.baseline / "statistics.json").read_text(encoding="utf-8"))
    _answer_labels(answers, features)
    columns = features.details["columns"]
    return Profile(
        features,
        {one["name"]: one for one in statistics["features"]},
        read_summary(options),
        {side: _classes(options, side, features) for side in SIDES} if features.target.classes else {},
        {one["name"]: one["looks_like"] for one in columns if one.get("looks_like")},
        answers,
        notes,
    )


def _answer_labels(answers: Answers, features: Features) -> None:
    """The label of interest and the gate, once the labels are known."""
    if features.problem == "binary" and not answers.options.positive and _changed(answers):
        answers.others.pop("problem.positive", None)
        labels = " or ".join(f'"{name}"' for name in features.target.classes)
        answers.set("problem.positive", features.target.classes[1], f"the label of interest, a guess: {labels}")
    if answers.others.get("quality_gate.metric") == "accuracy":
        rows = _classes(answers.options, "train", features)
        largest = max(rows.values()) / sum(rows.values())
        answers.others["quality_gate.threshold"] = min(round(largest + 0.005, 2), 1.0)


def _changed(answers: Answers) -> bool:
    return bool({"data.target", "problem.type"} & answers.reasons.keys())


def _classes(options: argparse.Namespace, side: str, features: Features) -> dict[str, int]:
    name = features.target.name
    with pq.ParquetFile(getattr(options, side) / "data.parquet") as file:
        labels = file.read(columns=[name]).column(name).to_numpy()
    counts = np.bincount(labels.astype(np.int64), minlength=len(features.target.classes))
    return dict(zip(features.target.classes, counts.tolist(), strict=True))
