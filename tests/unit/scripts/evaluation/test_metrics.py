"""Every metric against scikit-learn, its deviation against resampling, its interval against a truth that is known."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from types import ModuleType

import numpy as np
import pytest

from evaluation.estimates import Estimate, paired, spread
from evaluation.label_metrics import best_constant
from evaluation.metrics import ALL, MAXIMIZE, SHOWN, estimates, shortfall
from evaluation.outcomes import Outcome


def binary(rows: int, seed: int, rate: float = 0.3, distance: float = 1.2, decimals: int = 2) -> Outcome:
    """Scores of two normal classes, rounded so that there are ties; AUC is Φ(distance / √2)."""
    random = np.random.default_rng(seed)
    target = (random.random(rows) < rate).astype(np.int64)
    odds = np.log(rate / (1 - rate)) + distance * (random.normal(size=rows) + distance * target - distance / 2)
    positive = np.round(1 / (1 + np.exp(-odds)), decimals).astype(np.float32)
    probabilities = np.column_stack([1 - positive, positive])
    return Outcome("binary", ("no", "yes"), target, (positive >= 0.4).astype(np.int64), probabilities)


def multiclass(rows: int, seed: int) -> Outcome:
    random = np.random.default_rng(seed)
    target = random.choice(4, rows, p=[0.1, 0.2, 0.3, 0.4])
    scores = random.normal(size=(rows, 4))
    scores[np.arange(rows), target] += 1.5
    probabilities = (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)).astype(np.float32)
    return Outcome("multiclass", ("a", "b", "c", "d"), target, probabilities.argmax(axis=1), probabilities)


def regression(rows: int, seed: int) -> Outcome:
    random = np.random.default_rng(seed)
    target = random.normal(10, 5, rows)
    return Outcome("regression", (), target, target + random.normal(0, 2, rows), np.empty((rows, 0), np.float32))


MAKERS: list[Callable[[int, int], Outcome]] = [binary, multiclass, regression]


def values(outcome: Outcome) -> dict[str, float]:
    return {name: estimate.value for name, estimate in estimates(outcome).items()}


def test_binary_metrics_are_those_of_scikit_learn(reference: ModuleType) -> None:
    outcome = binary(500, seed=1)
    target, predicted, positive = outcome.target, outcome.predicted, outcome.probabilities[:, 1]
    expected = {
        "auc": reference.roc_auc_score(target, positive),
        "pr_auc": reference.average_precision_score(target, positive),
        "accuracy": reference.accuracy_score(target, predicted),
        "precision": reference.precision_score(target, predicted),
        "recall": reference.recall_score(target, predicted),
        "f1": reference.f1_score(target, predicted),
        "f0_5": reference.fbeta_score(target, predicted, beta=0.5),
        "f2": reference.fbeta_score(target, predicted, beta=2),
        "log_loss": reference.log_loss(target, positive.astype(float)),
        "brier": reference.brier_score_loss(target, positive),
        "true_positive_rate": reference.recall_score(target, predicted),
        "true_negative_rate": reference.recall_score(target, predicted, pos_label=0),
        "false_positive_rate": 1 - reference.recall_score(target, predicted, pos_label=0),
        "false_negative_rate": 1 - reference.recall_score(target, predicted),
    }
    assert values(outcome) == pytest.approx(expected, abs=2e-6)


def test_multiclass_metrics_are_those_of_scikit_learn(reference: ModuleType) -> None:
    outcome = multiclass(500, seed=1)
    target, predicted = outcome.target, outcome.predicted
    weighted = {"average": "weighted"}
    expected = {
        "accuracy": reference.accuracy_score(target, predicted),
        "weighted_precision": reference.precision_score(target, predicted, **weighted),
        "weighted_recall": reference.recall_score(target, predicted, **weighted),
        "weighted_f1": reference.f1_score(target, predicted, **weighted),
        "weighted_f0_5": reference.fbeta_score(target, predicted, beta=0.5, **weighted),
        "weighted_f2": reference.fbeta_score(target, predicted, beta=2, **weighted),
        "macro_f1": reference.f1_score(target, predicted, average="macro"),
        "log_loss": -np.log(outcome.probabilities[np.arange(500), target].astype(float)).mean(),
    }
    assert values(outcome) == pytest.approx(expected, abs=2e-6)


def test_regression_metrics_are_those_of_scikit_learn(reference: ModuleType) -> None:
    outcome = regression(500, seed=1)
    expected = {
        "rmse": reference.root_mean_squared_error(outcome.target, outcome.predicted),
        "mae": reference.mean_absolute_error(outcome.target, outcome.predicted),
        "mse": reference.mean_squared_error(outcome.target, outcome.predicted),
        "r2": reference.r2_score(outcome.target, outcome.predicted),
    }
    assert values(outcome) == pytest.approx(expected)


def test_by_hand() -> None:
    """2 of 3 positives found, 1 of 5 negatives called positive."""
    target = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    positive = np.array([0.9, 0.8, 0.2, 0.7, 0.3, 0.1, 0.1, 0.2], np.float32)
    outcome = Outcome(
        "binary", ("no", "yes"), target, (positive >= 0.5).astype(np.int64), np.column_stack([1 - positive, positive])
    )
    found = values(outcome)
    assert outcome.confusion.tolist() == [[4, 1], [1, 2]]
    assert found["precision"] == pytest.approx(2 / 3)
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["accuracy"] == pytest.approx(6 / 8)
    assert found["auc"] == pytest.approx((5 + 5 + 2.5) / 15)  # the third positive beats two negatives and ties with one


def test_by_hand_of_three_classes() -> None:
    """Of 2, 1 and 1 rows; one of the first is called the second."""
    target, predicted = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])
    probabilities = np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], np.float32)
    found = values(Outcome("multiclass", ("a", "b", "c"), target, predicted, probabilities))
    assert found["accuracy"] == found["weighted_recall"] == pytest.approx(3 / 4)
    assert found["weighted_precision"] == pytest.approx((2 * 1 + 1 / 2 + 1) / 4)
    assert found["weighted_f1"] == pytest.approx((2 * 2 / 3 + 2 / 3 + 1) / 4)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert found["log_loss"] == pytest.approx(-(3 * np.log(0.8) + np.log(0.2)) / 4, rel=1e-6)


def test_by_hand_of_numbers() -> None:
    """Errors of 1, 1 and 2; the targets are 1, 0 and 1 away from their mean."""
    outcome = Outcome("regression", (), np.array([1.0, 2, 3]), np.array([2.0, 1, 5]), np.empty((3, 0), np.float32))
    found = values(outcome)
    assert found == pytest.approx({"mse": 2, "rmse": 2**0.5, "mae": 4 / 3, "r2": 1 - 6 / 2})


def test_constant_answers(reference: ModuleType) -> None:
    """Beside each metric stands the best that always answering the same reaches."""
    outcome = binary(1000, seed=2)
    rate = outcome.target.mean()
    baselines = {name: estimate.baseline for name, estimate in estimates(outcome).items()}
    ones, zeros = np.ones_like(outcome.target), np.zeros_like(outcome.target)
    assert baselines["accuracy"] == pytest.approx(max(rate, 1 - rate))
    assert baselines["f1"] == pytest.approx(reference.f1_score(outcome.target, ones))
    assert baselines["recall"] == 1.0
    assert baselines["false_positive_rate"] == 0.0
    assert baselines["pr_auc"] == pytest.approx(rate)
    assert baselines["brier"] == pytest.approx(reference.brier_score_loss(outcome.target, np.full(1000, rate)))
    assert baselines["log_loss"] == pytest.approx(reference.log_loss(outcome.target, np.full(1000, rate)))
    assert baselines["true_negative_rate"] == reference.recall_score(outcome.target, zeros, pos_label=0)

    classes = multiclass(1000, seed=2)
    most = np.full(1000, np.bincount(classes.target).argmax())
    found = estimates(classes)
    assert found["weighted_f1"].baseline == pytest.approx(reference.f1_score(classes.target, most, average="weighted"))
    # all four classes occur, so the constant's macro F1 is an average over four
    assert found["macro_f1"].baseline == pytest.approx(reference.f1_score(classes.target, most, average="macro"))

    numbers = estimates(regression(1000, seed=2))
    assert numbers["r2"].baseline == 0
    assert numbers["rmse"].baseline == pytest.approx(np.std(regression(1000, seed=2).target))


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS)
def test_deviations_are_those_of_resampling(make: Callable[[int, int], Outcome]) -> None:
    outcome = make(300, 3)
    random = np.random.default_rng(0)
    resampled = [values(outcome.take(random.integers(0, 300, 300))) for _ in range(300)]
    for name, estimate in estimates(outcome).items():
        spread = np.std([found[name] for found in resampled])
        assert estimate.standard_deviation == pytest.approx(spread, rel=0.15), name


def another(outcome: Outcome, seed: int) -> Outcome:
    """A similar model on the same rows: most of its answers are the first one's."""
    random = np.random.default_rng(seed)
    changed = random.random(len(outcome)) < 0.3
    order = np.where(changed, random.permutation(len(outcome)), np.arange(len(outcome)))
    probabilities = outcome.probabilities[order]
    return Outcome(outcome.problem, outcome.classes, outcome.target, outcome.predicted[order], probabilities)


