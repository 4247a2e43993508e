"""sample.csv: test rows spread over the data, and rows that hold what those lack."""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

import raw_columns
from preprocessing import blocks, raw_sample


@pytest.fixture
def table():
    """What is rare is beside the test side: a text, a missing number, the lowest and the highest one, a class."""
    rows = 4000
    draw = np.random.default_rng(5)
    value, plan = draw.normal(size=rows).round(4), draw.choice(["basic", "plus"], rows)
    plan[[1500, 2500]], value[[100, 3900]] = "rare", [-99.5, 77]
    gaps = np.zeros(rows, bool)
    gaps[2222] = True
    target = draw.choice(["no", "yes"], rows)
    columns = {"value": pa.array(value, mask=gaps), "plan": plan, "member": draw.random(rows) < 0.5, "y": target}
    return pa.table({"id": np.arange(rows), **columns})


def sample_of(outcome):
    assert outcome.code == 0, outcome.message
    text = (outcome.folder / "features" / "sample.csv").read_text()
    return list(csv.DictReader(io.StringIO(text))), text.split("\n", 1)[1].encode()


def run(prepare, raw_folder, table, **flags):
    pyarrow.csv.write_csv(table, raw_folder / "d.csv")
    return prepare(target="y", problem="binary", key=["id"], ignore=["id"], **flags)


def test_it_begins_with_raw_rows_of_the_test_side_spread_over_the_data(prepare, raw_folder, table):
    outcome = run(prepare, raw_folder, table)
    features, (_, body) = outcome.features, sample_of(outcome)
    encoded = features.encode(raw_columns.parse_csv(body, features.names, features.cells, ","))
    test = outcome.matrices()["test"][:, :-1]
    spread = test[::2]
    assert raw_sample.SPREAD_ROWS / 2 <= len(spread) <= raw_sample.SPREAD_ROWS < len(test)
    assert encoded[: len(spread)].tobytes() == spread.tobytes()


def test_it_covers_what_the_columns_hold_whatever_side_it_is_on(prepare, raw_folder, table):
    rows, _ = sample_of(run(prepare, raw_folder, table))
    assert {"basic", "plus", "rare"} == {row["plan"] for row in rows}
    assert {"-99.5", "77", ""} <= {row["value"] for row in rows}
    assert {"true", "false"} == {row["member"] for row in rows}


def test_it_covers_every_class(prepare, raw_folder, table):
    """A class without a row in the sample could be predicted for no request."""
    number, labels = table["id"].to_numpy(), np.array(["a", "b"], object)[np.arange(4000) % 2]
    labels[np.isin(number, np.arange(100, 4000, 400))] = "c"
    value = np.where(labels == "c", 1000 + number, table["value"].fill_null(0).to_numpy())
    table = table.set_column(4, "y", pa.array(labels)).set_column(1, "value", pa.array(value))
    pyarrow.csv.write_csv(table, raw_folder / "d.csv")
    rows, _ = sample_of(prepare(target="y", problem="multiclass", key=["id"], ignore=["id"]))
    assert any(float(row["value"]) >= 1000 for row in rows)


def test_its_size_is_bounded_however_wide_and_varied_the_data_is(prepare, raw_folder, table, monkeypatch):
    rows, _ = sample_of(run(prepare, raw_folder, table))
    assert len(rows) <= raw_sample.SPREAD_ROWS + raw_sample.COVERED_ASPECTS
    monkeypatch.setattr(raw_sample, "CELLS", 60)  # twenty rows of each kind at least
    many = table.set_column(2, "plan", pa.array([f"plan {number % 30}" for number in range(4000)]))
    rows, _ = sample_of(run(prepare, raw_folder, many))
    assert 20 < len(rows) <= 40


def test_it_does_not_depend_on_how_the_input_is_cut_into_blocks(prepare, raw_folder, table, monkeypatch):
    _, whole = sample_of(run(prepare, raw_folder, table))
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 5000)
    assert sample_of(run(prepare, raw_folder, table))[1] == whole
