"""The metrics that SageMaker reads from the log, of a trained model on one side: those that XGBoost prints."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from algorithms import Predictor
from encoded_data import Side
from training.hyperparameters import METRICS

SMALLEST = float(np.finfo(np.float32).eps)
Metrics = dict[str, float]


def measure(predictor: Predictor, side: Side) -> Metrics:
    output = np.concatenate([predictor.predict(matrix) for matrix in side.matrices()]).astype(np.float64)
    problem, labels, weights = side.features.problem, side.labels, side.weights
    if problem == "regression":
        errors = output - labels
        mean = float(np.average(np.abs(errors), weights=weights))
        return {"rmse": float(np.sqrt(np.average(np.square(errors), weights=weights))), "mae": mean}
    shares = output if output.ndim == 2 else np.column_stack([1 - output, output])
    truth = np.clip(shares[np.arange(len(labels)), labels.astype(np.int64)], SMALLEST, 1 - SMALLEST)
    loss = -float(np.average(np.log(truth), weights=weights))
    if problem == "multiclass":
        wrong = shares.argmax(axis=1) != labels
        return dict(zip(METRICS[problem], (loss, float(np.average(wrong, weights=weights))), strict=True))
    from sklearn.metrics import roc_auc_score  # takes a second to import

    auc = float(roc_auc_score(labels, output, sample_weight=weights))
    return dict(zip(METRICS[problem], (loss, auc), strict=True))


def line(metrics: Mapping[str, Metrics]) -> str:
    return " ".join(f"{side}-{name}:{value:.6g}" for side, found in metrics.items() for name, value in found.items())