@pytest.mark.parametrize("make", MAKERS)
def test_the_influences_of_rows_have_the_deviation_as_their_spread(make: Callable[[int, int], Outcome]) -> None:
    for name, estimate in estimates(make(300, 3)).items():
        assert estimate.influences is not None
        assert spread(estimate.influences()) == pytest.approx(estimate.standard_deviation, rel=0.01), name
        assert np.mean(estimate.influences()) == pytest.approx(0, abs=1e-5), name


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS)
def test_deviations_of_paired_differences_are_those_of_resampling(make: Callable[[int, int], Outcome]) -> None:
    one = make(300, 3)
    other = another(one, 4)
    random = np.random.default_rng(0)
    samples = [random.integers(0, 300, 300) for _ in range(300)]
    pairs = [(values(one.take(rows)), values(other.take(rows))) for rows in samples]
    first, second = estimates(one), estimates(other)
    for name, estimate in first.items():
        difference = paired(estimate, second[name])
        assert difference.value == pytest.approx(estimate.value - second[name].value)
        resampled = np.std([mine[name] - its[name] for mine, its in pairs])
        assert difference.standard_deviation == pytest.approx(resampled, rel=0.15), name


def test_a_paired_interval_is_narrower_than_those_of_its_two_metrics() -> None:
    one = binary(2000, 3, decimals=6)
    noise = np.random.default_rng(5).normal(0, 0.02, 2000).astype(np.float32)
    scores = np.clip(one.probabilities[:, 1] + noise, 0, 1)
    other = Outcome("binary", one.classes, one.target, one.predicted, np.column_stack([1 - scores, scores]))
    first, second = (estimates(outcome)["auc"] for outcome in (one, other))
    assert paired(first, second).standard_deviation < first.standard_deviation / 5


