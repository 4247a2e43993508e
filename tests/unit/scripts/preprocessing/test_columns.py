"""What a column is taken for, and what the settings can say about it."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from failures import UserError
from http_errors import HttpError
from payloads import Payload, decode
from preprocessing import columns
from preprocessing.columns import ColumnSettings
from preprocessing.missing_values import MissingTexts
from preprocessing.splitting import SIDES

DRAW = np.random.default_rng(3)


def judge(values, missing=("NA", "?", "NaT"), **wishes) -> str:
    """The kind of a column, or why it is ignored."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    chosen = columns.choose_columns(
        {"x": [array], "y": [pa.array(["n", "y"])]}, ColumnSettings("y", **wishes), MissingTexts.of(missing), "binary"
    )
    return chosen.kinds.get("x") or chosen.ignored["x"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2.5", "1e3", "", "NA", " 7"] * 5, "numeric"),
        (["1", "2", "3"] * 100 + ["oops"], "numeric"),  # one cell in a hundred may be wrong: its row is rejected
        (["1", "2", "3"] * 10 + ["oops"], "categorical"),
        (["0", "1"] * 5, "numeric"),
        (["true", "False", "NA"] * 5, "boolean"),
        (["yes", "no"] * 5, "boolean"),
        (["Yes", "no", "YES", "NO", " yes"] * 5, "boolean"),
        (["yes", "no", "no internet"] * 5, "categorical"),
        (["yes", "ja"] * 5, "categorical"),
        (["yes"] * 5, "categorical"),
        (["t", "f", "?"] * 5, "boolean"),
        (["A", "B"] * 5, "categorical"),
        (["02134", "10115"] * 50, "categorical"),
        (["0", "10", "3"] * 50, "numeric"),
        (["0.5", "00.5"] * 50, "numeric"),
        ([str(number) for number in DRAW.permutation(500)], "numeric"),
        (["only"] * 5, "categorical"),
        (["2024-01-01", "x"] * 20, "categorical"),
        (pa.array([1, None, 3]), "numeric"),
        (pa.array([1.5, None]), "numeric"),
        (pa.array([True, None]), "boolean"),
        (pa.array(["a", "b"]).dictionary_encode(), "categorical"),
        (pa.array(["1", "2"]), "numeric"),
        (["2024-01-31", "2024-02-01 10:15", "2024-02-01T10:15:00.5Z"] * 9, "time"),
        (["31.12.2024", "03/04/2024", "NaT"] * 9, "time"),
        (["2024-01-31"] * 200 + ["soon"], "time"),
        (pa.array([1, 2], pa.timestamp("s")), "time"),
        (pa.array([1, None], pa.date32()), "time"),
    ],
)
def test_kinds(values, kind):
    assert judge(values) == kind


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (["", "NA", ""], "it has no values in the sampled rows"),
        (pa.array([None, None]), "it has no values in the sampled rows"),
        ([f"customer {number}" for number in range(100)], "nearly every value differs, as in a name or an identifier"),
        ([str(number) for number in range(100)], "it counts the rows"),
        (pa.array(range(7, 100)), "it counts the rows"),
        (["31.12.2024", "1/2/24"] * 9, "it holds dates or times: derive"),
        (pa.array([1, 2], pa.time32("s")), "it holds dates or times: derive"),
        (pa.array([[1], [2]]), "its type is list<item: int64>"),
        (pa.array([b"a", b"b"]), "its type is binary"),
    ],
)
def test_columns_of_no_use_are_ignored_with_a_reason(values, why):
    assert judge(values).startswith(why)


def test_settings_override_the_inferred_kind():
    assert judge(["1", "2"] * 5, categorical=("x",)) == "categorical"
    assert judge([f"customer {number}" for number in range(100)], categorical=("x",)) == "categorical"
    assert judge([str(number) for number in range(100)], numeric=("x",)) == "numeric"
    assert judge(["1", "2"] * 5, ignore=("x",)) == "data.ignore names it"
    assert judge(["1", "2"] * 5, key=("x",)) == "it is a key of the split"
    assert judge(["1", "2"] * 5, key=("x",), numeric=("x",)) == "numeric"


@pytest.mark.parametrize(("values", "numeric"), [(["3", "x"], False), (["3", "4"], True)])
def test_types_that_differ_between_files_are_refused(prepare, raw_folder, values, numeric):
    for name, column in {"1": pa.array([1, 2] * 200), "2": pa.array([1.5] * 200), "3": pa.array(values * 200)}.items():
        table = pa.table({"x": column, "a": [float(at % 7) for at in range(len(column))]})
        table = table.append_column("y", pa.array([f"{'ny'[at % 3 == 0]}" for at in range(len(column))]))
        pq.write_table(table, raw_folder / f"{name}.parquet")
    flags = {"target": "y", "problem": "binary", "missing": ["auto"]}
    outcome = prepare(**flags)
    assert outcome.code == 1
    assert 'column "x" is int64 in 1.parquet and string in 3.parquet: convert one of them' in outcome.message
    assert prepare(**flags, categorical=["x"]).features.kinds["x"] == "categorical"
    assert (prepare(**flags, numeric=["x"]).code == 0) == numeric


