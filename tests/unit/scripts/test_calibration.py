import numpy as np
import pytest

import calibration
from calibration import Calibration, fit, of_metadata


def true_shares(rows: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of classes, and classes drawn with them."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=(rows, classes)) * 1.5
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return shares, (shares.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1).clip(0, classes - 1)


def distorted(shares: np.ndarray, slope: float, offsets: list[float]) -> np.ndarray:
    scores = slope * np.log(shares) + np.array(offsets)
    return (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)).astype(np.float32)


def loss(shares: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(shares[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize("slope", [0.6, 1.8])
def test_a_distortion_is_taken_back(classes, slope):
    shares, labels = true_shares(20_000, classes, seed=classes)
    off = distorted(shares, slope, [0.3 * number for number in range(classes)])
    found = fit(off, labels)
    assert found.slope == pytest.approx(1 / slope, rel=0.06)
    assert found.offsets == pytest.approx([-0.3 * number / slope for number in range(classes)], abs=0.12)
    others, their_labels = true_shares(20_000, classes, seed=99)
    corrected = found.apply(distorted(others, slope, [0.3 * number for number in range(classes)]))
    assert corrected.dtype == np.float32
    assert loss(corrected, their_labels) == pytest.approx(loss(others, their_labels), abs=0.002)


@pytest.mark.parametrize("classes", [2, 4])
def test_probabilities_that_are_right_are_left_alone(classes):
    found = [
        fit(shares.astype(np.float32), labels)
        for shares, labels in (true_shares(500, classes, seed) for seed in range(200))
    ]
    assert sum(each is not None for each in found) <= 2  # 1 of 1,000


def test_each_row_is_corrected_alone_and_of_two_classes_the_order_stays():
    shares, labels = true_shares(3_000, 2, seed=5)
    positive = distorted(shares, 2.5, [0, 1])[:, 1]
    off = np.column_stack([1 - positive, positive])
    found = fit(off, labels)
    together = found.apply(off)
    assert all(np.array_equal(found.apply(off[row : row + 1])[0], together[row]) for row in range(0, 3_000, 7))
    assert (np.diff(together[np.argsort(off[:, 1]), 1]) >= 0).all()


def test_certain_probabilities_and_classes_without_rows_do_no_harm():
    shares = np.tile(np.array([[1, 0, 0], [0, 1, 0], [0.5, 0.25, 0.25]], np.float32), (100, 1))
    labels = np.tile([0, 1, 1], 100)
    found = fit(shares, labels)
    corrected = (found or Calibration(1, (0, 0, 0))).apply(shares)
    assert np.isfinite(corrected).all()
    assert corrected.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_a_row_of_weight_three_counts_as_three_rows():
    shares, labels = true_shares(4000, 3, seed=6)
    off, weights = distorted(shares, 0.6, [0, 0.3, 0.5]), np.random.default_rng(6).integers(0, 4, 4000)
    weighted, repeated = (
        fit(off, labels, weights.astype(np.float32)),
        fit(off.repeat(weights, axis=0), labels.repeat(weights)),
    )
    assert (weighted.slope, *weighted.offsets) == pytest.approx((repeated.slope, *repeated.offsets), rel=0.01)
    assert fit(off, labels).slope != pytest.approx(weighted.slope, rel=0.001)


def test_many_rows_are_fitted_on_an_even_share(monkeypatch):
    shares, labels = true_shares(20_000, 2, seed=1)
    off = distorted(shares, 2, [0, 0])
    whole = fit(off, labels)
    monkeypatch.setattr(calibration, "FIT_ROWS", 5_000)
    assert fit(off, labels) == fit(off[::4], labels[::4]) != whole


def test_it_is_read_as_it_was_written_and_models_without_one_have_none():
    found = Calibration(0.8, (0.0, -1.25))
    assert of_metadata({"calibration": found.as_json()}) == found
    assert of_metadata({"calibration": None}) is of_metadata({}) is None