def test_the_shares_of_classes_add_to_the_deviation() -> None:
    """Weighted recall is accuracy by another way, so it is as uncertain."""
    found = estimates(multiclass(300, 3))
    accuracy, recall = found["accuracy"], found["weighted_recall"]
    assert recall.value == pytest.approx(accuracy.value)
    assert recall.standard_deviation == pytest.approx(accuracy.standard_deviation)


KNOWN: dict[str, tuple[Callable[[int], Outcome], float]] = {  # true values of the makers' distributions
    "auc": (lambda seed: binary(250, seed, decimals=6), NormalDist().cdf(1.2 / 2**0.5)),
    "rmse": (lambda seed: regression(250, seed), 2.0),
    "mae": (lambda seed: regression(250, seed), 2 * (2 / np.pi) ** 0.5),
    "r2": (lambda seed: regression(250, seed), 1 - 4 / 25),
    "accuracy": (lambda seed: coin(60, seed, 0.97), 0.97),
    "recall": (lambda seed: coin(60, seed, 0.97), 0.97),
}


def coin(rows: int, seed: int, right: float) -> Outcome:
    """Labels that are right with a known chance; few rows near the border, where simple intervals fail."""
    random = np.random.default_rng(seed)
    target = np.arange(rows) % 2
    predicted = np.where(random.random(rows) < right, target, 1 - target)
    return Outcome("binary", ("no", "yes"), target, predicted, np.full((rows, 2), 0.5, np.float32))


@pytest.mark.parametrize("name", KNOWN)
def test_nineteen_of_twenty_intervals_hold_the_truth(name: str) -> None:
    make, truth = KNOWN[name]
    held = []
    for seed in range(400):
        outcome = make(seed)
        estimate = ALL[outcome.problem][name].estimate(outcome)
        assert estimate is not None
        low, high = estimate.interval()
        held.append(low <= truth <= high)
    widest = 0.995 if name == "recall" else 0.985  # of few rows that are counted no interval holds just 95 of 100
    assert 0.92 <= np.mean(held) <= widest


@pytest.mark.parametrize("right", [0.5, 0.8, 0.95, 0.98])
@pytest.mark.parametrize("positives", [5, 10, 20])
def test_with_few_positives_recall_holds_it_too(positives: int, right: float) -> None:
    """Without half a row's correction: 78 of 100 intervals at worst."""
    random, held = np.random.default_rng(positives), []
    target = np.arange(200) < positives
    for _ in range(400):
        predicted = (target & (random.random(200) < right)).astype(np.int64)
        outcome = Outcome("binary", ("no", "yes"), target.astype(np.int64), predicted, np.zeros((200, 2), np.float32))
        estimate = ALL["binary"]["recall"].estimate(outcome)
        assert estimate is not None
        low, high = estimate.interval()
        held.append(low <= right <= high)
    assert np.mean(held) >= 0.93