def test_labels_that_are_numbers_in_one_file_and_texts_in_another(prepare, raw_folder, capsys):
    for name, labels in {"1": pa.array([0, 1] * 200), "2": pa.array(["0", "1"] * 200)}.items():
        pq.write_table(
            pa.table({"x": [float(at % 7) for at in range(400)], "y": labels}), raw_folder / f"{name}.parquet"
        )
    assert prepare(target="y", problem="binary").features.target.classes == ("0", "1")
    assert "y: int64 in one file and string in another: compared as texts\n" in capsys.readouterr().out


def test_booleans_in_words(prepare, raw_folder):
    """Encoded as true and false, on the sides of before, and written as they came."""
    words = {True: ("yes", "Yes", "yes"), False: ("no", "NO", "no")}
    truths = [at * 7 % 11 > 6 for at in range(900)]
    runs = []
    for name in ("bare", "words"):
        cells = [str(true).lower() if name == "bare" else words[true][at % 3] for at, true in enumerate(truths)]
        rows = [f"c{at},{cell if at % 10 else ''},{'ny'[at % 3 == 0]}" for at, cell in enumerate(cells)]
        (raw_folder / "d.csv").write_text("id,member,y\n" + "\n".join(rows) + "\n")
        runs.append(prepare(target="y", problem="binary", key=["id"]))
    bare, spelled = runs
    assert spelled.features.kinds == {"member": "boolean"}
    assert spelled.features.columns[0].levels == ("no", "yes")
    for side in SIDES:
        assert (spelled.folder / side / "data.parquet").read_bytes() == (
            bare.folder / side / "data.parquet"
        ).read_bytes()
    raw = pq.read_table(spelled.folder / "test/raw.parquet")
    assert set(raw["member"].to_pylist()) == {"yes", "no", None}
    sample = (spelled.folder / "features/sample.csv").read_bytes()
    assert set(sample.split()) >= {b"yes", b"no"}
    assert spelled.json("baseline/constraints.json")["features"][0]["string_constraints"]["domains"] == ["no", "yes"]
    body = b'[{"member": "YES"}, {"member": false}, {"member": "true"}, {"member": null}]'
    decoded = decode(Payload(body, "application/json"), spelled.features)["member"].to_pylist()
    assert (
        decoded
        == decode(Payload(b"YES\nno\ntrue\n''\n".replace(b"''", b'""'), "text/csv"), spelled.features)[
            "member"
        ].to_pylist()
    )
    assert decoded == [True, False, True, None]
    with pytest.raises(HttpError, match='holds "maybe", which is neither "no" nor "yes"'):
        decode(Payload(b"maybe\n", "text/csv"), spelled.features)


def test_a_row_keeps_its_side_whatever_its_column_is_taken_as(prepare, raw_folder):
    rows = [f"{at * 3},{('no', 'yes')[at % 7 > 3]},{'ny'[at % 3 == 0]}" for at in range(1000, 1900)]
    (raw_folder / "d.csv").write_text("a,member,y\n" + "\n".join(rows) + "\n")
    counts = [
        prepare(target="y", problem="binary", **wish).side("test")["a"] for wish in ({}, {"categorical": ["member"]})
    ]
    assert counts[0].equals(counts[1])


def test_numbers_of_thousands_of_digits_are_no_defect(prepare, raw_folder):
    long = "7" * 5000
    rows = [f"{at % 17},{'12'[at % 5 == 0]}" for at in range(900)]
    (raw_folder / "d.csv").write_text("a,y\n" + "\n".join([*rows, f"{long},1"]) + "\n")
    outcome = prepare(target="y", problem="binary", key=[])
    assert outcome.code == 0, outcome.message
    assert "is not a finite float32 number" in (outcome.folder / "rejects/rejects.csv").read_text()
    for body, content_type in ((f'{{"a": {long}}}', "application/json"), (f"a\n{long}\n", "text/csv")):
        assert decode(Payload(body.encode(), content_type), outcome.features)["a"].to_pylist() == [float("inf")]
    (raw_folder / "d.csv").write_text("a,y\n" + "\n".join([*rows, f"5,{long}"]) + "\n")
    assert 'the target "y" has 3 classes' in prepare(target="y", problem="binary").message


def test_an_impossible_setting_is_refused():
    with pytest.raises(
        UserError, match=r'data.numeric names "x", but 50% of it is no number, such as "b": take it out'
    ):
        judge(["1", "b"] * 20, numeric=("x",))
    with pytest.raises(UserError, match=r'data.numeric names "x", but its type is date32'):
        judge(pa.array([1], pa.date32()), numeric=("x",))
    with pytest.raises(UserError, match=r'data.categorical names "x", but its type is list'):
        judge(pa.array([[1]]), categorical=("x",))
