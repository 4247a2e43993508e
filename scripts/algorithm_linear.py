"""A linear model by scikit-learn: logistic regression, or ridge regression. Its format is JSON that people can read.

Numbers are standardized, levels get a weight each, and so does a missing value. All rows are in memory while it learns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from algorithms import Algorithm, Classes, Fitted, Predictor
from features import Column, Features, Matrix

if TYPE_CHECKING:
    from training.task import Task

FORMAT = 1
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Term:
    """A column: a weight of its standardized number, or of each level, and of a missing value; for each output."""

    name: str
    weights: list[list[float]]  # of a number: one row; of a category: one for each level, rare ones first
    missing: list[float]
    mean: float = 0.0
    scale: float = 1.0

    def contribution(self, values: npt.NDArray[np.float32], categorical: bool) -> Numbers:
        """Of every row alone: no sum over columns, whose order could depend on the number of rows."""
        gaps = np.isnan(values)
        weights = np.array(self.weights)
        if categorical:
            found: Numbers = weights[np.where(gaps, 0, values).astype(np.int64)]
        else:
            found = ((values.astype(np.float64) - self.mean) / self.scale)[:, None] * weights[0]
        found[gaps] = self.missing
        return found


class Linear(Predictor):
    def __init__(self, content: bytes, features: Features) -> None:
        document = json.loads(content)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError(f"linear.json is not of format {FORMAT}")
        self.features = features
        self.intercept = np.array(document["intercept"], np.float64)
        self.terms = [Term(**term) for term in document["columns"]]
        self._check()

    def _check(self) -> None:
        names = [term.name for term in self.terms]
        if names != self.features.names:
            raise ValueError(f"linear.json was trained on {len(names)} columns other than those of features.json")
        classes = len(self.features.target.classes)
        size = classes if classes > 2 else 1
        for term, column in zip(self.terms, self.features.columns, strict=True):
            rows = len(column.levels) + 1 if column.kind == "categorical" else 1
            numbers = np.array([*term.weights, term.missing], np.float64)
            if numbers.shape != (rows + 1, size) or not np.isfinite(numbers).all() or not term.scale > 0:
                raise ValueError(f'linear.json has wrong weights of "{term.name}"')
        if self.intercept.shape != (size,) or not np.isfinite(self.intercept).all():
            raise ValueError("linear.json has a wrong intercept")

    def _parts(self, matrix: Matrix) -> Iterator[Numbers]:
        for number, (term, column) in enumerate(zip(self.terms, self.features.columns, strict=True)):
            yield term.contribution(matrix[:, number], column.kind == "categorical")

    def predict(self, matrix: Matrix) -> Matrix:
        scores = np.repeat(self.intercept[None, :], len(matrix), axis=0)
        for part in self._parts(matrix):
            scores += part
        if self.features.problem == "regression":
            return scores[:, 0].astype(np.float32)
        if len(self.intercept) == 1:
            scores = np.column_stack([np.zeros(len(matrix)), scores])
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        found: Matrix = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
        return found[:, 1] if len(self.intercept) == 1 else found

    def contributions(self, matrix: Matrix, classes: Classes) -> Matrix:
        output = classes if len(self.intercept) > 1 else np.zeros(len(matrix), np.int64)
        rows = np.arange(len(matrix))
        return np.column_stack([part[rows, output] for part in self._parts(matrix)]).astype(np.float32)

    def importance(self) -> dict[str, float]:
        """By the size of the weights; levels beside the first count by how far they are from each other."""
        sizes = {term.name: float(np.abs(_centred(term.weights)).max(axis=0).mean()) for term in self.terms}
        total = sum(sizes.values()) or 1.0
        used = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
        return {name: size / total for name, size in used if size}


class LinearModel(Algorithm):
    file = "linear.json"
    libraries = ("sklearn",)
    unused = (
        "early_stopping_rounds",
        "learning_rate",
        "max_depth",
        "min_child_weight",
        "subsample",
        "colsample_bytree",
        "max_bin",
        "device",
    )

    def fit(self, task: Task) -> Fitted:
        matrix = np.concatenate(list(task.train.matrices()))
        task.termination.check()
        design = [Expansion.of(column, matrix[:, number]) for number, column in enumerate(task.features.columns)]
        expanded = np.column_stack([one.expand(matrix[:, number]) for number, one in enumerate(design)])
        weights, intercept, rounds = _solve(task, expanded)
        begins = np.cumsum([0, *(one.width for one in design)])
        terms = [one.term(weights[begins[n] : begins[n + 1]]) for n, one in enumerate(design)]
        content = {"format": FORMAT, "intercept": intercept.tolist(), "columns": [asdict(term) for term in terms]}
        return Fitted((json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode(), {"rounds": rounds})

    def load(self, content: bytes, features: Features) -> Linear:
        return Linear(content, features)


@dataclass(frozen=True)
class Expansion:
    """A column as several: a standardized number or one for each level, and one for missing values."""

    column: Column
    mean: float
    scale: float

    @classmethod
    def of(cls, column: Column, values: npt.NDArray[np.float32]) -> Expansion:
        present = values[~np.isnan(values)].astype(np.float64)
        if column.kind == "categorical" or not len(present):
            return cls(column, 0.0, 1.0)
        return cls(column, float(present.mean()), float(present.std()) or 1.0)

    @property
    def width(self) -> int:
        return (len(self.column.levels) + 1 if self.column.kind == "categorical" else 1) + 1

    def expand(self, values: npt.NDArray[np.float32]) -> Numbers:
        gaps = np.isnan(values)
        if self.column.kind == "categorical":
            return np.eye(self.width)[np.where(gaps, self.width - 1, values).astype(np.int64)]
        number = np.where(gaps, 0.0, (values.astype(np.float64) - self.mean) / self.scale)
        return np.column_stack([number, gaps])

    def term(self, weights: Numbers) -> Term:
        return Term(self.column.name, weights[:-1].tolist(), weights[-1].tolist(), self.mean, self.scale)


def _solve(task: Task, expanded: Numbers) -> tuple[Numbers, Numbers, int]:
    """Weights of the columns for each output, the intercepts, and how many iterations that took."""
    from sklearn.linear_model import Ridge

    labels = task.train.labels
    if task.features.problem == "regression":
        ridge = Ridge(alpha=task.chosen.reg_lambda).fit(expanded, labels, task.weights)
        return ridge.coef_[:, None], np.array([ridge.intercept_]), 1
    return _descend(task, expanded)


def _descend(task: Task, expanded: Numbers) -> tuple[Numbers, Numbers, int]:
    """In pieces of so many iterations as may be lost: a resumed training takes the same steps as one in one go."""
    import warnings

    import sklearn
    from sklearn.linear_model import LogisticRegression

    from training.checkpoints import Progress

    chosen, labels = task.chosen, task.train.labels.astype(np.int64)
    model = LogisticRegression(C=1 / max(chosen.reg_lambda, 1e-9), warm_start=True)
    store, start = task.checkpoints({"sklearn": sklearn.__version__})
    history = list(start.history)
    if start.model:
        saved = json.loads(start.model)
        model.coef_, model.intercept_ = np.array(saved["coef"]), np.array(saved["intercept"])
    done = int(sum(piece["iterations"] for piece in history))
    while done < chosen.rounds and not (history and history[-1]["iterations"] < chosen.checkpoint_rounds):
        task.termination.check()
        model.max_iter = min(chosen.checkpoint_rounds, chosen.rounds - done)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged within this piece
            model.fit(expanded, labels, task.weights)
        history.append({"iterations": float(model.n_iter_[0])})
        done += int(model.n_iter_[0])
        if store:
            saved = {"coef": model.coef_.tolist(), "intercept": model.intercept_.tolist()}
            store.save(Progress(history, json.dumps(saved).encode()))
    return model.coef_.T, model.intercept_, done


def _centred(weights: list[list[float]]) -> Numbers:
    found = np.array(weights)
    return found - found.mean(axis=0) if len(found) > 1 else found


ALGORITHM = LinearModel()
