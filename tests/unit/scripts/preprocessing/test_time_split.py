"""The split by time: no training row is later than one of validation, no validation row later than one of test."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from preprocessing import blocks, time_split
from preprocessing.splitting import SIDES
from preprocessing.time_split import Timeline, positions, timeline

ROWS = 1000
RANDOM = np.random.default_rng(8)
SECONDS = RANDOM.integers(0, 3 * 365 * 86400, ROWS)
TIMES = [datetime(2021, 1, 1) + timedelta(seconds=int(one)) for one in SECONDS]
BORN = [datetime(1980, 1, 1) + timedelta(days=int(one)) for one in RANDOM.integers(0, 9000, ROWS)]
LABELS = ["yes" if one.weekday() < 3 else "no" for one in TIMES]
FLAGS = {"target": "y", "problem": "binary", "split": "time", "event_time": "seen", "rare_level_rows": 1}


def write(folder, seen, rows=None, **columns) -> None:
    table = pa.table({"id": range(ROWS), "seen": seen, **columns, "y": LABELS})
    pq.write_table(table if rows is None else table.take(rows), folder / "data.parquet")


@pytest.fixture
def run(prepare, raw_folder):
    def go(seen=TIMES, columns=None, **flags):
        write(raw_folder, seen, **(columns or {"born": BORN}))
        return prepare(**FLAGS | {"key": ["id"]} | flags)

    return go


def test_the_log_says_where_the_cuts_are(run, capsys):
    split = run().features.details["split"]
    cuts = f"validation from {split['validation_from']}, test from {split['test_from']}"
    assert f"split by time (seen; equal keys may be apart): {cuts}" in capsys.readouterr().out


def test_each_side_is_a_stretch_of_time(run):
    """The event time is a number here, of which a feature is a copy."""
    done = run(SECONDS.astype(float), {"n": SECONDS.astype(float)})
    assert done.code == 0, done.message
    assert done.features.names == ["n"]
    stretches = [done.side(name)["n"].to_numpy() for name in SIDES]
    assert [len(one) for one in stretches] == [700, 150, 150]
    for earlier, later in itertools.pairwise(stretches):
        assert earlier.max() < later.min()
    split = done.features.details["split"]
    assert (split["by"], split["column"]) == ("time", "seen")
    assert np.float32(split["test_from"]) == stretches[2].min()
    assert np.float32(split["validation_from"]) == stretches[1].min()


def test_the_sides_do_not_depend_on_the_order_of_the_rows_or_on_blocks(run, raw_folder, prepare, monkeypatch):
    before = run()
    write(raw_folder, TIMES, rows=RANDOM.permutation(ROWS), born=BORN)
    monkeypatch.setattr(blocks, "BATCH_CELLS", 200)
    after = prepare(**FLAGS, key=["id"])
    for name in SIDES:
        assert sorted(before.side(name).to_pylist(), key=str) == sorted(after.side(name).to_pylist(), key=str)


def test_times_of_csv_are_split_as_those_of_parquet(run, raw_folder, prepare):
    before = run()
    (raw_folder / "data.parquet").unlink()
    lines = [f"{n},{TIMES[n]:%d.%m.%Y %H:%M:%S},{BORN[n]:%Y-%m-%d},{LABELS[n]}" for n in range(ROWS)]
    (raw_folder / "data.csv").write_text("\n".join(["id,seen,born,y", *lines]) + "\n")
    after = prepare(**FLAGS, key=["id"])
    assert after.code == 0, after.message
    assert after.features.details["split"] == before.features.details["split"]
    for name in SIDES:
        assert after.side(name).equals(before.side(name))


def test_dates_are_ages_at_the_event_and_the_events_year_is_none(run):
    done = run()
    assert done.features.names == ["seen month", "seen weekday", "seen hour", *born_parts(), "born age"]
    assert done.features.raw_names == ["seen", "born"]
    raw = pq.read_table(done.folder / "test" / "raw.parquet")
    ages = [(one["seen"] - one["born"]) / timedelta(days=1) for one in raw.to_pylist()]
    assert done.side("test")["born age"].to_pylist() == np.array(ages, np.float32).tolist()
    assert min(ages) > 1000
    encoded = done.features.encode(done.features.derive(raw))
    assert encoded.tobytes() == np.ascontiguousarray(done.matrices()["test"][:, :-1]).tobytes()


def born_parts() -> list[str]:
    return ["born year", "born month", "born weekday"]


def test_ages_need_no_split_by_time(run):
    done = run(split="key")
    assert "born age" in done.features.names
    assert done.features.details["split"]["by"] == "key"


def test_an_ignored_event_time_only_splits(run):
    done = run(ignore=["seen"])
    assert done.features.names == born_parts()
    assert done.features.raw_names == ["born"]
    assert done.features.details["split"]["test_from"].startswith("2023-")
    [row] = [one for one in done.features.details["columns"] if one["name"] == "seen"]
    assert (row["taken_as"], row["why"]) == ("event time", "data.ignore names it")
    assert "seen" not in [one["name"] for one in done.features.details["ignored"]]


def test_an_event_time_of_one_day_is_still_sent_for_ages(run):
    """All its parts are constant, so that the model sees none of them."""
    done = run([datetime(2024, 5, 6)] * ROWS, split="key")
    assert done.features.names == [*born_parts(), "born age"]
    assert done.features.raw_names == ["born", "seen"]


def test_rows_of_one_time_share_a_side(run):
    days = [datetime(2021, 1, 1) + timedelta(days=int(one)) for one in SECONDS // (86400 * 100)]
    done = run(days)
    assert sum(done.side(name).num_rows for name in SIDES) == ROWS
    cut = datetime.fromisoformat(done.features.details["split"]["test_from"])
    assert done.side("test").num_rows == sum(day >= cut for day in days)


def test_a_row_without_a_time_is_rejected(run):
    done = run([None, *TIMES[1:]])
    assert done.features.details["rows"]["rejected"] == 1
    assert 'the event time ""seen"" is missing' in (done.folder / "rejects" / "rejects.csv").read_text()


@pytest.mark.parametrize(
    ("flags", "seen", "sentence"),
    [
        ({"event_time": ""}, TIMES, "data.split is time, and data.event_time does not say which column has it"),
        ({"event_time": "Seen"}, TIMES, 'data.event_time names "Seen", which is no column of data.parquet of its own'),
        ({"event_time": "y"}, TIMES, "it is the target"),
        ({}, [["red", "green"][n % 2] for n in range(ROWS)], "holds categorical values: dates, times or numbers"),
        ({}, [TIMES[n % 2] for n in range(ROWS)], "has 2 different times, and a split by time needs one for each"),
        ({"private_drop": ["seen"]}, TIMES, 'data.event_time names "seen", but data.private drops it'),
    ],
)
def test_what_cannot_be_split_is_a_sentence(run, flags, seen, sentence):
    done = run(seen, **flags)
    assert done.code == 1
    assert sentence in done.message
    assert done.files == ["message"]


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.float64()])
def test_positions_keep_the_order(kind):
    numbers = sorted([-(2.0**62), -1e9, -1.0, 0.0, 1.0, 3.0, 1e9, 2.0**62])
    values = pa.array(numbers).cast(pa.int64()).cast(kind) if pa.types.is_timestamp(kind) else pa.array(numbers)
    assert (np.diff(positions(values)) > 0).all()


def test_many_different_times_are_counted_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(time_split, "MOST_BINS", 100)
    values = RANDOM.permutation(100_000).astype(np.int64) * 7
    orders = values, np.sort(values)
    counted = [timeline(pa.array(piece).cast(pa.timestamp("us")) for piece in np.array_split(one, 9)) for one in orders]
    assert len(counted[0][0].bins) <= 100
    cuts = [one.cut("x", 0.15, 0.15, is_number=False) for one, _ in counted]
    assert cuts[0] == cuts[1]
    assert np.mean(values >= cuts[0].test_from) == pytest.approx(0.15, abs=0.01)


def test_every_side_has_a_time_where_there_are_three():
    few = Timeline()
    few.add(np.repeat([1, 2, 3], [1, 1, 998]))
    cut = few.cut("x", 0.1, 0.1, is_number=False)
    assert (cut.validation_from, cut.test_from) == (2, 3)
