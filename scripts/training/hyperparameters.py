"""The hyperparameters, each with its range and a word of help; flags and XGBoost's parameters come from them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from training import threshold_rule

OBJECTIVES = {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}
METRICS = {"binary": ["logloss", "auc"], "multiclass": ["mlogloss", "merror"], "regression": ["rmse", "mae"]}


@dataclass(frozen=True)
class Range:
    low: float
    high: float  # may be infinite; the value itself never
    whole: bool
    low_excluded: bool = False

    def parse(self, text: str) -> float:
        """SageMaker may pass 300 as "300.0" and 1000 as "1e3"; both are whole."""
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        too_low = number <= self.low if self.low_excluded else number < self.low
        if not math.isfinite(number) or too_low or number > self.high or (self.whole and not number.is_integer()):
            raise argparse.ArgumentTypeError(f"{text!r} is not {self}")
        return int(number) if self.whole else number

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        end = "up" if math.isinf(self.high) else f"to {self.high:.10g}"
        return f"{kind} {'above' if self.low_excluded else 'from'} {self.low:g} {end}"


def _whole(low: int, high: float, explanation: str, *, of_xgboost: bool = True) -> Any:
    return field(metadata={"range": Range(low, high, whole=True), "help": explanation, "of_xgboost": of_xgboost})


def _real(low: float, high: float, explanation: str, *, low_excluded: bool = False) -> Any:
    return field(metadata={"range": Range(low, high, False, low_excluded), "help": explanation, "of_xgboost": True})


def _text(parse: Callable[[str], Any], forms: str, explanation: str) -> Any:
    """Kept as it was written, once it could be parsed."""
    return field(metadata={"parse": parse, "help": f"{explanation}: {forms}", "of_xgboost": False})


def _choice(choices: tuple[str, ...], explanation: str) -> Any:
    return field(metadata={"choices": choices, "help": explanation, "of_xgboost": False})


@dataclass(frozen=True)
class Hyperparameters:
    """Those of [training] in config/base.toml, where each has its value: there is no other default."""

    algorithm: str = _text(str, "NAME of algorithm_NAME.py", "what learns")
    rounds: int = _whole(1, 100_000, "boosting rounds at most", of_xgboost=False)
    early_stopping_rounds: int = _whole(
        0, math.inf, "stop after so many rounds without improvement; 0 = never", of_xgboost=False
    )
    learning_rate: float = _real(0, 1, "shrinks each tree", low_excluded=True)
    max_depth: int = _whole(1, 30, "depth of each tree")
    min_child_weight: float = _real(0, math.inf, "least sum of hessians in a leaf")
    subsample: float = _real(0, 1, "share of rows for each tree", low_excluded=True)
    colsample_bytree: float = _real(0, 1, "share of columns for each tree", low_excluded=True)
    reg_lambda: float = _real(0, math.inf, "L2 regularization of leaf values")
    max_bin: int = _whole(2, 65_535, "histogram bins of a numeric column")
    seed: int = _whole(0, 2**31 - 1, "same seed and data, same model")
    imbalance: str = _choice(("none", "weights", "oversample", "undersample"), "what to do about rare classes")
    decision_threshold: str = _text(threshold_rule.parse, threshold_rule.FORMS, "labels of a binary problem")
    calibration: str = _choice(("auto", "none"), "correct probabilities that are measurably off on validation")
    checkpoint_rounds: int = _whole(1, math.inf, "rounds between two checkpoints", of_xgboost=False)
    device: str = _choice(("auto", "cpu", "cuda"), "auto takes the GPU where one is usable")

    def for_xgboost(self, problem: str, classes: int) -> dict[str, Any]:
        parameters = {each.name: getattr(self, each.name) for each in fields(self) if each.metadata["of_xgboost"]}
        parameters |= {"objective": OBJECTIVES[problem], "eval_metric": METRICS[problem], "tree_method": "hist"}
        return parameters | ({"num_class": classes} if problem == "multiclass" else {})


def add_flags(command: argparse.ArgumentParser) -> None:
    for parameter in fields(Hyperparameters):
        limits, parse = parameter.metadata.get("range"), parameter.metadata.get("parse")
        explanation = f"{parameter.metadata['help']}{f' ({limits})' if limits else ''}"
        command.add_argument(
            f"--{parameter.name.replace('_', '-')}",
            required=True,
            type=limits.parse if limits else _checked(parse) if parse else str,
            choices=parameter.metadata.get("choices"),
            metavar=None if limits is None else "N",
            help=explanation,
        )


def _checked(parse: Callable[[str], Any]) -> Callable[[str], str]:
    def check(text: str) -> str:
        parse(text)
        return text

    return check


def collect(options: argparse.Namespace) -> Hyperparameters:
    return Hyperparameters(
        **{parameter.name: getattr(options, parameter.name) for parameter in fields(Hyperparameters)}
    )
