"""What is impossible together while a model is made. A rule yields what it finds; it may read any setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from settings import metrics
from settings.conflict import Clash, Rule, clash
from settings.model import Settings

MOST_TEXTS = 50  # a processing job takes 100 arguments; preprocess needs the rest for its options
GPU = re.compile(r"ml\.(p|gr?)\d")
ROLES = ("ignore", "categorical", "numeric")


def split_leaves_training_rows(s: Settings) -> Iterator[Clash]:
    total = s.data.validation_fraction + s.data.test_fraction
    if total >= 1:
        remedy = f"together they take {total:g} of the rows and must leave some to train on: 0.2 and 0.2 are usual"
        yield clash(remedy, "data.validation_fraction", "data.test_fraction")


def target_is_no_feature(s: Settings) -> Iterator[Clash]:
    for role in ("key", *ROLES):
        if s.data.target in getattr(s.data, role):
            yield clash(
                "the target is what the model predicts; name it in data.target only", f"data.{role}", "data.target"
            )


def column_has_one_role(s: Settings) -> Iterator[Clash]:
    for one, other in combinations(ROLES, 2):
        both = [name for name in getattr(s.data, one) if name in getattr(s.data, other)]
        if both:
            remedy = f"a column has one role; keep {', '.join(both)} in one of the two lists"
            yield clash(remedy, f"data.{one}", f"data.{other}")


def names_fit_the_job(s: Settings) -> Iterator[Clash]:
    lists = ("missing", "key", *ROLES)
    total = sum(len(getattr(s.data, name)) for name in lists)
    if total > MOST_TEXTS:
        remedy = (
            f"together they have {total} entries and may have {MOST_TEXTS}: they travel as arguments of one job; "
            "leave out what preprocess finds by itself, or drop the columns from the data"
        )
        yield clash(remedy, *(f"data.{name}" for name in lists if getattr(s.data, name)))


def positive_label_is_of_a_binary_problem(s: Settings) -> Iterator[Clash]:
    if s.problem.positive and s.problem.type != "binary":
        yield clash('only a binary problem has a positive label; set it to ""', "problem.positive", "problem.type")


def metric_fits_the_problem(s: Settings) -> Iterator[Clash]:
    known = metrics.METRICS[s.problem.type]
    if s.quality_gate.metric not in known:
        remedy = f"a {s.problem.type} problem is judged by one of {', '.join(known)}"
        yield clash(remedy, "quality_gate.metric", "problem.type")


def threshold_is_in_the_metric_s_range(s: Settings) -> Iterator[Clash]:
    bounds = metrics.METRICS[s.problem.type].get(s.quality_gate.metric)
    if bounds and not bounds[0] <= s.quality_gate.threshold <= bounds[1]:
        remedy = f"{s.quality_gate.metric} is {metrics.text(bounds)}; set the threshold in that range"
        yield clash(remedy, "quality_gate.threshold", "quality_gate.metric")


def tolerance_can_refuse(s: Settings) -> Iterator[Clash]:
    bounds = metrics.METRICS[s.problem.type].get(s.quality_gate.metric)
    if bounds == metrics.ZERO_TO_ONE and s.quality_gate.champion_tolerance >= 1:
        remedy = (
            f"{s.quality_gate.metric} is {metrics.text(bounds)}, so this refuses nothing: 0.01 allows one point of 100"
        )
        yield clash(remedy, "quality_gate.champion_tolerance", "quality_gate.metric")


def weights_need_classes(s: Settings) -> Iterator[Clash]:
    if s.training.imbalance == "weights" and s.problem.type == "regression":
        yield clash('a regression has no classes to weight; set it to "none"', "training.imbalance", "problem.type")


def cuda_needs_a_gpu(s: Settings) -> Iterator[Clash]:
    if s.training.device == "cuda" and not GPU.match(s.training.instance_type):
        remedy = 'this instance has no GPU; take one such as "ml.g5.xlarge", or set training.device to "auto"'
        yield clash(remedy, "training.device", "training.instance_type")


def spot_waits_and_runs(s: Settings) -> Iterator[Clash]:
    if s.training.spot and s.training.max_wait_seconds < s.training.max_runtime_seconds:
        remedy = "waiting for spot capacity includes the run; set max_wait_seconds to max_runtime_seconds or more"
        yield clash(remedy, "training.max_wait_seconds", "training.max_runtime_seconds", "training.spot")


RULES: tuple[Rule, ...] = (
    split_leaves_training_rows,
    target_is_no_feature,
    column_has_one_role,
    names_fit_the_job,
    positive_label_is_of_a_binary_problem,
    metric_fits_the_problem,
    threshold_is_in_the_metric_s_range,
    tolerance_can_refuse,
    weights_need_classes,
    cuda_needs_a_gpu,
    spot_waits_and_runs,
)
