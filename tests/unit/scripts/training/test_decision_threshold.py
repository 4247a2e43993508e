import numpy as np
import pytest

from training.decision_threshold import choose
from training.threshold_rule import parse


def floats(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def f1_score(labels: np.ndarray, positive: np.ndarray) -> float:
    return 2 * np.sum(positive[labels == 1]) / (np.sum(labels) + np.sum(positive))


@pytest.mark.parametrize("seed", range(20))
def test_no_other_line_between_the_labels_has_a_better_f1(seed):
    random = np.random.default_rng(seed)
    labels = (random.random(60) < 0.3).astype(np.float32)
    labels[0] = 1
    probabilities = np.round(random.random(60) * 0.5 + labels * 0.3, 1).astype(np.float32)  # many equal ones
    chosen = choose(parse("f1"), probabilities, labels)
    scores = {line: f1_score(labels, probabilities >= line) for line in np.unique(probabilities)}
    best = max(scores.values())
    assert chosen == max(line for line, score in scores.items() if score == best)


def test_of_equal_f1_the_highest_line_is_taken():
    assert choose(parse("f1"), floats(0.9, 0.8, 0.7, 0.6), floats(1, 0, 0, 1)) == np.float32(0.9)


def test_float32_and_float64_draw_the_same_line():
    probabilities, labels = floats(0.1, 0.3, 0.7), floats(0, 1, 1)
    line = choose(parse("f1"), probabilities, labels)
    assert list(probabilities >= line) == list(probabilities.astype(np.float64) >= line) == [False, True, True]


def some(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, many of them equal, and labels."""
    random = np.random.default_rng(seed)
    labels = (random.random(80) < 0.2).astype(np.float32)
    labels[0] = 1
    return np.round(random.random(80) * 0.6 + labels * 0.3, 1).astype(np.float32), labels


def counts(line: float, probabilities: np.ndarray, labels: np.ndarray) -> tuple[int, int, int]:
    """True positives, false positives, false negatives."""
    positive = probabilities >= line
    return int((positive * labels).sum()), int((positive * (1 - labels)).sum()), int((~positive * labels).sum())


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("beta", [0.5, 2])
def test_f_beta_is_the_best_of_all_lines(seed, beta):
    probabilities, labels = some(seed)

    def f(line: float) -> float:
        hits, false, missed = counts(line, probabilities, labels)
        return (1 + beta**2) * hits / ((1 + beta**2) * hits + beta**2 * missed + false)

    chosen = choose(parse(f"f{beta:g}"), probabilities, labels)
    assert f(chosen) == pytest.approx(max(map(f, np.unique(probabilities))))


@pytest.mark.parametrize("seed", range(10))
def test_costs_are_the_least_of_all_lines(seed):
    probabilities, labels = some(seed)

    def cost(line: float) -> float:
        _, false, missed = counts(line, probabilities, labels)
        return 1.5 * false + 20 * missed

    chosen = choose(parse("costs 1.5:20"), probabilities, labels)
    assert cost(chosen) == min(map(cost, np.unique(probabilities)))


def test_where_every_line_costs_more_than_none_nothing_is_called_positive():
    probabilities, labels = floats(0.9, 0.8, 0.3), floats(0, 0, 1)
    line = choose(parse("costs 20:1"), probabilities, labels)
    assert not (probabilities >= np.float32(line)).any()
    assert choose(parse("costs 1:20"), probabilities, labels) == np.float32(0.3)


@pytest.mark.parametrize("seed", range(10))
def test_with_a_precision_no_other_line_that_reaches_it_finds_more(seed, capsys):
    probabilities, labels = some(seed)
    chosen = choose(parse("precision 0.6"), probabilities, labels)
    found = {line: counts(line, probabilities, labels) for line in np.unique(probabilities)}
    enough = {line: hits for line, (hits, false, _) in found.items() if hits / (hits + false) >= 0.6}
    if enough:
        assert found[np.float32(chosen)][0] == max(enough.values())
        assert chosen in enough
    else:
        assert "no threshold reaches a precision of 0.6" in capsys.readouterr().out


def test_a_precision_that_nothing_reaches_takes_the_most_precise_line_and_says_so(capsys):
    assert choose(parse("precision 0.9"), floats(0.9, 0.8, 0.7), floats(0, 1, 1)) == np.float32(0.7)
    assert "warning: no threshold reaches a precision of 0.9 on validation: 0.67 at best" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["f1", "f2", "costs 1:3", "precision 0.6"])
def test_a_row_of_weight_three_counts_as_three_rows(text):
    random = np.random.default_rng(2)
    probabilities = random.random(300).round(2).astype(np.float32)
    labels = (random.random(300) < probabilities).astype(np.float32)
    weights = random.integers(0, 4, 300)
    rule, repeated = parse(text), (probabilities.repeat(weights), labels.repeat(weights))
    assert choose(rule, probabilities, labels, weights.astype(np.float32)) == choose(rule, *repeated)
