import numpy as np
import pytest

from training.imbalance import class_weights, row_weights


def test_every_class_weighs_the_same_and_the_average_row_one():
    counts = np.array([80, 15, 5])
    assert class_weights(counts) * counts == pytest.approx([100 / 3] * 3)


def test_a_class_without_rows_changes_nothing_for_the_others():
    assert list(class_weights(np.array([80, 0, 20]))[[0, 2]]) == list(class_weights(np.array([80, 20])))


LABELS = np.repeat([0, 1, 2], [700, 200, 50]).astype(np.float32)
COUNTS = np.array([700, 200, 50, 0])


@pytest.mark.parametrize(("remedy", "rows"), [("oversample", 700), ("undersample", 50)])
def test_a_sample_has_equally_many_rows_of_each_class(remedy, rows):
    weights = row_weights(LABELS, COUNTS, remedy, seed=7)
    assert [weights[number == LABELS].sum() for number in range(3)] == [rows] * 3
    assert np.array_equal(weights, weights.astype(int))
    assert weights.min() == (1 if remedy == "oversample" else 0)
    assert np.array_equal(weights, row_weights(LABELS, COUNTS, remedy, seed=7))
    assert not np.array_equal(weights, row_weights(LABELS, COUNTS, remedy, seed=8))


def test_weights_are_those_of_the_classes_and_without_a_remedy_there_are_none():
    assert np.array_equal(row_weights(LABELS, COUNTS, "weights", 0), class_weights(COUNTS)[LABELS.astype(int)])
    assert row_weights(LABELS, COUNTS, "none", 0) is None
