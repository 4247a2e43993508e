"""XGBoost: boosted trees, on a GPU where there is one, resumed from checkpoints; its own binary JSON is the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xgboost

from algorithms import Algorithm, Classes, Fitted, Predictor
from features import Features, Matrix

if TYPE_CHECKING:
    from training.task import Task

ONE_THREAD_ROWS = 256  # up to so many rows a second thread costs more than it saves on a busy machine


class Trees(Predictor):
    def __init__(self, content: bytes, features: Features) -> None:
        self.features = features
        self.booster = xgboost.Booster({}, model_file=bytearray(content))  # all threads, for many rows
        self.single_threaded = xgboost.Booster({"nthread": 1}, model_file=bytearray(content))
        if self.booster.num_features() != len(features.columns):
            found = self.booster.num_features()
            raise ValueError(f"model.ubj was trained on {found} columns, features.json has {len(features.columns)}")

    def predict(self, matrix: Matrix) -> Matrix:
        booster = self.single_threaded if len(matrix) <= ONE_THREAD_ROWS else self.booster
        output: Matrix = booster.inplace_predict(matrix, validate_features=False)
        return output

    def contributions(self, matrix: Matrix, classes: Classes) -> Matrix:
        """Exact ones; the last column of XGBoost's, the bias, is the same for all rows."""
        rows = xgboost.DMatrix(matrix, feature_types=self.features.types, enable_categorical=True)
        found: Matrix = self.booster.predict(rows, pred_contribs=True, validate_features=False)
        if found.ndim == 3:
            found = found[np.arange(len(found)), classes]
        return found[:, :-1]

    def importance(self) -> dict[str, float]:
        """By gain."""
        scores = self.booster.get_score(importance_type="total_gain").items()
        gains = {key: float(np.sum(gain)) for key, gain in scores}
        names = self.booster.feature_names or [f"f{number}" for number in range(len(self.features.names))]
        title = dict(zip(names, self.features.names, strict=True))
        total = sum(gains.values()) or 1.0
        return {title[key]: gain / total for key, gain in sorted(gains.items(), key=lambda item: (-item[1], item[0]))}


class XGBoost(Algorithm):
    file = "model.ubj"
    libraries = ("xgboost",)

    def fit(self, task: Task) -> Fitted:
        from training import devices  # only here: the model folder has no training code
        from training.boosting import Schedule, boost
        from training.hyperparameters import METRICS
        from training.quantile_matrix import quantiles

        chosen, problem, threads = task.chosen, task.features.problem, devices.threads()
        device = devices.choose_device(chosen.device)
        print(f"boosting on {device}, {threads} threads", flush=True)
        store, start = task.checkpoints({"device": device, "xgboost": xgboost.__version__})
        check = task.termination.check
        matrix = quantiles(task.train, chosen.max_bin, threads, task.weights, check)
        watched = quantiles(task.validation, chosen.max_bin, threads, task.validation_weights, check, reference=matrix)
        parameters = chosen.for_xgboost(problem, len(task.features.target.classes))
        parameters |= {"device": device, "nthread": threads, "seed_per_iteration": True}
        limits = chosen.rounds, chosen.early_stopping_rounds, chosen.checkpoint_rounds
        schedule = Schedule(*limits, f"validation-{METRICS[problem][0]}")
        sides = {"train": matrix, "validation": watched}
        booster, history = boost(parameters, sides, schedule, start, store, task.termination)
        best = schedule.best_round(history)
        metrics = {side: {name: history[best][f"{side}-{name}"] for name in METRICS[problem]} for side in sides}
        metadata = {"best_round": best, "rounds": len(history), "metrics": metrics, "device": device}
        return Fitted(bytes(booster[: best + 1].save_raw("ubj")), metadata)

    def load(self, content: bytes, features: Features) -> Trees:
        return Trees(content, features)


ALGORITHM = XGBoost()
