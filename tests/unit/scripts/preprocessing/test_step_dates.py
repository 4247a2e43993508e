"""Columns of dates and times: the numbers that a model sees of them, the same in preprocess and in every request."""

import io
import json
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from http_errors import HttpError
from payloads import decode, receive
from preprocessing.splitting import SIDES, Split, row_hashes

DRAW = np.random.default_rng(5)
ROWS = 600
SECONDS = DRAW.integers(1_500_000_000, 1_700_000_000, ROWS)
TIMES = [datetime.fromtimestamp(second, UTC).replace(tzinfo=None) for second in SECONDS.tolist()]
GIVEN = DRAW.random(ROWS) > 0.05
SIGNUP = [f"{one:%Y-%m-%d}" if given else "" for one, given in zip(TIMES, GIVEN, strict=True)]
SEEN = [f"{one:%d/%m/%Y %H:%M:%S}" for one in TIMES]
TABLE = {"number": [str(number) for number in range(ROWS)], "signup": SIGNUP, "seen": SEEN}
LABELS = [("late" if one.month > 6 else "early") for one in TIMES]
PARTS = ["signup year", "signup month", "signup weekday", "seen year", "seen month", "seen weekday", "seen hour"]


def write(folder, columns) -> None:
    rows = zip(*columns.values(), LABELS, strict=True)
    (folder / "data.csv").write_text("\n".join(map(",".join, [[*columns, "half"], *rows])) + "\n")


@pytest.fixture
def outcome(prepare, raw_folder):
    write(raw_folder, TABLE)
    done = prepare(target="half", problem="binary", key=["number"], rare_level_rows=1)
    assert done.code == 0, done.message
    return done


def test_a_model_sees_years_months_weekdays_and_hours(outcome):
    features = outcome.features
    assert features.names == PARTS
    assert features.raw_names == ["signup", "seen"]
    together = np.concatenate([matrix[:, :-1] for matrix in outcome.matrices().values()])
    missing = np.isnan(together[:, 0])
    assert missing.sum() == (~GIVEN).sum()
    expected = sorted([one.year, one.month, one.isoweekday(), one.hour] for one in TIMES)
    assert sorted(together[:, 3:].tolist()) == expected
    assert (together[~missing, :3] == together[~missing, 3:6]).all()


def test_the_table_of_columns_names_them_as_times(outcome):
    rows = {one["name"]: one for one in outcome.features.details["columns"]}
    assert (rows["signup"]["taken_as"], rows["seen"]["taken_as"]) == ("time", "time")
    assert rows["signup"]["missing"] == pytest.approx(1 - GIVEN.mean(), abs=1e-3)
    assert rows["seen"]["note"] == "day-first"


def test_the_baseline_describes_what_the_model_sees(outcome):
    statistics = outcome.json("baseline/statistics.json")["features"]
    assert [one["name"] for one in statistics] == [*PARTS, "half"]


def requests(table):
    columns = {name: table[name].cast(pa.string()).fill_null("").to_pylist() for name in ("signup", "seen")}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    lines = "\n".join(f"{row['signup']},{row['seen']}" for row in rows)
    yield f"signup,seen\n{lines}".encode(), "text/csv"
    yield f"{lines}\n".encode(), "text/csv; header=absent"
    yield json.dumps(rows).encode(), "application/json"
    yield json.dumps({"instances": [[*row.values()] for row in rows]}).encode(), "application/json"
    yield "\n".join(map(json.dumps, rows)).encode(), "application/jsonlines"
    for typed_or_text in (table, pa.table(columns)):
        body = io.BytesIO()
        pq.write_table(typed_or_text, body)
        yield body.getvalue(), "application/x-parquet"


def test_every_request_is_encoded_as_preprocess_did_bit_for_bit(outcome):
    """raw.parquet has the test rows as they came; their texts are those that a client may send."""
    raw = pq.read_table(outcome.folder / "test" / "raw.parquet").select(["signup", "seen"])
    expected = outcome.matrices()["test"][:, :-1]
    assert len(expected) > 50
    for body, kind in requests(raw):
        matrix = outcome.features.encode(outcome.features.derive(decode(receive(body, kind), outcome.features)))
        assert matrix.tobytes() == np.ascontiguousarray(expected).tobytes(), kind


def test_the_raw_test_rows_are_exact(outcome):
    raw = pq.read_table(outcome.folder / "test" / "raw.parquet")
    assert set(raw["seen"].to_pylist()) <= set(TIMES)


def test_sample_rows_are_read_again(outcome):
    sample = (outcome.folder / "features" / "sample.csv").read_bytes()
    assert decode(receive(sample, "text/csv"), outcome.features).num_rows > 50


