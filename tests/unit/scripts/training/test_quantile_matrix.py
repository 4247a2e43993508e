from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import encoded_data
from encoded_data import open_side
from failures import UserError
from features import Column
from training import quantile_matrix
from training.quantile_matrix import quantiles

pytestmark = pytest.mark.usefixtures("job_environment")


def test_loading_can_be_ended_between_two_batches(tmp_path, encoded, monkeypatch):
    monkeypatch.setattr(encoded_data, "BATCH_CELLS", 1200)
    data = encoded(tmp_path)
    batches = []

    def end_at_the_third() -> None:
        batches.append(1)
        if len(batches) == 3:
            raise UserError("stopped")

    with pytest.raises(UserError, match="^stopped$"):
        quantiles(open_side("train", data.train.parent, data.features), 256, 1, None, end_at_the_third)
    assert len(batches) == 3


def test_binned_rows_are_all_rows_with_their_labels_and_weights(tmp_path, encoded, monkeypatch):
    monkeypatch.setattr(encoded_data, "BATCH_CELLS", 280)
    data = encoded(tmp_path, "multiclass", rows=500)
    side = open_side("train", data.train.parent, data.features)
    weights = np.random.default_rng(0).random(500).astype(np.float32)
    binned = quantiles(side, 256, 1, weights, lambda: None)
    assert (binned.num_row(), binned.num_col()) == (500, 4)
    assert list(binned.get_label()) == list(side.labels)
    assert list(binned.get_weight()) == list(weights)
    assert sum(len(matrix) for matrix in side.matrices()) == 500


def cuts(data, monkeypatch, cut_rows, batch_cells):
    monkeypatch.setattr(quantile_matrix, "CUT_CELLS", 0)
    monkeypatch.setattr(quantile_matrix, "MIN_CUT_ROWS", cut_rows)
    monkeypatch.setattr(encoded_data, "BATCH_CELLS", batch_cells)
    binned = quantiles(open_side("train", data.train.parent, data.features), 16, 1, None, lambda: None)
    return [np.asarray(part) for part in binned.get_quantile_cut()]


def test_bins_of_many_rows_come_from_an_even_sample_whatever_the_batches(tmp_path, encoded, monkeypatch):
    data = encoded(tmp_path, rows=6000)
    whole = cuts(data, monkeypatch, 10**6, 10**6)
    sampled = cuts(data, monkeypatch, 1500, 10**6)
    in_pieces = cuts(data, monkeypatch, 1500, 1204)
    assert all(np.array_equal(a, b) for a, b in zip(sampled, in_pieces, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(sampled, whole, strict=True))
    ages = slice(*whole[0][:2])
    spread = np.ptp(whole[1][ages])
    assert np.abs(whole[1][ages][:-1] - sampled[1][ages][:-1]).max() < 0.1 * spread


def test_a_level_that_the_sample_misses_has_its_bin(tmp_path, encoded, monkeypatch):
    data = encoded(tmp_path, rows=6000)
    table = pq.read_table(data.train)
    plan = np.where(np.asarray(table["plan"]) == 3, 1, np.asarray(table["plan"]))
    plan[1] = 3  # every second row is sampled, beginning with the first
    pq.write_table(table.set_column(3, "plan", pa.array(plan, pa.float32())), data.train)
    offsets, values = cuts(data, monkeypatch, 2999, 10**6)
    assert set(values[offsets[3] : offsets[4]]) >= {0.0, 1.0, 2.0, 3.0}


@pytest.mark.parametrize(("rows", "columns", "step"), [(600_000, 11, 1), (6_000_000, 11, 11), (600_000, 1000, 12)])
def test_the_sample_is_bounded_by_cells(tmp_path, encoded, rows, columns, step):
    data = encoded(tmp_path)
    features = replace(data.features, columns=tuple(Column(f"c{n}", "numeric") for n in range(columns)))
    side = replace(open_side("train", data.train.parent, data.features), features=features, labels=np.zeros(rows))
    assert quantile_matrix.sample_step(side) == step
