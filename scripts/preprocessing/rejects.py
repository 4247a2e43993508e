"""Rows that cannot be used: each in rejects.csv with its reason, all counted in summary.json.

Both are complete also when the step fails, for that is when they are needed most.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from failures import Refused
from preprocessing.intake import Reject
from preprocessing.outputs import Outputs

MOST_WRITTEN = 100_000
ENOUGH_TO_STOP = 1000  # so many rejects say something about the rest


class Rejects:
    def __init__(self, folder: Path, allowed: float) -> None:
        self.folder, self.allowed = folder, allowed
        self.rows = 0  # read so far, good or not
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
        for one in rejects:
            self.groups[one.group] += 1
            self.first.setdefault(one.group, one)
            if self.written < MOST_WRITTEN:
                self._writer.writerow((one.file, one.line, one.reason, one.row))
                self.written += 1

    def add_unwritten(self, group: str, rows: int) -> None:
        self.groups[group] += rows

    def check_so_far(self, share_read: float) -> None:
        """Stop when the rest of the data could not make up for it."""
        expected = self.rows / max(share_read, 1e-9)
        if self.count > ENOUGH_TO_STOP and self.count > 2 * self.allowed * expected:
            self._refuse()

    def check(self) -> None:
        if self.count > self.allowed * self.rows:
            self._refuse()

    def _refuse(self) -> None:
        group, times = self.groups.most_common(1)[0]
        one = self.first[group]
        raise Refused(
            f"{self.count:,} of {self.rows:,} rows read ({self.count / self.rows:.2%}) cannot be used, and "
            f"data.max_rejected_fraction allows {self.allowed:.2%}; most frequent ({times:,} rows): {group}, "
            f"as in {one.file} line {one.line}: {one.reason}; see rejects.csv"
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
