"""Rows that cannot be used, more of them than the settings allow: what would make the step go on."""

from __future__ import annotations

import argparse
import csv
import json
import math
import re
from pathlib import Path
from typing import Any

from preprocessing.column_kinds import may_be_missing
from profiling.answers import Answers

ALL_BUT_NONE = 0.99  # of the rows may be rejected while the data is profiled
COLUMN = re.compile(r'column "(?P<name>.*)" is (not a number|neither |not a date)', re.DOTALL)
VALUE = re.compile(r'column ".*" holds "(?P<value>.*)", which ', re.DOTALL)
TRUNCATED = "..."


def read_summary(options: argparse.Namespace) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((options.rejects / "summary.json").read_text(encoding="utf-8"))
    return content


def answer_rejects(answers: Answers, allowed: float) -> bool:
    """Whether the data has to be read again with another setting."""
    summary = read_summary(answers.options)
    if summary["rejected"] <= allowed * summary["rows"]:
        return False
    group, rows = next(iter(summary["reasons"].items()))
    share = summary["rejected"] / summary["rows"]
    sentence = f"{summary['rejected']:,} of {summary['rows']:,} rows cannot be used, most of them ({rows:,}): {group}"
    column = COLUMN.match(group)
    if column and _answer_column(answers, column["name"], _values(answers.options.rejects, group), sentence):
        return True
    answers.set("data.max_rejected_fraction", min(math.ceil(share * 100) / 100, ALL_BUT_NONE), sentence)
    return False


def _answer_column(answers: Answers, name: str, values: set[str], sentence: str) -> bool:
    """Texts that stand for "no value", or else a column that is left out."""
    options = answers.options
    if name == options.target:
        return False
    new = sorted(values - set(options.missing))
    if new and may_be_missing(new, len(new)) and not any(value.endswith(TRUNCATED) for value in new):
        answers.set("data.missing", new, sentence)
        return True
    if name in options.ignore:
        return False
    answers.set("data.ignore", [name], sentence)
    return True


def _values(folder: Path, group: str) -> set[str]:
    column = group.partition('" is ')[0]
    with (folder / "rejects.csv").open(encoding="utf-8", newline="") as file:
        reasons = (row["reason"] for row in csv.DictReader(file))
        found = (VALUE.match(reason) for reason in reasons if reason.startswith(f'{column}" holds'))
        return {match["value"] for match in found if match}
