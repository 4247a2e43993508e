"""CI, DPL and DPPL as Clarify defines them: each group against all other rows."""

import numpy as np
import pytest

from facets import count_labels, differences, imbalances

RANDOM = np.random.default_rng(3)
GROUPS = RANDOM.choice(4, 500, p=[0.6, 0.25, 0.1, 0.05]) - 1  # -1: missing
CLASSES = {"binary": ("no", "yes"), "multiclass": ("red", "green", "blue")}


def by_definition(groups, group, positive):
    """With boolean masks, row by row."""
    sensitive = groups == group
    n_a, n_d = (~sensitive).sum(), sensitive.sum()
    q_a, q_d = (positive & ~sensitive).sum() / n_a, (positive & sensitive).sum() / n_d
    return (n_a - n_d) / (n_a + n_d), q_a - q_d


@pytest.mark.parametrize("problem", CLASSES)
def test_each_group_is_compared_with_all_other_rows(problem):
    classes = CLASSES[problem]
    labels = RANDOM.integers(0, len(classes), len(GROUPS))
    counts = count_labels(GROUPS, labels, (3, len(classes)))
    assert counts.sum() == 500
    shown = classes[1:] if problem == "binary" else classes
    for group, (ci, dpl) in enumerate(zip(imbalances(counts), differences(counts, classes), strict=True)):
        assert tuple(dpl) == shown
        for name, value in dpl.items():
            expected = by_definition(GROUPS, group, labels == classes.index(name))
            assert (ci, value) == pytest.approx(expected, abs=1e-6)


def test_small_groups_are_near_one_and_large_ones_negative():
    counts = np.array([[90, 0], [5, 5], [0, 0]])
    assert imbalances(counts) == [-0.8, 0.8]
    assert differences(counts, ("no", "yes")) == [{"yes": 0.5}, {"yes": -0.5}]


def test_a_group_of_all_rows_or_of_none_has_nothing_to_be_compared_with():
    counts = np.array([[3, 4], [0, 0], [0, 0]])
    assert imbalances(counts) == [None, None]
    assert differences(counts, ("no", "yes")) == [{}, {}]


def test_without_labels_only_rows_are_compared():
    counts = count_labels(np.array([0, 0, 1, -1]), np.zeros(4), (2, 1))
    assert imbalances(counts) == [0.0, 0.5]
    assert differences(counts, ()) == [{}, {}]
