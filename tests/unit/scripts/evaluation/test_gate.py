"""The gate's block: the metric, and the comparison with the champion on the same rows."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.champion import Champion
from evaluation.estimates import Estimate
from evaluation.gate import Rules, check_available, check_metric, gate
from evaluation.metrics import estimates
from evaluation.outcomes import Outcome
from failures import UserError

AUC = {"auc": Estimate(0.8, 0.01, 1000, baseline=0.5)}
STRICT = Rules(0.5, 0.0, "fail")


def models(rows: int, noise: float) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
    """A model, and another that is the same but for noise in its values."""
    random = np.random.default_rng(1)
    target = random.normal(10, 5, rows)
    values = target + random.normal(0, 2, rows)
    nothing = np.empty((rows, 0), np.float32)
    return (
        estimates(Outcome("regression", (), target, values, nothing)),
        estimates(Outcome("regression", (), target, values + random.normal(0, noise, rows), nothing)),
    )


def test_without_a_champion_nothing_is_compared() -> None:
    block = gate("auc", "binary", AUC, 1000, None, STRICT)
    assert (block["comparison"], block["champion"], block["shortfall"]) == ("none", None, 0.0)
    assert (block["metric"], block["direction"], block["value"]) == ("auc", "maximize", 0.8)
    assert block["champion_verdict"] == "pass"


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_a_champion_that_cannot_score_the_rows_is_compared_with_nobody(verdict: str) -> None:
    champion = Champion("churn/3", reason='column "city" is missing')
    block = gate("auc", "binary", AUC, 1000, champion, Rules(0.5, 0.01, verdict))
    assert (block["comparison"], block["champion"], block["champion_verdict"]) == ("impossible", None, verdict)
    assert block["champion_reason"].endswith(
        'compared with nobody, as the champion cannot score this test side: column "city" is missing'
    )


@pytest.mark.parametrize(("metric", "sign"), [("rmse", 1), ("r2", -1)])
def test_the_worse_end_of_the_paired_interval_decides(metric: str, sign: int) -> None:
    good, bad = models(2000, noise=1.0)
    block = gate(metric, "regression", bad, 2000, Champion("churn/3", good), STRICT)
    low, high = block["difference_confidence_interval"]
    assert block["difference"] == pytest.approx(bad[metric].value - good[metric].value)
    assert low < block["difference"] < high
    assert block["shortfall"] == pytest.approx(sign * block["difference"])
    assert block["worst_shortfall"] == pytest.approx(high if sign == 1 else -low)
    for tolerance, verdict in ((block["worst_shortfall"] * 0.99, "fail"), (block["worst_shortfall"] * 1.01, "pass")):
        assert block["shortfall"] < tolerance  # by the value alone both would pass
        rules = Rules(0.5, tolerance, "fail")
        assert gate(metric, "regression", bad, 2000, Champion("", good), rules)["champion_verdict"] == verdict


def test_fewer_rows_never_make_it_easier_to_pass() -> None:
    worst = []
    for rows in (100, 1000, 10_000):
        good, bad = models(rows, noise=0.3)
        worst.append(gate("rmse", "regression", bad, rows, Champion("", good), STRICT)["worst_shortfall"])
    assert worst == sorted(worst, reverse=True)


def test_the_same_model_is_no_worse_than_itself() -> None:
    good, _ = models(50, noise=1.0)
    block = gate("rmse", "regression", good, 50, Champion("churn/3", good), STRICT)
    assert (block["worst_shortfall"], block["champion_verdict"], block["rows"]) == (0.0, "pass", 50)
    assert "rmse of 2" in block["champion_reason"] or "rmse of 1" in block["champion_reason"]
    assert "on the same 50 rows it is +0.0000 (95 % interval +0.0000 to +0.0000)" in block["champion_reason"]


@pytest.mark.parametrize(
    ("metric", "value", "threshold", "verdict", "reason"),
    [
        ("auc", 0.85, 0.8, "pass", "auc is 0.8500, and at least 0.8 is needed"),
        ("auc", 0.8, 0.8, "pass", "auc is 0.8000, and at least 0.8 is needed"),
        ("auc", 0.79996, 0.8, "fail", "auc is 0.79996, and at least 0.8 is needed"),
        ("auc", 0.80004, 0.80003, "pass", "auc is 0.80004, and at least 0.80003 is needed"),
        ("log_loss", 0.7, 0.5, "fail", "log_loss is 0.7000, and at most 0.5 is needed"),
        ("log_loss", 0.5, 0.5, "pass", "log_loss is 0.5000, and at most 0.5 is needed"),
    ],
)
def test_the_threshold_is_compared_as_the_pipeline_does(
    metric: str, value: float, threshold: float, verdict: str, reason: str
) -> None:
    block = gate(metric, "binary", {metric: Estimate(value, 0.01, 1000)}, 1000, None, Rules(threshold, 0.0, "fail"))
    assert (block["threshold"], block["threshold_verdict"], block["threshold_reason"]) == (threshold, verdict, reason)


def test_an_unknown_or_undefined_metric_is_refused_with_the_choice() -> None:
    check_metric("auc", "binary")
    check_available("auc", AUC)
    with pytest.raises(UserError, match="set quality_gate.metric to one of rmse, mae, mse, r2"):
        check_metric("auc", "regression")
    with pytest.raises(UserError, match="undefined on this test side.*one of auc"):
        check_available("r2", AUC)
