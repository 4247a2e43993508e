"""What the template needs of an algorithm: ``training.algorithm = "NAME"`` takes ``ALGORITHM`` of algorithm_NAME.py.

An algorithm has its own file in the model folder, which names its columns' weights, trees or the like in a safe format:
nothing that runs code when it is read. Training calls ``fit``; evaluation and every endpoint ``load`` and ``predict``.
"""

from __future__ import annotations

import importlib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from features import Features, Matrix

if TYPE_CHECKING:
    from training.task import Task

DEFAULT = "xgboost"  # of models from before there was a choice
Classes = npt.NDArray[np.int64]


class Predictor(ABC):
    """A trained model, for rows as ``Features.encode`` makes them. The results of a row do not depend on other rows."""

    @abstractmethod
    def predict(self, matrix: Matrix) -> Matrix:
        """Binary: the probability of the positive class; multiclass: a column of each class; regression: the values."""

    @abstractmethod
    def contributions(self, matrix: Matrix, classes: Classes) -> Matrix:
        """What each column adds to the score of a row; of several classes to that of the given one."""

    @abstractmethod
    def importance(self) -> dict[str, float]:
        """The share of each column that is used, the largest first."""


@dataclass(frozen=True)
class Fitted:
    content: bytes  # of the file in the model folder
    metadata: dict[str, Any] = field(default_factory=dict)  # "metrics" of both sides, and what else people should know


class Algorithm(ABC):
    file: str  # in the model folder
    libraries: tuple[str, ...]  # whose versions metadata.json names
    unused: tuple[str, ...] = ()  # hyperparameters without effect

    @abstractmethod
    def fit(self, task: Task) -> Fitted: ...

    @abstractmethod
    def load(self, content: bytes, features: Features) -> Predictor:
        """A ValueError says why the content is no model of these columns."""


def module_of(name: str) -> str:
    return f"algorithm_{name}"


def names() -> list[str]:
    return sorted(path.stem.removeprefix("algorithm_") for path in Path(__file__).parent.glob("algorithm_*.py"))


def named(name: str) -> Algorithm:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name not in names():
        raise ValueError(f'there is no {module_of(name)}.py for training.algorithm = "{name}": it is {_or(names())}')
    algorithm = importlib.import_module(f"algorithm_{name}").ALGORITHM
    if not isinstance(algorithm, Algorithm):
        raise ValueError(f"ALGORITHM of {module_of(name)}.py is no algorithms.Algorithm")
    return algorithm


def of_metadata(metadata: Mapping[str, Any]) -> Algorithm:
    return named(metadata.get("algorithm", DEFAULT))


def _or(choices: list[str]) -> str:
    return " or ".join(f'"{name}"' for name in choices)
