import numpy as np
import pytest

from training.imbalance import best_f1_threshold, class_weights


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
    chosen = best_f1_threshold(probabilities, labels)
    scores = {line: f1_score(labels, probabilities >= line) for line in np.unique(probabilities)}
    best = max(scores.values())
    assert chosen == max(line for line, score in scores.items() if score == best)


def test_of_equal_f1_the_highest_line_is_taken():
    assert best_f1_threshold(floats(0.9, 0.8, 0.7, 0.6), floats(1, 0, 0, 1)) == np.float32(0.9)  # both lines: F1 = 2/3


def test_float32_and_float64_draw_the_same_line():
    probabilities, labels = floats(0.1, 0.3, 0.7), floats(0, 1, 1)
    line = best_f1_threshold(probabilities, labels)
    assert list(probabilities >= line) == list(probabilities.astype(np.float64) >= line) == [False, True, True]


def test_every_class_weighs_the_same_and_the_average_row_one():
    counts = np.array([80, 15, 5])
    assert class_weights(counts) * counts == pytest.approx([100 / 3] * 3)


def test_a_class_without_rows_changes_nothing_for_the_others():
    assert list(class_weights(np.array([80, 0, 20]))[[0, 2]]) == list(class_weights(np.array([80, 20])))
