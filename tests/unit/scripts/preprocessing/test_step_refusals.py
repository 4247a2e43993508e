"""What cannot be used is refused in one sentence, where SageMaker looks for it, and nothing is left half-written."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from preprocessing.splitting import Split

GOOD = [f"{number % 50},{'ab'[number % 3 == 0]},{['no', 'yes'][number % 4 == 0]}\n" for number in range(500)]
LONG = "7" * 5000
HEADER = "age,plan,churned\n"
BINARY = {"target": "churned", "problem": "binary"}


def refused(outcome, sentence: str) -> None:
    assert outcome.code == 1
    assert sentence in outcome.message
    assert "\n" not in outcome.message
    assert set(outcome.files) <= {"message", "rejects/rejects.csv", "rejects/summary.json"}


@pytest.fixture
def write(raw_folder):
    def put(name: str = "d.csv", content: str | bytes = HEADER + "".join(GOOD)) -> None:
        (raw_folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    return put


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "every data file in"),
        ("\n\n", "every data file in"),
        (HEADER, "there are no rows below the header"),
        ("age;plan;churned\n1;a;no\n", 'set data.delimiter, which seems to be ";"'),
        ("1,2,3\n4,5,6\n", "d.csv has no header line: it begins with 1,2,3"),
        ("age,age,churned\n1,2,no\n", 'd.csv has two columns named "age"'),
        ("age,Churned\n1,no\n", 'there is no target column "churned" in d.csv: did you mean "Churned"?'),
        ("age,plan\n1,a\n", 'there is no target column "churned" in d.csv: there are age, plan'),
        ("churned\nyes\nno\n", "no columns are left to learn from (the target is the only one)"),
        (HEADER + "".join(f"{at},a,no\n" for at in range(30)), "is constant: all training rows are no; there is"),
        (HEADER + "1,a,no\n1,a,yes\n" * 30, "side has no rows, of 60 in all, and rows with equal keys share a side"),
        (HEADER + "1,a,no,x\n" * 9, "there are no rows below the header, or none with as many fields"),
        ("age,plan,churned\n".encode("utf-16"), "there are no rows below the header"),
        ("age,plan,churned\n".encode("utf-16-le"), "d.csv is UTF-16 without a byte order mark, or no text"),
        ("ägé,churned\n".encode("latin-1"), "there are no rows below the header"),
        ("ägéöü,churned\n".encode("cp850"), "its encoding is not clear: convert it"),
        ("ä,churned\n".encode("cp850"), "the header of d.csv cannot be read"),
        (bytes(range(32)) * 40, "d.csv holds binary data, not CSV text"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n", "d.csv is a pointer of Git LFS"),
        ('[\n  {"age": 1, "churned": "no"}\n]\n', "d.csv holds JSON, not CSV"),
        ('{"age": 1, "churned": "no"}\n{"age": 2, "churned": "no"}\n', "d.csv holds JSON, not CSV"),
        ('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "d.csv holds HTML or XML"),
        (b"PK\x03\x04" + bytes(50), "d.csv is a spreadsheet or a zip archive"),
        (b"PAR1" + bytes(50), "d.csv is a Parquet file: name it .parquet"),
        (b"a\x00ge,churned\n" + b"1,no\n" * 9, 'the header of d.csv holds a NUL byte, in "a\ufffdge": remove it'),
        (
            HEADER + "".join(GOOD) + "".join(f"{at},a,{'7' * 5000}\n" for at in range(99)),
            f"problem has two: {'7' * 40}... (",
        ),
        ("7" * 5000 + ";churned\n1;no\n", f'has one column, "{"7" * 40}...": set data.delimiter'),
        ('"age,churned\n1,no\n', "d.csv has no header line that could be read"),
    ],
)
def test_files(prepare, write, content, sentence):
    write(content=content)
    refused(prepare(**BINARY), sentence)


def test_no_files(prepare, raw_folder, tmp_path):
    refused(prepare(**BINARY), f"no data files (.csv, .csv.gz, .parquet) in {raw_folder}: check data.uri")
    (raw_folder / "notes.txt").write_text("x")
    refused(prepare(**BINARY, format="parquet"), "; it holds notes.txt: check data.uri and data.format")
    refused(prepare(tmp_path / "nowhere", **BINARY), "nowhere: check data.uri")


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("age,plan,extra,churned\n", "differ: the second adds extra"),
        ("age,churned\n", "differ: the second lacks plan"),
        ("plan,age,churned\n", "differ: the second has the same columns in another order"),
    ],
)
def test_headers_that_differ_name_both_files(prepare, write, header, sentence):
    write("one.csv")
    write("two.csv", header)
    outcome = prepare(**BINARY)
    refused(outcome, sentence)
    assert "one.csv and two.csv" in outcome.message


def test_damaged_files(prepare, write, raw_folder):
    write("d.csv.gz", gzip.compress((HEADER + "".join(GOOD)).encode())[:-20])
    refused(prepare(**BINARY), "d.csv.gz is damaged or incomplete")
    write("d.csv.gz", b"\x89damaged, \xff\n1,2\n")
    refused(prepare(**BINARY), "it is neither a gzip file nor UTF-8 text, copy it again")
    (raw_folder / "d.csv.gz").unlink()
    write("d.parquet", b"PAR1 and no more")
    refused(prepare(**BINARY), "d.parquet is not a readable Parquet file")


def test_a_name_that_says_gzip_of_a_file_that_is_none(prepare, write, capsys):
    write("d.csv.gz")
    assert prepare(**BINARY).code == 0
    assert "d.csv.gz is not compressed: read as it is\n" in capsys.readouterr().out


def test_formats_are_not_mixed(prepare, write, raw_folder):
    write()
    pq.write_table(pa.table({"age": [1]}), raw_folder / "e.parquet")
    refused(prepare(**BINARY), "d.csv is CSV and e.parquet is Parquet: set data.format")
    assert prepare(**BINARY, format="csv").code == 0


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"ignore": ["agee"]}, 'data.ignore names "agee", which is no column of d.csv: did you mean "age"?'),
        ({"key": ["customer_id"]}, 'data.key names "customer_id", which is no column of d.csv: there are age'),
        ({"numeric": ["churned"]}, 'data.numeric names "churned", which is the target'),
        ({"numeric": ["age"], "categorical": ["age"]}, '"age" is in data.categorical and in data.numeric'),
        ({"numeric": ["plan"]}, 'data.numeric names "plan", but 100% of it is no number, such as "b"'),
        ({"ignore": ["age", "plan"]}, "no columns are left to learn from (age: data.ignore names it"),
        ({"positive": "yep"}, 'problem.positive is "yep", but the classes of "churned" are no ('),
        ({"rare_level_rows": 1000, "ignore": ["age"]}, "no text of it is in 1000 training rows"),
        ({"problem": "multiclass"}, 'the target "churned" has only two classes: no ('),
        ({"problem": "regression"}, 'the target "churned" holds text such as "yes", and a regression needs numbers'),
        ({"problem": "ranking"}, "argument --problem: invalid choice: 'ranking'"),
        ({"delimiter": "||"}, "data.delimiter is '||': it must be one ASCII character"),
        ({"validation_fraction": 0.6, "test_fraction": 0.5}, "leave nothing to train on"),
        ({"test_fraction": 0}, "data.test_fraction is 0.0: it must be more than 0"),
        ({"max_rejected_fraction": 2}, "data.max_rejected_fraction is 2.0"),
        ({"max_levels": 0}, "data.max_levels is 0: it must be at least 1"),
        ({"problem": "regression", "positive": "1"}, "problem.positive is for binary problems only"),
        ({"targte": "x"}, "unrecognized arguments: --targte x"),
    ],
)
def test_settings_that_do_not_fit_the_data(prepare, write, flags, sentence):
    write()
    refused(prepare(**(BINARY | flags)), sentence)


@pytest.mark.parametrize(
    ("problem", "target", "sentence"),
    [
        ("binary", lambda at: at % 3, "has 3 classes, and a binary problem has two: 0 ("),
        ("multiclass", lambda at: at % 2, "has only two classes"),
        ("multiclass", lambda at: at / 7, "classes in"),
        ("multiclass", lambda at: f"{at:04}x", "this looks like a regression (problem.type)"),
        ("regression", lambda at: at % 2, 'the target "y" is either 0 or 1: set problem.type to binary'),
        ("regression", lambda _: 5, 'the target "y" is constant (5)'),
        ("regression", lambda _: "", "cannot be used"),
    ],
)
def test_problem_and_target_must_fit(prepare, raw_folder, problem, target, sentence):
    csv.write_csv(pa.table({"a": np.arange(600) % 97, "y": [target(at) for at in range(600)]}), raw_folder / "d.csv")
    refused(prepare(target="y", problem=problem), sentence)


def test_too_many_classes(prepare, raw_folder):
    csv.write_csv(pa.table({"a": np.arange(3000) % 7, "y": np.arange(3000) * 0.5}), raw_folder / "d.csv")
    refused(prepare(target="y", problem="multiclass"), "has more than 1,000 classes, such as 0, 0.5")


def test_a_column_that_changes_its_type_between_files(prepare, raw_folder):
    days = pa.array([1, 2], pa.date32())
    pq.write_table(pa.table({"a": pa.array(range(300)), "y": ["n", "y"] * 150}), raw_folder / "1.parquet")
    pq.write_table(pa.table({"a": days, "y": ["n", "y"]}), raw_folder / "2.parquet")
    refused(prepare(target="y", problem="binary", numeric=["a"]), 'data.numeric names "a", but its type is')


def test_a_full_or_forbidden_disk_is_a_sentence(prepare, write, tmp_path, monkeypatch):
    from preprocessing import spill_files

    def full(*_):
        raise OSError(28, "No space left on device", "somewhere")

    write()
    monkeypatch.setattr(spill_files.SpillFiles, "write", full)
    refused(prepare(**BINARY), "No space left on device (somewhere): check the space and rights")


def test_a_side_without_rows(prepare, write):
    """Every key a training key: the others have nothing to be judged by."""
    keys = np.arange(1000)
    sides = Split(("age",), 0.15, 0.15).sides({"age": pa.array(keys.astype(float))})
    rows = [f"{key},{'ab'[key % 2]},{['no', 'yes'][key % 3 == 0]}\n" for key in keys[sides == 0].tolist()]
    write(content=HEADER + "".join(rows))
    refused(prepare(**BINARY, key=["age"]), f"the validation side has no rows, of {len(rows)} in all")


def test_a_failure_at_the_very_end_leaves_nothing(prepare, write, monkeypatch):
    from preprocessing import data_description

    def fail(*_):
        raise ValueError("a defect of ours")

    write()
    monkeypatch.setattr(data_description, "write_baseline", fail)
    refused(prepare(**BINARY), "unexpected ValueError: a defect of ours")


def test_what_was_there_before_stays_when_the_step_fails(prepare, write):
    write()
    outcome = prepare(**BINARY)
    before = (outcome.folder / "train" / "data.parquet").read_bytes()
    import preprocess

    write(content=HEADER + "1,a,no\n" * 50)
    assert preprocess.main(outcome.arguments) == 1
    assert (outcome.folder / "train" / "data.parquet").read_bytes() == before
    assert not [name for name in outcome.files if "unfinished" in name or ".preprocess" in name]