@pytest.mark.parametrize("name", ["auc", "pr_auc"])
@pytest.mark.parametrize("distance", [1.0, 3.0])
@pytest.mark.parametrize("positives", [5, 10, 20])
def test_with_few_positives_they_hold_it_too(positives: int, distance: float, name: str) -> None:
    """Without what is assumed beside the influences: 72 to 91 of 100 intervals of AUC, 78 to 94 of PR-AUC."""
    measure = ALL["binary"][name].estimate
    truth = measure(binary(1_000_000, 0, 0.01, distance, 6))
    assert truth is not None
    held = []
    for seed in range(1, 401):
        if estimate := measure(binary(100 * positives, seed, 0.01, distance, 6)):
            low, high = estimate.interval()
            held.append(low <= truth.value <= high)
    assert np.mean(held) >= 0.92


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("rows", [30, 3000])
def test_intervals_hold_the_value_and_stay_possible(make: Callable[[int, int], Outcome], rows: int) -> None:
    for name, estimate in estimates(make(rows, 4)).items():
        low, high = estimate.interval()
        assert low < estimate.value < high, name
        assert {"share": low >= 0 and high <= 1, "loss": low > 0, "r2": high < 1}[estimate.kind], name
        wider = estimate.interval(0.999)
        assert wider[0] <= low and wider[1] >= high


def test_more_rows_make_narrower_intervals() -> None:
    few, many = estimates(binary(200, 5)), estimates(binary(20_000, 5))
    for name, estimate in few.items():
        width, narrower = (high - low for low, high in (estimate.interval(), many[name].interval()))
        assert narrower < width / 4, name


def test_perfection_on_few_rows_is_not_certainty() -> None:
    target = np.array([0, 1] * 5)
    probabilities = np.column_stack([1 - target, target]).astype(np.float32)
    found = estimates(Outcome("binary", ("no", "yes"), target, target, probabilities))
    for name in ("auc", "accuracy", "precision", "recall", "f1"):
        assert found[name].value == 1.0
        assert 0.45 < found[name].interval()[0] < 0.8, name  # of 5 rows: 0.478 by the exact interval


def test_one_class_leaves_ranking_undefined_and_the_rest_defined() -> None:
    outcome = binary(100, 6)
    negatives = estimates(outcome.take(outcome.target == 0))
    assert not {"auc", "pr_auc", "recall", "precision", "f1", "true_positive_rate"} & set(negatives)
    assert {"accuracy", "log_loss", "brier", "true_negative_rate"} <= set(negatives)


def test_a_target_that_never_varies_has_no_r2() -> None:
    flat = Outcome("regression", (), np.full(9, 3.0), np.arange(9.0), np.empty((9, 0), np.float32))
    assert set(estimates(flat)) == {"rmse", "mae", "mse"}


def test_a_class_that_never_occurs_does_not_count_in_macro_f1() -> None:
    outcome = multiclass(300, 7)
    wider = Outcome(
        "multiclass",
        (*outcome.classes, "never"),
        outcome.target,
        outcome.predicted,
        np.column_stack([outcome.probabilities, np.zeros(300, np.float32)]),
    )
    assert values(wider) == pytest.approx(values(outcome))


def test_never_predicting_the_positive_class_has_precision_zero() -> None:
    outcome = binary(100, 8)
    never = Outcome("binary", outcome.classes, outcome.target, np.zeros(100, np.int64), outcome.probabilities)
    assert values(never)["precision"] == values(never)["f1"] == 0.0
    assert estimates(never)["recall"].interval()[0] == 0.0


def test_shortfall_is_positive_when_worse() -> None:
    assert shortfall(MAXIMIZE, 0.8, 0.9) == pytest.approx(0.1)
    assert shortfall("minimize", 0.8, 0.9) == pytest.approx(-0.1)


def test_the_gate_may_use_every_agreed_name() -> None:
    agreed = {
        "binary": "auc pr_auc accuracy precision recall f1 log_loss brier",
        "multiclass": "accuracy weighted_precision weighted_recall weighted_f1 macro_f1 log_loss",
        "regression": "rmse mae mse r2",
    }
    assert {problem: set(measures) for problem, measures in SHOWN.items()} == {
        problem: set(names.split()) for problem, names in agreed.items()
    }
    smaller_is_better = {"log_loss", "brier", "rmse", "mae", "mse"}
    for measures in SHOWN.values():
        for name, measure in measures.items():
            assert measure.direction == ("minimize" if name in smaller_is_better else "maximize")


def test_a_share_a_hair_above_one_has_an_interval() -> None:
    assert Estimate(1 + 2e-16, 1e-17, 100).interval()[1] == 1.0


def test_json_form() -> None:
    content = Estimate(0.9, 0.03, 100, baseline=0.5).as_json()
    assert list(content) == ["value", "standard_deviation", "confidence_interval", "baseline"]
    assert "baseline" not in Estimate(0.9, 0.03, 100).as_json()


def test_the_best_constant_is_the_better_of_the_two_largest_classes() -> None:
    outcome = binary(200, 9, rate=0.8)
    accuracy = best_constant(outcome, lambda cells: Estimate(float(np.trace(cells) / cells.sum()), 0, 1))
    assert accuracy.value == pytest.approx(outcome.target.mean())
