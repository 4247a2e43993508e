"""The stratified split: every class has its share on each side, and a row keeps its side."""

from __future__ import annotations

import numpy as np
import pytest

from preprocessing import blocks
from preprocessing.splitting import SIDES

ROWS = 3000
RANDOM = np.random.default_rng(3)
COUNTS = {"rare": 40, "some": 300, "many": ROWS - 340}
LABELS = RANDOM.permutation(np.repeat(list(COUNTS), list(COUNTS.values())))
FLAGS = {"target": "y", "problem": "multiclass", "split": "stratified", "key": ["id"]}


def write(folder, ids=range(ROWS), labels=LABELS) -> None:
    lines = [f"{n},{n % 89},{label}" for n, label in zip(ids, labels, strict=True)]
    (folder / "data.csv").write_text("\n".join(["id,a,y", *lines]) + "\n")


def counts(done) -> dict[str, list[int]]:
    sides = {name: done.side(name)["y"].to_numpy().astype(int) for name in SIDES}
    return {
        label: [int((labels == place).sum()) for labels in sides.values()]
        for place, label in enumerate(done.features.target.classes)
    }


def test_each_class_has_the_same_shares(prepare, raw_folder):
    write(raw_folder)
    done = prepare(**FLAGS)
    assert done.code == 0, done.message
    for label, (train, validation, test) in counts(done).items():
        whole = COUNTS[label]
        assert train + validation + test == whole
        assert validation == pytest.approx(0.15 * whole, abs=1.5)
        assert test == pytest.approx(0.15 * whole, abs=1.5)
    by_key = counts(prepare(**FLAGS | {"split": "key"}))
    assert abs(by_key["rare"][2] - 6) > 1.5  # what it is for
    assert done.features.details["split"]["by"] == "stratified"


def test_it_depends_neither_on_blocks_nor_on_the_order(prepare, raw_folder, monkeypatch):
    write(raw_folder)
    before = prepare(**FLAGS)
    order = RANDOM.permutation(ROWS)
    write(raw_folder, order, LABELS[order])
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4000)
    after = prepare(**FLAGS)
    for name in SIDES:
        one, other = (sorted(map(tuple, done.side(name).to_pylist())) for done in (before, after))
        assert one == other


def test_rows_of_one_key_and_label_share_a_side(prepare, raw_folder):
    write(raw_folder, np.repeat(np.arange(ROWS // 2), 2), np.repeat(LABELS[: ROWS // 2], 2))
    done = prepare(**FLAGS)
    assert done.code == 0, done.message
    assert all(number % 2 == 0 for numbers in counts(done).values() for number in numbers)


def test_rows_of_one_key_with_two_labels_are_refused(prepare, raw_folder):
    write(raw_folder, np.repeat(np.arange(ROWS // 2), 2))
    done = prepare(**FLAGS)
    assert done.code == 1
    assert (
        "rows with equal keys have different labels, and a stratified split would put them on two sides" in done.message
    )
    assert not list(done.folder.glob("t*/*.parquet"))


def test_a_regression_has_no_classes(prepare, raw_folder):
    write(raw_folder)
    done = prepare(**FLAGS | {"target": "a", "problem": "regression"})
    assert "data.split is stratified, and a regression has no classes" in done.message
