"""Rows that cannot be used: written to rejects.csv with their reasons, counted in summary.json.

Both files are complete also when the step fails, as they are needed then.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from failures import UserError
from preprocessing.outputs import Outputs
from preprocessing.row_parser import Reject
from raw_columns import NOT_UTF8

MAX_WRITTEN = 100_000
REMEDIES = {NOT_UTF8: "is not UTF-8 text, so convert what was written in another encoding"}
MIN_TO_STOP = 1000  # with fewer rejects the step goes on reading


class Rejects:
    def __init__(self, folder: Path, allowed: float, private: bool = False) -> None:
        """With private columns no values are stored: in a damaged row any cell may be one of theirs."""
        self.folder, self.allowed, self.private = folder, allowed, private
        self.rows = 0  # read so far, valid or not
        self.written = 0
        self.groups: Counter[str] = Counter()
        self.first: dict[str, Reject] = {}

    def __enter__(self) -> Rejects:
        self._outputs = Outputs()
        self._file = self._outputs.path(self.folder / "rejects.csv").open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(("file", "line", "reason", "row"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        self._outputs.text(
            self.folder / "summary.json", json.dumps(self.summary(), indent=2, ensure_ascii=False) + "\n"
        )
        self._outputs.__exit__(None, None, None)

    @property
    def count(self) -> int:
        return self.groups.total()

    def add(self, rejects: Sequence[Reject]) -> None:
        for one in (replace(each, reason=each.group, row="") for each in rejects) if self.private else rejects:
            self.groups[one.group] += 1
            self.first.setdefault(one.group, one)
            if self.written < MAX_WRITTEN:
                self._writer.writerow((one.file, one.line, one.reason, one.row))
                self.written += 1

    def add_unwritten(self, group: str, rows: int) -> None:
        self.groups[group] += rows

    def check_so_far(self, share_read: float) -> None:
        """Stops early when the remaining data could not bring the share below the limit."""
        expected = self.rows / max(share_read, 1e-9)
        if self.count > MIN_TO_STOP and self.count > 2 * self.allowed * expected:
            self._fail()

    def check(self) -> None:
        if self.count > self.allowed * self.rows:
            self._fail()

    def _fail(self) -> None:
        group, times = self.groups.most_common(1)[0]
        one = self.first[group]
        reason = "" if one.reason == group else f": {one.reason}"
        raise UserError(
            f"{self.count:,} of {self.rows:,} rows read ({self.count / self.rows:.2%}) cannot be used, and "
            f"data.max_rejected_fraction allows {self.allowed:.2%}; most frequent ({times:,} rows): "
            f"{REMEDIES.get(group, group)}, as in {one.file} line {one.line}{reason}; see rejects.csv"
        )

    def summary(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "rejected": self.count,
            "fraction": self.count / self.rows if self.rows else 0.0,
            "allowed_fraction": self.allowed,
            "written": self.written,
            "reasons": dict(self.groups.most_common()),
        }
