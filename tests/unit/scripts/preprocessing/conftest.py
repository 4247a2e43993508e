"""Runs the preprocess step on a folder of files, the way a job does: by its command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import preprocess
from features import Features
from preprocessing.splitting import SIDES

DATA = {
    "format": "auto",
    "delimiter": ",",
    "decimal": "auto",
    "dates": "auto",
    "split": "key",
    "missing": [],
    "validation_fraction": 0.15,
    "test_fraction": 0.15,
    "max_rejected_fraction": 0.01,
    "rare_level_rows": 20,
    "max_levels": 500,
}
OUTPUTS = ("train", "validation", "test", "features", "baseline", "rejects")


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    code: int
    folder: Path
    arguments: list[str]

    @property
    def message(self) -> str:
        file = self.folder / "message"
        return file.read_text() if file.exists() else ""

    @property
    def features(self) -> Features:
        return Features.read(self.folder / "features" / "features.json")

    def json(self, name: str) -> Any:
        def refuse(text: str) -> None:
            raise ValueError(f"{text} is no JSON")

        return json.loads((self.folder / name).read_text(), parse_constant=refuse)

    def side(self, name: str) -> pa.Table:
        return pq.read_table(self.folder / name / "data.parquet")

    def matrices(self) -> dict[str, np.ndarray]:
        sides = {name: self.side(name) for name in SIDES}
        return {name: np.stack([column.to_numpy() for column in side.columns], axis=1) for name, side in sides.items()}

    @property
    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def raw_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


@pytest.fixture
def prepare(tmp_path: Path, raw_folder: Path) -> Callable[..., Outcome]:
    """Flags by name, lists for several values: prepare(target="y", problem="binary", key=["id"])."""
    runs = 0

    def run(folder: Path = raw_folder, **flags: object) -> Outcome:
        nonlocal runs
        runs += 1
        out = tmp_path / f"run-{runs}"
        arguments = [f"--input={folder}", f"--message={out / 'message'}"]
        arguments += [f"--{name}={out / name}" for name in OUTPUTS]
        for name, value in (DATA | flags).items():
            values = value if isinstance(value, list) else [value]
            arguments += [f"--{name.replace('_', '-')}", *map(str, values)]
        return Outcome(preprocess.main(arguments), out, arguments)

    return run
