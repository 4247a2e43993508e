"""A copy of scripts/ in which a test changes a file, with its steps run as jobs run them, each in a process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features import Features
from settings.loader import load
from settings.pipeline import Hyperparameters

ROOT = Path(__file__).resolve().parents[2]
DATA = ("format", "delimiter", "decimal", "dates", "missing", "split", "validation_fraction", "test_fraction")
DATA += ("max_rejected_fraction", "rare_level_rows", "max_levels")
OUTPUTS = ("train", "validation", "test", "features", "baseline", "rejects")


def example(file: str) -> str:
    """What docs/bring-your-own-model.md has for this file."""
    text = (ROOT / "docs" / "bring-your-own-model.md").read_text()
    [found] = re.findall(rf"```python\n# scripts/{file}\n(.*?)```", text, re.DOTALL)
    return str(found)


@dataclass(frozen=True)
class Run:
    folder: Path

    def __post_init__(self) -> None:
        shutil.copytree(ROOT / "scripts", self.folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))

    def write(self, file: str, text: str) -> None:
        (self.folder / "scripts" / file).write_text(text)

    @property
    def features(self) -> Features:
        return Features.read(self.folder / "features" / "features.json")

    def step(self, name: str, code: int = 0, **flags: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(self.folder / "scripts" / f"{name}.py")]
        for flag, value in flags.items():
            command += [f"--{flag.replace('_', '-')}", *map(str, value if isinstance(value, list | tuple) else [value])]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def preprocess(self, table: pa.Table, **flags: Any) -> None:
        raw = self.folder / "raw"
        raw.mkdir()
        pq.write_table(table, raw / "data.parquet")
        data = {name: getattr(load("local").data, name) for name in DATA}
        self.step("preprocess", input=raw, **{name: self.folder / name for name in OUTPUTS}, **data | flags)

    def train(self, name: str, code: int = 0, **flags: Any) -> subprocess.CompletedProcess[str]:
        """Writes the model and its archive into a folder of this name."""
        training, model = load("local").training, self.folder / name
        chosen = {name: getattr(training, name) for name in Hyperparameters.model_fields} | {"rounds": 60} | flags
        sides = {name: self.folder / name for name in ("train", "validation", "features")}
        done = self.step("train", code, model_dir=model, **sides, **chosen)
        if not code:
            members = list(model.iterdir())
            with tarfile.open(model / "model.tar.gz", "w:gz") as archive:
                for path in members:
                    archive.add(path, path.name)
        return done

    def evaluate(self, name: str, **flags: Any) -> subprocess.CompletedProcess[str]:
        folders = {"model": self.folder / name, "output": self.folder / f"{name}-evaluation"}
        folders |= {name: self.folder / name for name in ("test", "features")}
        return self.step("evaluate", **folders, **flags)

    def serve(self, name: str, rows: pa.Table) -> pa.Table:
        """By the code in the model's archive alone."""
        folder = self.folder / f"{name}-requests"
        folder.mkdir()
        pq.write_table(rows, folder / "0.request.parquet")
        command = [sys.executable, "-P", str(self.folder / "scripts/evaluation/champion_process.py")]
        environment = os.environ | {"PYTHONPATH": str(self.folder / name / "code")}
        subprocess.run([*command, str(self.folder / name), str(folder)], env=environment, check=True, timeout=60)
        return pq.read_table(folder / "0.answer.parquet")
