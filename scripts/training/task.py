"""What an algorithm gets to fit: both sides, the weights of their rows, the hyperparameters, and where it may save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from encoded_data import Side
from features import Features
from training import checkpoints
from training.checkpoints import Checkpoints, Progress
from training.hyperparameters import Hyperparameters
from training.imbalance import Floats
from training.termination import Termination


@dataclass(frozen=True)
class Task:
    features: Features
    features_file: Path
    train: Side
    validation: Side
    weights: Floats | None  # of the training rows; None: all count the same
    validation_weights: Floats | None
    chosen: Hyperparameters
    termination: Termination
    folder: Path | None = None  # of checkpoints

    def checkpoints(self, circumstances: Mapping[str, Any]) -> tuple[Checkpoints | None, Progress]:
        """Where to save, and what an interrupted training with the same data, settings and circumstances has saved."""
        if self.folder is None:
            return None, Progress()
        settings = asdict(self.chosen) | {"checkpoint_rounds": 0, **circumstances}  # not how often it is saved
        files = [self.features_file, self.train.file, self.validation.file]
        store = Checkpoints(self.folder, checkpoints.fingerprint(settings, files))
        return store, store.latest()
