"""data.private: values of private columns are stored nowhere, and serving treats them as preprocess does."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import evaluate
import train
from evaluation.champion import Incomparable, _check_private_columns
from features import Column, Features, Target
from payloads import Payload, decode
from preprocessing.private_patterns import meaning
from preprocessing.splitting import SIDES
from private_data import Protection

HEADER = "customer,mail,phone,card,age,plan,churned"
ACTIONS = {
    "private_hash": ["customer", "mail"],
    "private_mask": ["phone"],
    "private_drop": ["card"],
    "key": ["customer"],
}
BINARY = {"target": "churned", "problem": "binary", "max_rejected_fraction": 0.3}
SECRETS = ("zq-", "zqmail", "secret.example", "770170", "5105105105105100")


def row(at: int, age: object = "") -> str:
    mail, phone = f"zqmail{at % 9}@secret.example", f"+49 770170 {1000 + at % 5}"
    return f"zq-{at // 3},{mail},{phone},5105105105105100,{age or at * 7 % 83},{'éb'[at % 2]},{'ny'[at * 7 % 83 > 40]}"


def damaged() -> list[bytes]:
    """Rows whose private values are in other columns, or in rows that are no rows."""
    return [
        row(1, "zqmail1@secret.example").encode(),
        b"zq-2,zqmail2@secret.example,5105105105105100",
        b'zq-3,"zqmail3@secret.example',
        row(4).encode() + b",more",
        row(5).encode() + b"\xff",
        b"zq-6,zqmail6@secret.example,,,,,",
    ]


@pytest.fixture
def raw(raw_folder: Path) -> Path:
    rows = [row(at).encode() for at in range(900)]
    (raw_folder / "d.csv").write_bytes(b"\n".join([HEADER.encode(), *rows, *damaged(), row(7).encode(), b""]))
    return raw_folder


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """The content of every file, uncompressed; of Parquet files their cells and their metadata."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield file, file.read_bytes().decode("latin-1")
        if file.suffix == ".parquet":
            table = pq.read_table(file)
            yield file, f"{table.to_pydict()} {table.schema.metadata}"


def assert_no_secrets(folder: Path, printed: str) -> None:
    files = [("output", printed), *texts(folder)]
    assert len(files) > 10
    leaks = [f"{file}: {secret}" for file, text in files for secret in SECRETS if secret in text]
    assert not leaks


