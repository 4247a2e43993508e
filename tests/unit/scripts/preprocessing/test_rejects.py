"""Rows that cannot be used are reported with file, line and reason; too many of them stop the step."""

import csv
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

HEADER = "age,plan,churned\n"
GOOD = [f"{number % 50},{'ab'[number % 3 == 0]},{['no', 'yes'][number % 4 == 0]}\n" for number in range(1000)]
BINARY = {"target": "churned", "problem": "binary", "max_rejected_fraction": 0.02}


def rejects(outcome) -> list[dict[str, str]]:
    with (outcome.folder / "rejects" / "rejects.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_bad_row_with_its_line_and_reason(prepare, raw_folder):
    lines = list(GOOD)
    lines[10] = "old,a,no\n"
    lines[20] = "5,a\n"
    lines[30] = "5,a,no,1\n"
    lines[40] = "1e39,a,no\n"
    lines[50] = "-inf,a,no\n"
    lines[60] = "5,a,\n"
    lines[70] = "5,a,  \n"
    lines[80] = '5,"two\nlines",no\n'
    lines[90] = "5,\xff,no\n"
    lines[100] = '5,"never closed,no\n'
    text = HEADER + "".join(lines)
    (raw_folder / "sub").mkdir()
    (raw_folder / "sub" / "a.csv.gz").write_bytes(gzip.compress(text.encode("latin-1")))
    outcome = prepare(**BINARY)
    assert outcome.code == 0, outcome.message
    found = rejects(outcome)
    assert [(int(one["line"]), one["reason"]) for one in found] == [
        (12, 'column "age" holds "old", which is not a number'),
        (22, "has 2 fields instead of 3"),
        (32, "has 4 fields instead of 3"),
        (42, 'column "age" holds "1e+39", which is not a finite float32 number'),
        (52, 'column "age" holds "-inf", which is not a finite float32 number'),
        (62, 'the target "churned" is missing'),
        (72, 'the target "churned" is missing'),
        (93, "is not UTF-8 text"),
        (103, "opens a quote that it does not close"),
    ]
    assert {one["file"] for one in found} == {"sub/a.csv.gz"}
    assert {one["row"] for one in found} >= {"old,a,no", "5,a,no,1", "5,\ufffd,no", '5,"never closed,no'}
    summary = outcome.json("rejects/summary.json")
    assert (summary["rows"], summary["rejected"]) == (1000, 9)
    assert summary["reasons"]['the target "churned" is missing'] == 2
    assert sum(outcome.features.details["rows"].values()) == 1000


def test_parquet_rows_are_numbered(prepare, raw_folder):
    ages = [float(number % 50) for number in range(1000)]
    ages[7] = float("inf")
    labels = ["no", "no", "yes", "no"] * 250
    labels[500] = None
    pq.write_table(pa.table({"age": ages, "plan": ["a", "b"] * 500, "churned": labels}), raw_folder / "a.parquet")
    outcome = prepare(**BINARY)
    assert outcome.code == 0, outcome.message
    infinite = 'column "age" holds "inf", which is not a finite float32 number'
    missing = 'the target "churned" is missing'
    assert [tuple(one.values()) for one in rejects(outcome)] == [
        ("a.parquet", "8", infinite, "inf,b,no"),
        ("a.parquet", "501", missing, "0.0,a,"),
    ]


def test_texts_in_a_parquet_column_of_numbers(prepare, raw_folder):
    ages = [str(number % 50) for number in range(1000)]
    ages[7] = "seven"
    pq.write_table(pa.table({"age": ages, "churned": ["no", "yes"] * 500}), raw_folder / "a.parquet")
    outcome = prepare(**BINARY)
    assert outcome.features.kinds == {"age": "numeric"}
    assert [(one["line"], one["reason"]) for one in rejects(outcome)] == [
        ("8", 'column "age" holds "seven", which is not a number')
    ]


def test_too_many_rejects_stop_the_step_and_are_there_to_read(prepare, raw_folder):
    lines = GOOD[:900] + ["5,a\n"] * 60 + ["5,a,\n"] * 40
    (raw_folder / "a.csv").write_text(HEADER + "".join(lines))
    outcome = prepare(**BINARY)
    assert outcome.code == 1
    assert outcome.message == (
        "100 of 1,000 rows read (10.00%) cannot be used, and data.max_rejected_fraction allows 2.00%; "
        "most frequent (60 rows): has 2 fields instead of 3, as in a.csv line 902; see rejects.csv"
    )
    assert len(rejects(outcome)) == 100
    assert outcome.files == ["message", "rejects/rejects.csv", "rejects/summary.json"]


def test_rows_in_another_encoding_than_the_file(prepare, raw_folder):
    rows = [f"{number % 50},caf\u00e9,{['no', 'yes'][number % 3 == 0]}\n" for number in range(500)]
    (raw_folder / "a.csv").write_bytes((HEADER + "".join(rows)).encode() + "".join(rows[:50]).encode("latin-1"))
    assert prepare(**BINARY).message.endswith(
        "most frequent (50 rows): is not UTF-8 text, so convert what was written in another encoding, "
        "as in a.csv line 502; see rejects.csv"
    )


def test_a_hopeless_file_is_not_read_to_its_end(prepare, raw_folder, monkeypatch):
    from preprocessing import blocks

    monkeypatch.setattr(blocks, "BLOCK_BYTES", 10_000)
    (raw_folder / "a.csv").write_text(HEADER + "".join(GOOD * 3) + "5,a\n" * 100_000)
    outcome = prepare(**BINARY)
    assert outcome.code == 1
    assert json.loads((outcome.folder / "rejects" / "summary.json").read_text())["rows"] < 50_000


def test_labels_of_no_training_row_are_rejects(prepare, raw_folder):
    """Keys put all rows of a rare class on other sides than train."""
    lines = [f"c{number},{number % 50},{['no', 'yes'][number % 4 == 0]}\n" for number in range(1000)]
    (raw_folder / "a.csv").write_text("id,age,churned\n" + "".join(lines))
    usual = prepare(**BINARY, key=["id"])
    elsewhere = next(number for number in range(1000) if usual_side(usual, number) == "test")
    lines[elsewhere] = f"c{elsewhere},1,maybe\n"
    (raw_folder / "a.csv").write_text("id,age,churned\n" + "".join(lines))
    outcome = prepare(**BINARY, key=["id"])
    assert outcome.code == 0, outcome.message
    assert [(one["line"], one["reason"], one["row"]) for one in rejects(outcome)] == [
        (str(elsewhere + 2), 'the label "maybe" is in no training row', f"c{elsewhere},1,maybe")
    ]
    rows, before = outcome.features.details["rows"], usual.features.details["rows"]
    assert rows == before | {"test": before["test"] - 1, "rejected": 1}
    assert outcome.side("test").num_rows == rows["test"]


def test_a_label_that_only_rejected_rows_have_is_reported_once(prepare, raw_folder):
    """Their other fault is reported; that the label is in no training row follows from it."""
    (raw_folder / "a.csv").write_text(HEADER + "".join(GOOD) + "1e39,a,maybe\n")
    outcome = prepare(**BINARY)
    assert outcome.code == 0, outcome.message
    assert [(one["line"], one["reason"]) for one in rejects(outcome)] == [
        ("1002", 'column "age" holds "1e+39", which is not a finite float32 number')
    ]
    assert outcome.features.target.classes == ("no", "yes")


def usual_side(outcome, number: int) -> str:
    from preprocessing.splitting import SIDES, Split

    return SIDES[int(Split(("id",), 0.15, 0.15).sides({"id": pa.array([f"c{number}"])})[0])]


@pytest.mark.parametrize("quote", ['"', '"x', '"x ""y'])
@pytest.mark.parametrize("others", ["a", '"a"'])
def test_stray_quotes_cost_their_own_rows_only(prepare, raw_folder, monkeypatch, quote, others):
    """However far apart they are, and though the text between them looks like one long field."""
    lines = [line.replace(",a,", f",{others},") for line in GOOD]
    for place in (100, 101, 500, 999):
        lines[place] = f"5,{quote}a,no\n"
    (raw_folder / "a.csv").write_text(HEADER + "".join(lines))
    for block_bytes in (4 << 20, 2000):
        monkeypatch.setattr("preprocessing.blocks.BLOCK_BYTES", block_bytes)
        outcome = prepare(**BINARY)
        assert outcome.code == 0, outcome.message
        found = [(one["line"], one["reason"], one["row"]) for one in rejects(outcome)]
        reason = "opens a quote that it does not close"
        assert found == [(line, reason, f"5,{quote}a,no") for line in ("102", "103", "502", "1001")]
        assert sum(outcome.features.details["rows"].values()) == 1000


def test_a_row_of_several_lines_must_have_its_fields(prepare, raw_folder):
    lines = list(GOOD)
    lines[100], lines[200] = '5,"a,no\n', '7,6",a,no\n'
    (raw_folder / "a.csv").write_text(HEADER + "".join(lines))
    outcome = prepare(**BINARY)
    assert [(one["line"], one["reason"]) for one in rejects(outcome)] == [
        ("102", "opens a quote that it does not close"),
        ("202", "has 4 fields instead of 3"),
    ]
    assert sum(outcome.features.details["rows"].values()) == 1000


def test_a_field_may_have_many_lines(prepare, raw_folder):
    lines = list(GOOD)
    lines[500] = '5,"' + 'many\nlines, with ""quotes"" in it\n' * 50 + '",no\n'
    (raw_folder / "a.csv").write_text(HEADER + "".join(lines))
    outcome = prepare(**BINARY)
    assert outcome.features.details["rows"]["rejected"] == 0
    assert sum(outcome.features.details["rows"].values()) == 1000
