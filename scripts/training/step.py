"""The training step: check the data, boost, keep the best rounds, publish the model."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xgboost as xgb

import calibration
import sample_rows
from encoded_data import Side, open_side
from failures import UserError
from features import Features
from training import checkpoints, decision_threshold, devices, model_folder, threshold_rule
from training.boosting import Schedule, boost
from training.hyperparameters import METRICS, Hyperparameters
from training.imbalance import Floats, class_weights, product, row_weights
from training.termination import Termination

LIBRARIES = (xgb, np, pa)
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
    with Termination() as termination, model_folder.prepare(folders.model) as publish:
        data = open_data(folders)
        device = devices.choose_device(chosen.device)
        booster, history = learn(data, chosen, device, folders.checkpoints, termination)
        best = schedule(data.features.problem, chosen).best_round(history)
        model = booster[: best + 1]
        metadata = describe(data, chosen, device, history, best, decide(model, data, chosen))
        publish(
            {
                "model.ubj": bytes(model.save_raw("ubj")),
                "features.json": data.features_file.read_bytes(),
                "metadata.json": (json.dumps(metadata, indent=2, ensure_ascii=False) + "\n").encode(),
                "warm-up.csv": data.warm_up.encode(),
            }
        )
    print(f"model of {best + 1} rounds written to {folders.model}", flush=True)


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


def schedule(problem: str, chosen: Hyperparameters) -> Schedule:
    watched = f"validation-{METRICS[problem][0]}"
    return Schedule(chosen.rounds, chosen.early_stopping_rounds, chosen.checkpoint_rounds, watched)


def learn(
    data: Data, chosen: Hyperparameters, device: str, folder: Path | None, termination: Termination
) -> tuple[Any, checkpoints.History]:
    features, threads = data.features, devices.threads()
    rows = f"{len(data.train.labels)} rows, {len(data.validation.labels)} for validation"
    print(f"training on {rows}, {len(features.columns)} features, {device}, {threads} threads", flush=True)
    store = checkpoints.Checkpoints(folder, fingerprint(data, chosen, device)) if folder else None
    start = store.latest() if store else checkpoints.Progress()

    weights, of_validation = weights_of_rows(data, chosen)
    matrix = data.train.quantiles(chosen.max_bin, threads, weights, termination.check)
    watched = data.validation.quantiles(chosen.max_bin, threads, of_validation, termination.check, reference=matrix)
    parameters = chosen.for_xgboost(features.problem, len(features.target.classes))
    parameters |= {"device": device, "nthread": threads, "seed_per_iteration": True}
    sides = {"train": matrix, "validation": watched}
    return boost(parameters, sides, schedule(features.problem, chosen), start, store, termination)


def weights_of_rows(data: Data, chosen: Hyperparameters) -> tuple[Floats | None, Floats | None]:
    """Of training, and of validation, which has to measure what training optimizes: classes count as much as there."""
    train, validation = data.train, data.validation
    if chosen.imbalance == "none" or not data.features.target.classes:
        return train.weights, validation.weights
    counts = train.class_counts
    of_classes = class_weights(counts)[validation.labels.astype(np.int64)]
    remedy = row_weights(train.labels, counts, chosen.imbalance, chosen.seed)
    return product(remedy, train.weights), product(of_classes, validation.weights)


def fingerprint(data: Data, chosen: Hyperparameters, device: str) -> str:
    """Everything that the model depends on, without how often it is saved."""
    settings = asdict(chosen) | {"checkpoint_rounds": 0, "device": device, "xgboost": xgb.__version__}
    return checkpoints.fingerprint(settings, [data.features_file, data.train.file, data.validation.file])


def decide(model: Any, data: Data, chosen: Hyperparameters) -> dict[str, Any]:
    """How labels and probabilities come from what the model says, by the validation side."""
    decided: dict[str, Any] = {"calibration": None, "threshold": None}
    if data.features.problem == "regression":
        return decided
    shares, labels, weights = probabilities(model, data.validation), data.validation.labels, data.validation.weights
    if chosen.calibration == "auto" and (found := calibrate(data, chosen, shares)):
        before, shares = shares, found.apply(shares)
        losses = {
            name: calibration.log_loss(each, labels, weights) for name, each in (("before", before), ("after", shares))
        }
        decided["calibration"] = found.as_json() | {"validation_log_loss": losses}
    if data.features.problem == "binary":
        decided["threshold"] = threshold(data, threshold_rule.parse(chosen.decision_threshold), shares[:, 1], labels)
    return decided


def probabilities(model: Any, validation: Side) -> Floats:
    model.set_param({"device": "cpu", "nthread": devices.threads()})
    # Unbinned rows, as in serving: binning would treat a level that is unknown to the train side as a known one.
    found: Floats = np.concatenate([model.inplace_predict(matrix) for matrix in validation.matrices()])
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
    data: Data, chosen: Hyperparameters, device: str, history: checkpoints.History, best: int, decided: dict[str, Any]
) -> dict[str, Any]:
    settings = asdict(chosen)
    sides = {"validation": data.validation, "train": data.train}
    return {
        "format": METADATA_FORMAT,
        "problem": data.features.problem,
        **decided,
        "best_round": best,
        "rounds": len(history),
        "metrics": {
            side: {metric: history[best][f"{side}-{metric}"] for metric in METRICS[data.features.problem]}
            for side in sides
        },
        "parameters": {name: value for name, value in settings.items() if name not in ("seed", "device")},
        "seed": chosen.seed,
        "device": device,
        "rows": {name: len(side.labels) for name, side in sides.items()},
        "libraries": {library.__name__: library.__version__ for library in LIBRARIES},
    }