def test_written_and_typed_dates_share_their_sides(prepare, raw_folder):
    """The key of the split is all columns, which it is without one that is named."""
    days = [f"{one:%Y-%m-%d}" for one in TIMES]
    write(raw_folder, {"signup": days})
    written = prepare(target="half", problem="binary", key=[], rare_level_rows=1).features.details["rows"]
    (raw_folder / "data.csv").unlink()
    typed = pa.table({"signup": pa.array([one.date() for one in TIMES], pa.date32()), "half": LABELS})
    pq.write_table(typed, raw_folder / "data.parquet")
    done = prepare(target="half", problem="binary", key=[], rare_level_rows=1)
    assert done.features.details["rows"] == written
    hashes = row_hashes({"signup": pa.array(days)})
    assert done.features.details["rows"]["test"] == int((Split(("signup",), 0.15, 0.15).sides_of(hashes) == 2).sum())


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            {"signup": "tomorrow", "seen": ""},
            'row 1: column "signup" holds "tomorrow", which is not a date or time such as',
        ),
        ({"signup": "2023-02-30", "seen": ""}, "which is not a date or time such as 2024-01-31 10:15"),
        ({"signup": "", "seen": "12/31/2023"}, "which is not a date or time such as 31/01/2024 10:15"),
        ({"signup": 20240131, "seen": None}, 'column "signup" holds "20240131", which is not a date'),
        ({"signup": True, "seen": None}, 'column "signup" holds "true", which is not a date'),
        ({"seen": ""}, 'column "signup" is missing'),
    ],
)
def test_a_date_that_cannot_be_read_is_refused(outcome, row, sentence):
    with pytest.raises(HttpError) as refusal:
        decode(receive(json.dumps([row]).encode(), "application/json"), outcome.features)
    assert refusal.value.status_code == 400
    assert sentence in str(refusal.value)


def test_a_wrong_date_in_the_data_rejects_its_row(prepare, raw_folder):
    write(raw_folder, TABLE | {"signup": ["2023-02-29", *SIGNUP[1:]]})
    done = prepare(target="half", problem="binary", key=["number"])
    assert done.code == 0, done.message
    assert done.features.details["rows"]["rejected"] == 1
    assert "is not a date or time such as 2024-01-31" in (done.folder / "rejects" / "rejects.csv").read_text()


def test_the_step_stops_where_nothing_shows_which_number_is_the_day(prepare, raw_folder):
    texts = [f"{1 + number % 12:02}/{1 + number % 7:02}/2024" for number in range(ROWS)]
    write(raw_folder, TABLE | {"seen": texts})
    done = prepare(target="half", problem="binary", key=["number"])
    assert done.code == 1
    assert 'column "seen" holds dates such as "01/01/2024"' not in done.message  # that date is no question
    assert 'holds dates such as "02/02/2024"' not in done.message
    assert 'set data.dates to "day-first" or "month-first"' in done.message
    months = {}
    for order in ("day-first", "month-first"):
        done = prepare(target="half", problem="binary", key=["number"], dates=order)
        assert done.code == 0, done.message
        at = done.features.names.index("seen month")
        months[order] = {value for side in SIDES for value in done.matrices()[side][:, at].tolist()}
    assert (len(months["day-first"]), len(months["month-first"])) == (7, 12)


def test_dates_that_are_all_alike_are_left_out(prepare, raw_folder):
    write(raw_folder, TABLE | {"signup": ["2024-01-31"] * ROWS})
    done = prepare(target="half", problem="binary", key=["number"])
    assert done.features.names == PARTS[3:]
    assert {"name": "signup", "why": "its dates and times are all alike"} in done.features.details["ignored"]


def test_the_names_of_computed_columns_must_be_free(prepare, raw_folder):
    write(raw_folder, TABLE | {"signup month": ["x", "y"] * (ROWS // 2)})
    done = prepare(target="half", problem="binary", key=["number"])
    assert done.features.raw_names == ["seen", "signup month"]


def test_parquet_and_csv_give_the_same_sides_and_rows(prepare, raw_folder, tmp_path):
    """A row keeps its side, as dates in both have the same text."""
    write(raw_folder, {"signup": SIGNUP})
    typed = tmp_path / "typed"
    typed.mkdir()
    days = pa.array([one.date() if given else None for one, given in zip(TIMES, GIVEN, strict=True)], pa.date32())
    pq.write_table(pa.table({"signup": days, "half": LABELS}), typed / "data.parquet")
    one, other = (prepare(folder, target="half", problem="binary") for folder in (raw_folder, typed))
    assert one.code == other.code == 0
    for side in SIDES:
        assert one.matrices()[side].tobytes() == other.matrices()[side].tobytes()
