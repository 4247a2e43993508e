"""The boosting loop: rounds with metrics, log lines, checkpoints and early stopping.

Its decisions depend on the history of metrics only, so a resumed run decides as an uninterrupted one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import xgboost as xgb

from failures import UserError
from training.checkpoints import Checkpoints, History, Progress
from training.termination import Termination


@dataclass(frozen=True)
class Schedule:
    rounds: int
    early_stopping_rounds: int  # 0 = never
    checkpoint_rounds: int
    watched: str  # "validation-logloss": lower is better for every first metric

    def best_round(self, history: History) -> int:
        return min(range(len(history)), key=lambda number: history[number][self.watched])

    def finished(self, history: History) -> bool:
        if len(history) >= self.rounds:
            return True
        patience = self.early_stopping_rounds
        return bool(patience and history) and len(history) - 1 - self.best_round(history) >= patience


def boost(
    parameters: dict[str, Any],
    sides: dict[str, Any],
    schedule: Schedule,
    start: Progress,
    store: Checkpoints | None,
    termination: Termination,
) -> tuple[Any, History]:
    """Rounds until the schedule is finished; SIGTERM ends them after the current one, with a checkpoint."""
    booster = xgb.Booster(parameters, list(sides.values()), model_file=bytearray(start.model) if start.model else None)
    history = list(start.history)
    configuration = booster.save_config()
    termination.check()
    while not schedule.finished(history):
        history.append(_round(booster, sides, len(history), configuration))
        if schedule.finished(history):
            break
        terminated = termination.requested
        if store and (terminated or len(history) % schedule.checkpoint_rounds == 0):
            store.save(Progress(history, bytes(booster.save_raw("ubj"))))
        if terminated:
            raise _terminated(len(history), saved=store is not None)
    return booster, history


def _round(booster: Any, sides: dict[str, Any], number: int, configuration: str) -> dict[str, float]:
    # Samplers of rows and columns keep a random state between rounds, which no checkpoint holds. Loading the
    # configuration recreates them, and seed_per_iteration seeds them with the number of the round: resuming is exact.
    booster.load_config(configuration)
    booster.update(sides["train"], number)
    metrics = metrics_of(booster.eval_set([(matrix, name) for name, matrix in sides.items()], number))
    print(f"[{number}] " + " ".join(f"{name}:{value:.6g}" for name, value in metrics.items()), flush=True)
    wrong = [name for name, value in metrics.items() if not math.isfinite(value)]
    if wrong:
        raise UserError(
            f"{wrong[0]} is {metrics[wrong[0]]} in round {number}: lower --learning-rate or check the target"
        )
    return metrics


def metrics_of(text: str) -> dict[str, float]:
    """XGBoost's line, to nine digits: the last of its seventeen depend on the number of threads."""
    pairs = (item.rpartition(":") for item in text.split("\t")[1:])
    return {name: float(f"{float(value):.9g}") for name, _, value in pairs}


def _terminated(rounds: int, saved: bool) -> UserError:
    if not saved:
        return UserError(f"stopped by SIGTERM after {rounds} rounds, which are lost: there is no --checkpoints folder")
    return UserError(f"stopped by SIGTERM after {rounds} rounds; start the job again to continue from its checkpoint")
