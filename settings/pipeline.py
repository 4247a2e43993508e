"""The sections of the pipeline that builds a model: data, problem, jobs, quality gate, and the pipeline itself.

Every value is in ``config/base.toml`` with its meaning; its type and limits are here. Limits without a stated reason
are SageMaker's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainSerializer

from settings.aws_names import InstanceType, KmsKeyArn, S3Uri
from settings.fields import (
    Applies,
    ColumnName,
    Columns,
    Delimiter,
    OptionalColumn,
    Part,
    Section,
    Text,
    Texts,
    matching,
)

DAY = 24 * 3600
VOLUME = "a SageMaker job has one volume of at most 16 TiB"


OTHERS = "*"  # in data.private: columns that it does not name and that look private
FOR_OTHERS, ACTIONS = ("report", "refuse", "drop"), ("drop", "hash", "mask", "keep")


def _fitting_actions(private: Mapping[str, str]) -> Mapping[str, str]:
    for name, action in private.items():
        fitting = FOR_OTHERS if name == OTHERS else ACTIONS
        if action not in fitting:
            raise ValueError(f'must have {", ".join(fitting[:-1])} or {fitting[-1]} for "{name}"')
    return MappingProxyType(private)


PrivateColumns = Annotated[Mapping[ColumnName, str], AfterValidator(_fitting_actions), PlainSerializer(dict)]


_NUMBER, _SHARE = r"\d+(?:\.\d+)?", r"0\.\d*[1-9]\d*"
DecisionThreshold = Annotated[
    str,
    matching(
        f"{_SHARE}|f{_NUMBER}|precision (?:{_SHARE}|1)|costs {_NUMBER}:{_NUMBER}",
        'be a number between 0 and 1 such as "0.5", or "f1", "f2", "precision 0.9", "costs 1:20"',
    ),
]


class Data(Section):
    uri: S3Uri
    kms_key_arn: KmsKeyArn
    target: ColumnName
    format: Literal["auto", "csv", "parquet"]
    delimiter: Delimiter
    decimal: Literal["auto", ".", ","]
    dates: Literal["auto", "day-first", "month-first"]
    missing: Texts
    key: Columns
    ignore: Columns
    categorical: Columns
    numeric: Columns
    facets: Columns
    private: PrivateColumns
    event_time: Annotated[OptionalColumn, Applies({"data.split": "time", "data.event_time": "signup"})]
    weight: OptionalColumn
    split: Annotated[Literal["key", "time", "stratified"], Applies({"data.event_time": "signup"})]
    validation_fraction: Part
    test_fraction: Part
    max_rejected_fraction: float = Field(ge=0, lt=1, description="it is a fraction of the rows: 0.01 is 1 %")
    rare_level_rows: int = Field(ge=1)
    max_levels: int = Field(
        ge=2, le=10_000, description="a column of more levels is an identifier: put it in data.ignore"
    )


class Problem(Section):
    type: Annotated[
        Literal["binary", "multiclass", "regression"],
        Applies({"problem.positive": "", "quality_gate.metric": "accuracy"}),
    ]
    positive: Text


class Processing(Section):
    instance_type: InstanceType
    volume_gb: int = Field(ge=1, le=16_384, description=VOLUME)
    max_runtime_seconds: int = Field(ge=1, le=9 * DAY, description="SageMaker stops a processing job after 9 days")


class Hyperparameters(Section):
    """Each is a flag of scripts/train.py, checked by scripts/training/hyperparameters.py."""

    algorithm: Annotated[str, matching(r"[a-z][a-z0-9_]*", "be the NAME of a scripts/algorithm_NAME.py")]
    rounds: int = Field(ge=1, le=100_000)
    early_stopping_rounds: int = Field(ge=0, description="0 trains all rounds")
    learning_rate: float = Field(gt=0, le=1)
    max_depth: int = Field(ge=1, le=30, description="deeper trees only memorize single rows")
    min_child_weight: float = Field(ge=0)
    subsample: float = Field(gt=0, le=1, description="1 uses all rows in every round")
    colsample_bytree: float = Field(gt=0, le=1, description="1 uses all columns in every tree")
    reg_lambda: float = Field(ge=0)
    max_bin: int = Field(ge=2, le=65_535)
    seed: int = Field(ge=0, lt=2**31)
    imbalance: Literal["none", "weights", "oversample", "undersample"]
    decision_threshold: DecisionThreshold
    calibration: Literal["auto", "none"]
    checkpoint_rounds: int = Field(ge=1)
    device: Literal["auto", "cpu", "cuda"]


class Training(Hyperparameters):
    instance_type: InstanceType
    volume_gb: int = Field(ge=1, le=16_384, description=VOLUME)
    max_runtime_seconds: int = Field(ge=1, le=28 * DAY, description="SageMaker stops a training job after 28 days")
    spot: bool
    max_wait_seconds: Annotated[int, Applies({"training.spot": True})] = Field(
        ge=1, le=28 * DAY, description="waiting and running together end after 28 days"
    )


class QualityGate(Section):
    metric: str  # one of those that fit the problem: metrics.py
    threshold: float
    champion_tolerance: float = Field(ge=0, description="it is how much worse than the champion a new model may be")
    champion_unscorable: Literal["pass", "fail"]


class Pipeline(Section):
    cache_days: int = Field(ge=0, le=365, description="0 runs every step every time")