def run_the_steps(outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SM_OUTPUT_DIR", str(outcome.folder / "failure"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    folders = [f"--{name}={outcome.folder / name}" for name in ("train", "validation", "features")]
    options = {"rounds": 4, "early-stopping-rounds": 2, "learning-rate": 0.3, "max-depth": 3, "min-child-weight": 1}
    options |= {"subsample": 1, "colsample-bytree": 1, "reg-lambda": 1, "max-bin": 64, "seed": 1}
    options |= {
        "algorithm": "xgboost",
        "imbalance": "none",
        "decision-threshold": "f1",
        "calibration": "auto",
        "checkpoint-rounds": 9,
        "device": "cpu",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    assert train.main([*folders, f"--model-dir={outcome.folder / 'model'}", *flags]) == 0
    with tarfile.open(outcome.folder / "model.tar.gz", "w:gz") as archive:
        archive.add(outcome.folder / "model", ".")
    (outcome.folder / "archive").mkdir()
    (outcome.folder / "model.tar.gz").rename(outcome.folder / "archive/model.tar.gz")
    named = {"model": "archive", "test": "test", "features": "features", "output": "evaluation", "message": "message"}
    flags = [f"--{name}={outcome.folder / folder}" for name, folder in named.items()]
    assert evaluate.main([*flags, "--metric=auc", "--threshold=0.5"]) == 0


def test_no_output_of_any_step_holds_a_private_value(prepare, raw, capfd, monkeypatch):
    outcome = prepare(**BINARY, **ACTIONS)
    assert outcome.code == 0
    run_the_steps(outcome, monkeypatch)
    captured = capfd.readouterr()
    assert_no_secrets(outcome.folder, captured.out + captured.err)
    assert outcome.json("rejects/summary.json")["rejected"] == len(damaged())


def test_without_the_setting_they_are_found(prepare, raw, capfd):
    """The test above can fail."""
    outcome = prepare(**BINARY, key=["customer"])
    with pytest.raises(AssertionError, match=r"statistics.json: zqmail"):
        assert_no_secrets(outcome.folder, capfd.readouterr().out)


def test_a_failure_holds_no_private_value(prepare, raw, capfd):
    outcome = prepare(**BINARY | {"max_rejected_fraction": 0}, **ACTIONS)
    assert outcome.code == 1
    assert "see rejects.csv" in outcome.message
    captured = capfd.readouterr()
    text = captured.out + captured.err + "".join(text for _, text in texts(outcome.folder))
    assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize(
    ("cells", "flags"),
    [
        (["zqmail@secret.example"] * 40 + [str(at) for at in range(860)], {}),  # numbers and a few texts
        (["zqmail@secret.example"] * 20, {"numeric": ["age"]}),
        (["zqmail@secret.example"] * 9, {"target": "age", "problem": "regression"}),
    ],
)
def test_messages_quote_no_values(prepare, raw_folder, capfd, cells, flags):
    """They may be private ones of damaged rows."""
    ages = [*cells, *map(str, range(900 - len(cells)))]
    rows = [f"a{at % 7},{age},{'ny'[at % 2]}" for at, age in enumerate(ages)]
    (raw_folder / "d.csv").write_text("mail,age,churned\n" + "\n".join(rows) + "\n")
    outcome = prepare(**BINARY | {"max_rejected_fraction": 0} | flags, private_hash=["mail"])
    assert outcome.code == 1
    captured = capfd.readouterr()
    assert "secret" not in captured.out + captured.err + outcome.message


@pytest.mark.parametrize("header", ["", HEADER + "\n"])
def test_a_file_without_a_header_shows_no_values(prepare, raw_folder, header):
    """Its first row would be named as its columns."""
    for name, first in {"1.csv": header, "2.csv": ""}.items():
        (raw_folder / name).write_text(first + "\n".join(map(row, range(300))) + "\n")
    outcome = prepare(**BINARY, **ACTIONS)
    assert outcome.code == 1
    assert not [secret for secret in SECRETS if secret in outcome.message]
    assert "(not shown)" in outcome.message


def test_rejected_rows_are_named_by_their_lines(prepare, raw):
    lines = (prepare(**BINARY, **ACTIONS).folder / "rejects/rejects.csv").read_text().splitlines()
    assert lines[1:3] == ['d.csv,902,"column ""age"" is not a number",', "d.csv,903,has 3 fields instead of 7,"]


def test_what_is_stored_instead(prepare, raw):
    outcome = prepare(**BINARY, **ACTIONS)
    columns = {column.name: column for column in outcome.features.columns}
    assert set(columns) == {"mail", "phone", "age", "plan"}
    assert columns["mail"].levels == tuple(
        sorted(Protection("hash", "mail").text(f"zqmail{at}@secret.example") for at in range(9))
    )
    assert columns["phone"].levels == ("***",)
    described = {one["name"]: one for one in outcome.features.details["columns"]}
    assert described["mail"]["note"] == "hashed (data.private)"
    assert described["phone"]["note"] == "masked (data.private)"
    assert described["card"]["why"] == "data.private drops it"
    assert described["customer"]["taken_as"] == "key"
    assert set(pq.read_schema(outcome.folder / "test/raw.parquet").names) == set(columns)


def test_rows_keep_their_sides(prepare, raw):
    """Whatever is hashed: the test side must not become training data of the next model."""
    plain, private = prepare(**BINARY, key=["mail", "phone"]), prepare(**BINARY, **ACTIONS | {"key": ["mail", "phone"]})
    for side in SIDES:
        assert plain.side(side)["age"].equals(private.side(side)["age"])


def test_serving_does_the_same(prepare, raw):
    outcome = prepare(**BINARY, **ACTIONS)
    features = outcome.features
    sent = [{"mail": "zqmail1@secret.example", "phone": "+49", "age": 7, "plan": "a"}]
    sent += [{"mail": None, "phone": None, "age": 8, "plan": "b"}]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(sent), sink)
    hashed = Protection("hash", "mail").text("zqmail1@secret.example")
    for payload in (
        Payload(b"mail,phone,age,plan\nzqmail1@secret.example,+49,7,a\n,,8,b\n", "text/csv"),
        Payload(json.dumps(sent).encode(), "application/json"),
        Payload(sink.getvalue().to_pybytes(), "application/x-parquet"),
        Payload(f"mail,phone,age,plan\n{hashed},***,7,a\n,,8,b\n".encode(), "text/csv"),
    ):
        table = decode(payload, features)
        assert table["mail"].to_pylist() == [hashed, None]
        assert table["phone"].to_pylist() == ["***", None]
    raw_test = pq.read_table(outcome.folder / "test/raw.parquet")
    body = pa.BufferOutputStream()
    pq.write_table(raw_test, body)
    matrix = features.encode(decode(Payload(body.getvalue().to_pybytes(), "application/x-parquet"), features))
    assert np.array_equal(matrix, outcome.matrices()["test"][:, :-1], equal_nan=True)


def test_numbers_are_hashed_as_their_text(prepare, raw_folder):
    table = pa.table({"card": [10**15 + at % 6 for at in range(600)], "age": [at * 7 % 83 / 1 for at in range(600)]})
    table = table.append_column("churned", pa.array(["ny"[at * 7 % 83 > 40] for at in range(600)]))
    pq.write_table(table, raw_folder / "d.parquet")
    features = prepare(**BINARY, private_hash=["card"]).features
    assert Protection("hash", "card").text(str(10**15)) in features.columns[0].levels
    table = decode(Payload(b'{"card": 1000000000000000, "age": 1}', "application/json"), features)
    assert table["card"].to_pylist() == [Protection("hash", "card").text(str(10**15))]


def test_columns_that_look_private_are_reported(prepare, raw, capsys):
    outcome = prepare(**BINARY, private_keep=["card"])
    described = {one["name"]: one["note"] for one in outcome.features.details["columns"]}
    assert described["mail"] == "looks like mail addresses (data.private)"
    assert described["phone"] == "looks like phone numbers (data.private)"
    assert (described["card"], described["plan"]) == ("", "")
    assert "mail: looks like mail addresses (data.private)\n" in capsys.readouterr().out


def test_columns_that_look_private_are_refused(prepare, raw):
    outcome = prepare(**BINARY, private_others="refuse", private_hash=["phone"])
    assert outcome.message == (
        'columns look private: "mail" (mail addresses), "card" (card numbers); set drop, hash, mask or keep, '
        'as in data.private = { "mail" = "drop", "card" = "drop" }'
    )


def test_columns_that_look_private_are_dropped(prepare, raw, capfd):
    outcome = prepare(**BINARY, private_others="drop", private_drop=["customer"], key=["customer"])
    assert outcome.code == 0
    assert_no_secrets(outcome.folder, capfd.readouterr().out)
    assert outcome.features.names == ["age", "plan"]


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"private_hash": ["male"]}, 'data.private names "male", which is no column of d.csv: did you mean "mail"?'),
        ({"private_drop": ["churned"]}, 'data.private names "churned", which is the target'),
        ({"private_mask": ["plan"], "ignore": ["plan"]}, '"plan" is in data.ignore, and data.private says mask'),
        ({"private_drop": ["age"], "numeric": ["age"]}, '"age" is in data.numeric, and data.private says drop'),
    ],
)
def test_settings_that_contradict_each_other(prepare, raw, flags, sentence):
    assert sentence in prepare(**BINARY, **flags).message


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["anna@example.com", "x.y+z@sub.example.org"], "mail addresses"),
        (["call anna@example.com"] + ["nothing"] * 30, "mail addresses"),
        (["+49 170 1234567", "+1 (555) 010-9999", "0049 30 123456"], "phone numbers"),
        (["555-010-9999", "(555) 010-9999", "555.010.9999"], "phone numbers"),
        (["0170 1234567", "030/1234567", "(0)30 12345"], "phone numbers"),
        (["4111 1111 1111 1111", "5105105105105100"], "card numbers"),
        (["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"], "IBANs"),
        (["536-90-4399", "219-09-9999"], "US social security numbers"),
        (["AB 12 34 56 C", "AB123456C"], "British insurance numbers"),
        (["12345678Z"], "Spanish identity numbers"),
        (["2024-01-05", "2023-11-30"], ""),
        (["05.01.2024", "30.11.2023"], ""),
        (["192.168.0.1", "10.0.0.255"], ""),
        (["4111111111111112", "5105105105105101"], ""),
        (["1234567", "7654321"], ""),
        (["DE89370400440532013001"], ""),
        (["900-12-3456", "000-12-3456"], ""),
        (["12345678A"], ""),
        (["1.234.567", "+3.5", "-0.25"], ""),
        (["user at example", "@handle", "a@b"], ""),
        (["", None], ""),
    ],
)
def test_patterns(texts, expected):
    assert meaning("x", [pa.array(texts, pa.string())]) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Phone_1", "phone numbers"), ("SSN", "US social security numbers"), ("customer", ""), ("lessons", "")],
)
def test_digits_alone_are_private_by_the_name_of_their_column(name, expected):
    assert meaning(name, [pa.array([155501099, 155501098])]) == expected


def test_patterns_in_typed_columns():
    assert meaning("x", [pa.array([4111111111111111, 5105105105105100])]) == "card numbers"
    assert meaning("x", [pa.array([4111111111111111.0, None])]) == "card numbers"
    assert meaning("x", [pa.array([4111111111111111.5])]) == ""
    assert meaning("phone", [pa.array([155501099.0, 0.5])]) == ""
    assert meaning("x", [pa.array([["a@b.org"]])]) == ""
    assert meaning("x", [pa.array(["a@b.org"]).dictionary_encode(), pa.array([None], pa.null())]) == "mail addresses"


@pytest.mark.parametrize(("before", "now"), [("", "hash"), ("mask", "hash"), ("hash", "mask")])
def test_a_champion_that_learned_other_values_is_not_compared(tmp_path, before, now):
    def features(action: str) -> Features:
        return Features("regression", Target("y"), (Column("mail", "categorical", ("a",), private=action),), ("",))

    features(before).write(tmp_path / "features.json")
    with pytest.raises(Incomparable, match=r'data.private has changed for the column "mail"'):
        _check_private_columns(tmp_path, features(now))
    _check_private_columns(tmp_path, features(before))
    _check_private_columns(tmp_path, features(""))
