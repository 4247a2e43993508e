"""Conflicts between settings of the pipeline that builds a model. A rule yields conflicts; it may read any setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from settings import metrics
from settings.conflict import Conflict, Rule, conflict
from settings.model import Settings

MOST_TEXTS = 50  # a processing job takes 100 arguments; preprocess needs the rest for its options
GPU = re.compile(r"ml\.(p|gr?)\d")
PROTECTING = ("hash", "mask")
ROLES = ("ignore", "categorical", "numeric")
# By role: what data.private cannot do to such a column.
IMPOSSIBLE = {"categorical": ("drop",), "numeric": (*PROTECTING, "drop"), "ignore": PROTECTING}
IMPOSSIBLE |= {"facets": ("mask", "drop")}


def split_leaves_training_rows(s: Settings) -> Iterator[Conflict]:
    total = s.data.validation_fraction + s.data.test_fraction
    if total >= 1:
        remedy = f"together they take {total:g} of the rows and must leave some to train on: 0.2 and 0.2 are usual"
        yield conflict(remedy, "data.validation_fraction", "data.test_fraction")


def target_is_no_feature(s: Settings) -> Iterator[Conflict]:
    for role in ("key", *ROLES, "facets"):
        if s.data.target in getattr(s.data, role):
            yield conflict(
                "the target is what the model predicts; name it in data.target only", f"data.{role}", "data.target"
            )


def rows_have_a_time_and_a_weight_of_their_own(s: Settings) -> Iterator[Conflict]:
    for one in ("event_time", "weight"):
        name = getattr(s.data, one)
        if name and name == s.data.target:
            yield conflict("the target is what the model predicts; name another column", f"data.{one}", "data.target")
        for role in ("categorical", "numeric", "facets", *(("ignore", "key") if one == "weight" else ())):
            if name and name in getattr(s.data, role):
                yield conflict(f"a column has one role; keep {name} in one of them", f"data.{one}", f"data.{role}")
        if name and s.data.private.get(name, "keep") != "keep":
            yield conflict(f"take {name} out of one of them: it is read as it is", f"data.{one}", "data.private")
    if s.data.weight and s.data.weight == s.data.event_time:
        yield conflict("a column has one role; they must be two columns", "data.weight", "data.event_time")


def split_fits_the_data(s: Settings) -> Iterator[Conflict]:
    if s.data.split == "time" and not s.data.event_time:
        yield conflict("name the column that says when each row happened", "data.split", "data.event_time")
    if s.data.split == "stratified" and s.problem.type == "regression":
        yield conflict('a regression has no classes; set it to "key" or "time"', "data.split", "problem.type")


def column_has_one_role(s: Settings) -> Iterator[Conflict]:
    for one, other in (*combinations(ROLES, 2), ("ignore", "facets"), ("numeric", "facets")):
        both = [name for name in getattr(s.data, one) if name in getattr(s.data, other)]
        if both:
            remedy = f"a column has one role; keep {', '.join(both)} in one of the two lists"
            yield conflict(remedy, f"data.{one}", f"data.{other}")


def private_columns_have_no_other_role(s: Settings) -> Iterator[Conflict]:
    for role, actions in IMPOSSIBLE.items():
        both = [name for name in getattr(s.data, role) if s.data.private.get(name) in actions]
        if both:
            remedy = f"take {', '.join(both)} out of one of them: a column has one role"
            yield conflict(remedy, f"data.{role}", "data.private")
    if s.data.private.get(s.data.target, "keep") != "keep":
        yield conflict("the target is stored with every row; take it out", "data.private", "data.target")


def captured_requests_hold_no_private_values(s: Settings) -> Iterator[Conflict]:
    """SageMaker captures requests as clients send them, before the model hashes anything."""
    sent = [name for name, action in s.data.private.items() if action in PROTECTING]
    if sent and s.serving.kind != "batch" and s.serving.data_capture_percent:
        remedy = (
            f"requests with the values of {', '.join(sent)} would be stored; set the percent to 0, or drop the columns"
        )
        yield conflict(remedy, "serving.data_capture_percent", "data.private")


def names_fit_the_job(s: Settings) -> Iterator[Conflict]:
    lists = ("missing", "key", *ROLES, "facets", "private")
    total = sum(len(getattr(s.data, name)) for name in lists)
    if total > MOST_TEXTS:
        remedy = (
            f"together they have {total} entries and may have {MOST_TEXTS}: they are passed as arguments of one job; "
            "leave out what preprocess finds by itself, or drop the columns from the data"
        )
        yield conflict(remedy, *(f"data.{name}" for name in lists if getattr(s.data, name)))


def positive_label_is_of_a_binary_problem(s: Settings) -> Iterator[Conflict]:
    if s.problem.positive and s.problem.type != "binary":
        yield conflict('only a binary problem has a positive label; set it to ""', "problem.positive", "problem.type")


def metric_fits_the_problem(s: Settings) -> Iterator[Conflict]:
    known = metrics.METRICS[s.problem.type]
    if s.quality_gate.metric not in known:
        remedy = f"a {s.problem.type} problem is judged by one of {', '.join(known)}"
        yield conflict(remedy, "quality_gate.metric", "problem.type")


def threshold_is_in_the_metric_s_range(s: Settings) -> Iterator[Conflict]:
    bounds = metrics.METRICS[s.problem.type].get(s.quality_gate.metric)
    if bounds and not bounds[0] <= s.quality_gate.threshold <= bounds[1]:
        remedy = f"{s.quality_gate.metric} is {metrics.describe(bounds)}; set the threshold in that range"
        yield conflict(remedy, "quality_gate.threshold", "quality_gate.metric")


def tolerance_can_refuse(s: Settings) -> Iterator[Conflict]:
    bounds = metrics.METRICS[s.problem.type].get(s.quality_gate.metric)
    if bounds == metrics.ZERO_TO_ONE and s.quality_gate.champion_tolerance >= 1:
        remedy = f"{s.quality_gate.metric} is {metrics.describe(bounds)}, so this has no effect; 0.01 is one percent"
        yield conflict(remedy, "quality_gate.champion_tolerance", "quality_gate.metric")


def weights_need_classes(s: Settings) -> Iterator[Conflict]:
    if s.training.imbalance != "none" and s.problem.type == "regression":
        yield conflict('a regression has no classes; set it to "none"', "training.imbalance", "problem.type")


def cuda_needs_a_gpu(s: Settings) -> Iterator[Conflict]:
    if s.training.device == "cuda" and not GPU.match(s.training.instance_type):
        remedy = 'this instance has no GPU; take one such as "ml.g5.xlarge", or set training.device to "auto"'
        yield conflict(remedy, "training.device", "training.instance_type")


def spot_waits_and_runs(s: Settings) -> Iterator[Conflict]:
    if s.training.spot and s.training.max_wait_seconds < s.training.max_runtime_seconds:
        remedy = "waiting for spot capacity includes the run; set max_wait_seconds to max_runtime_seconds or more"
        yield conflict(remedy, "training.max_wait_seconds", "training.max_runtime_seconds", "training.spot")


RULES: tuple[Rule, ...] = (
    split_leaves_training_rows,
    target_is_no_feature,
    rows_have_a_time_and_a_weight_of_their_own,
    split_fits_the_data,
    column_has_one_role,
    private_columns_have_no_other_role,
    captured_requests_hold_no_private_values,
    names_fit_the_job,
    positive_label_is_of_a_binary_problem,
    metric_fits_the_problem,
    threshold_is_in_the_metric_s_range,
    tolerance_can_refuse,
    weights_need_classes,
    cuda_needs_a_gpu,
    spot_waits_and_runs,
)
