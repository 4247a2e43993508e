"""The training step: check the data, fit the algorithm, choose threshold and calibration, publish the model."""

from __future__ import annotations

import importlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import algorithms
import calibration
import sample_rows
from algorithms import Algorithm, Fitted, Predictor
from encoded_data import Side, open_side
from failures import UserError
from features import Features
from training import decision_threshold, model_folder, side_metrics, threshold_rule
from training.hyperparameters import Hyperparameters
from training.imbalance import Floats, class_weights, product, row_weights
from training.task import Task
from training.termination import Termination

METADATA_FORMAT = 1
WARM_UP_ROWS = 20
FEW_POSITIVES = 30


@dataclass(frozen=True)
class Folders:
    train: Path
    validation: Path
    features: Path
    model: Path
    checkpoints: Path | None


@dataclass(frozen=True)
class Data:
    features: Features
    features_file: Path
    warm_up: str  # raw rows in CSV: a worker that loads the model scores them before its first request
    train: Side
    validation: Side


def train(folders: Folders, chosen: Hyperparameters) -> None:
    algorithm = choose(chosen)
    module = algorithms.module_of(chosen.algorithm)
    with Termination() as termination, model_folder.prepare(folders.model, module) as publish:
        data = open_data(folders)
        fitted = algorithm.fit(task_of(data, chosen, termination, folders.checkpoints))
        predictor = algorithm.load(fitted.content, data.features)
        fitted = with_metrics(fitted, predictor, data)
        metadata = describe(data, chosen, algorithm, fitted, decide(predictor, data, chosen))
        publish(
            {
                algorithm.file: fitted.content,
                "features.json": data.features_file.read_bytes(),
                "metadata.json": (json.dumps(metadata, indent=2, ensure_ascii=False) + "\n").encode(),
                "warm-up.csv": data.warm_up.encode(),
            }
        )
    rounds = f" of {metadata['best_round'] + 1} rounds" if "best_round" in metadata else ""
    print(f"model{rounds} written to {folders.model}", flush=True)


def choose(chosen: Hyperparameters) -> Algorithm:
    try:
        algorithm = algorithms.named(chosen.algorithm)
    except ValueError as error:
        raise UserError(str(error)) from error
    if algorithm.unused:
        print(f"the algorithm {chosen.algorithm} does not use {', '.join(algorithm.unused)}", flush=True)
    return algorithm


def open_data(folders: Folders) -> Data:
    file = folders.features / "features.json"
    try:
        features = Features.read(file)
    except FileNotFoundError as error:
        raise UserError(f"the features channel has no features.json in {folders.features}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file} cannot be used ({error}): run preprocess again") from error
    if not features.columns:
        raise UserError(f"{file} names no feature columns: preprocess left every column of the data out")
    sides = (open_side("train", folders.train, features), open_side("validation", folders.validation, features))
    return Data(features, file, warm_up(folders.features, features), *sides)


def warm_up(folder: Path, features: Features) -> str:
    sample = sample_rows.read(folder, features)
    rows = [sample.rows[number] for number in sample_rows.evenly(len(sample.rows), WARM_UP_ROWS)]
    return sample_rows.as_csv([sample.names, *rows], features.delimiter)


def task_of(data: Data, chosen: Hyperparameters, termination: Termination, folder: Path | None) -> Task:
    rows = f"{len(data.train.labels)} rows, {len(data.validation.labels)} for validation"
    print(f"training on {rows}, {len(data.features.columns)} features, by {chosen.algorithm}", flush=True)
    weights = weights_of_rows(data, chosen)
    return Task(data.features, data.features_file, data.train, data.validation, *weights, chosen, termination, folder)


def with_metrics(fitted: Fitted, predictor: Predictor, data: Data) -> Fitted:
    """Of an algorithm that measures nothing itself, and so has printed nothing that SageMaker could read."""
    if "metrics" in fitted.metadata:
        return fitted
    metrics = {side.name: side_metrics.measure(predictor, side) for side in (data.train, data.validation)}
    print(f"[0] {side_metrics.line(metrics)}", flush=True)
    return Fitted(fitted.content, {**fitted.metadata, "metrics": metrics})


