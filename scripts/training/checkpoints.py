"""Checkpoints, from which an interrupted training resumes.

A checkpoint is one file, ``checkpoint-<fingerprint>-<rounds>.ubj``, renamed into place when complete: a line with a
digest, a line of JSON with the metrics of all rounds, then the model. The fingerprint covers everything that the model
depends on, so a checkpoint of other data or settings is never resumed. The last two are kept; a damaged one is ignored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import atomic_files

KEPT = 2
History = list[dict[str, float]]  # one entry a round: {"train-logloss": 0.41, ...}


@dataclass(frozen=True)
class Progress:
    history: History = field(default_factory=list)
    model: bytes | None = None  # UBJ; None before the first round


class Checkpoints:
    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder, self.prefix = folder, f"checkpoint-{fingerprint}-"
        with atomic_files.writing_to(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for leftover in folder.glob(f"{self.prefix}*{atomic_files.UNFINISHED}"):
                leftover.unlink()

    def latest(self) -> Progress:
        """The newest valid checkpoint, or an empty one; logs which it ignores."""
        foreign = len(list(self.folder.glob("checkpoint-*.ubj"))) - len(self._own())
        if foreign:
            print(f"ignoring {foreign} checkpoint file(s) of other data or hyperparameters", flush=True)
        for file in self._own():
            progress = _read(file)
            if progress is not None:
                print(f"resuming from {file.name} after {len(progress.history)} rounds", flush=True)
                return progress
            print(f"ignoring {file.name}: it is damaged", flush=True)
        return Progress()

    def save(self, progress: Progress) -> None:
        with atomic_files.writing_to(self.folder):
            atomic_files.write(self.folder / f"{self.prefix}{len(progress.history):06d}.ubj", b"".join(_pack(progress)))
            for old in self._own()[KEPT:]:
                old.unlink()

    def _own(self) -> list[Path]:
        """Newest first; numbers have six digits, as many as --rounds allows."""
        return sorted(self.folder.glob(f"{self.prefix}*.ubj"), reverse=True)


def fingerprint(settings: dict[str, Any], files: list[Path]) -> str:
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _pack(progress: Progress) -> Iterator[bytes]:
    content = json.dumps(progress.history).encode() + b"\n" + (progress.model or b"")
    yield hashlib.sha256(content).hexdigest().encode() + b"\n"
    yield content


def _read(file: Path) -> Progress | None:
    digest, _, content = file.read_bytes().partition(b"\n")
    if hashlib.sha256(content).hexdigest().encode() != digest:
        return None
    history, _, model = content.partition(b"\n")
    return Progress(json.loads(history), model)
