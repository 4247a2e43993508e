"""The boosting loop: a round, its metrics, a log line, a checkpoint when due, and when to stop.

What the loop decides depends on the history of metrics alone, so a resumed run decides as an undisturbed one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import xgboost as xgb

from failures import Refused
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
    # Samplers of rows and columns carry a random state from round to round that no checkpoint holds. Loading the
    # configuration makes them anew, and seed_per_iteration seeds them with this round's number: resuming is exact.
    booster.load_config(configuration)
    booster.update(sides["train"], number)
    metrics = metrics_of(booster.eval_set([(matrix, name) for name, matrix in sides.items()], number))
    print(f"[{number}] " + " ".join(f"{name}:{value:.6g}" for name, value in metrics.items()), flush=True)
    wrong = [name for name, value in metrics.items() if not math.isfinite(value)]
    if wrong:
        raise Refused(f"{wrong[0]} is {metrics[wrong[0]]} in round {number}: lower --learning-rate or check the target")
    return metrics


def metrics_of(text: str) -> dict[str, float]:
    """XGBoost's own line, to nine digits: the last of its seventeen depend on the thread count, decisions must not."""
    pairs = (item.rpartition(":") for item in text.split("\t")[1:])
    return {name: float(f"{float(value):.9g}") for name, _, value in pairs}


def _terminated(rounds: int, saved: bool) -> Refused:
    if not saved:
        return Refused(f"stopped by SIGTERM after {rounds} rounds, which are lost: there is no --checkpoints folder")
    return Refused(f"stopped by SIGTERM after {rounds} rounds; start the job again to go on from its checkpoint")