def weights_of_rows(data: Data, chosen: Hyperparameters) -> tuple[Floats | None, Floats | None]:
    """Of training, and of validation, which has to measure what training optimizes: classes count as much as there."""
    train, validation = data.train, data.validation
    if chosen.imbalance == "none" or not data.features.target.classes:
        return train.weights, validation.weights
    counts = train.class_counts
    of_classes = class_weights(counts)[validation.labels.astype(np.int64)]
    remedy = row_weights(train.labels, counts, chosen.imbalance, chosen.seed)
    return product(remedy, train.weights), product(of_classes, validation.weights)


def decide(predictor: Predictor, data: Data, chosen: Hyperparameters) -> dict[str, Any]:
    """How labels and probabilities come from what the model says, by the validation side."""
    decided: dict[str, Any] = {"calibration": None, "threshold": None}
    if data.features.problem == "regression":
        return decided
    shares, labels, weights = probabilities(predictor, data.validation), data.validation.labels, data.validation.weights
    if chosen.calibration == "auto" and (found := calibrate(data, chosen, shares)):
        before, shares = shares, found.apply(shares)
        losses = {
            name: calibration.log_loss(each, labels, weights) for name, each in (("before", before), ("after", shares))
        }
        decided["calibration"] = found.as_json() | {"validation_log_loss": losses}
    if data.features.problem == "binary":
        decided["threshold"] = threshold(data, threshold_rule.parse(chosen.decision_threshold), shares[:, 1], labels)
    return decided


def probabilities(predictor: Predictor, validation: Side) -> Floats:
    # Unbinned rows, as in serving: binning would treat a level that is unknown to the train side as a known one.
    found: Floats = np.concatenate([predictor.predict(matrix) for matrix in validation.matrices()])
    return found if found.ndim == 2 else np.column_stack([1 - found, found])


def calibrate(data: Data, chosen: Hyperparameters, shares: Floats) -> calibration.Calibration | None:
    """Not of several classes that were weighted: it would give their labels back what the weights took."""
    if data.features.problem == "multiclass" and chosen.imbalance != "none":
        return None
    found = calibration.fit(shares, data.validation.labels, data.validation.weights)
    if found:
        offsets = ", ".join(f"{offset:+.2f}" for offset in found.offsets[1:][:5])
        print(
            f"probabilities are off on validation: calibrated with slope {found.slope:.2f}, offsets {offsets}",
            flush=True,
        )
    return found


def threshold(data: Data, rule: threshold_rule.Rule, positive: Floats, labels: Floats) -> float:
    warn_of_few_positives(data)
    line = decision_threshold.choose(rule, positive, labels, data.validation.weights)
    called, hits = int((positive >= line).sum()), int(labels[positive >= line].sum())
    print(
        f"decision threshold {line:.4g} ({rule.text}): on validation {called} rows are called positive, {hits} of the "
        f"{int(labels.sum())} that are",
        flush=True,
    )
    return line


def warn_of_few_positives(data: Data) -> None:
    for side in (data.train, data.validation):
        positives = int(side.labels.sum())
        if positives < FEW_POSITIVES:
            print(
                f"warning: only {positives} of {len(side.labels)} rows of the {side.name} side are positive: what is "
                "chosen and measured by them is uncertain; more data, or a larger share for that side, would help",
                flush=True,
            )


def describe(
    data: Data, chosen: Hyperparameters, algorithm: Algorithm, fitted: Fitted, decided: dict[str, Any]
) -> dict[str, Any]:
    without = ("seed", "device", "algorithm", *algorithm.unused)
    libraries = (importlib.import_module(name) for name in (*algorithm.libraries, "numpy", "pyarrow"))
    return {
        "format": METADATA_FORMAT,
        "problem": data.features.problem,
        "algorithm": chosen.algorithm,
        **decided,
        **fitted.metadata,
        "parameters": {name: value for name, value in asdict(chosen).items() if name not in without},
        "seed": chosen.seed,
        "rows": {side.name: len(side.labels) for side in (data.train, data.validation)},
        "libraries": {library.__name__: library.__version__ for library in libraries},
    }
