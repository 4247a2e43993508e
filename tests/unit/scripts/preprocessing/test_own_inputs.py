"""own_features.py: what it may return, that a request gets the same, and what is refused before data is read."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import own_columns
from features import Features
from payloads import decode, receive
from preprocessing import blocks

ROWS = 400
TOTAL = """
INPUTS = ("a", "id")
def fit(batches):
    rows = [(len(one["a"]), pc.sum(one["a"]).as_py()) for one in batches]
    return {"batches": len(rows), "rows": sum(one[0] for one in rows), "total": sum(one[1] for one in rows)}
def compute(columns, fitted):
    return {"part": pc.divide(columns["a"], fitted["total"]), "big": pc.greater(columns["a"], 50)}
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Replaces the file by a text."""

    def write(text: str) -> None:
        file = tmp_path / "own" / own_columns.FILE
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"import pyarrow as pa, pyarrow.compute as pc\n{text}")
        spec = importlib.util.spec_from_file_location("own_features", file)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "own_features", module)
        spec.loader.exec_module(module)
        clear()

    def clear() -> None:
        own_columns.module.cache_clear()
        own_columns.digest.cache_clear()

    yield write
    clear()


@pytest.fixture
def ran(prepare, raw_folder, own):
    """Runs preprocess on three columns, with a file of one's own."""
    random = np.random.default_rng(1)
    numbers = random.integers(0, 100, ROWS)
    texts = [random.choice(["x", "y", ""]) for _ in range(ROWS)]
    lines = [f"{n},{a},{t},{'yes' if a > 50 else 'no'}" for n, (a, t) in enumerate(zip(numbers, texts, strict=True))]
    (raw_folder / "d.csv").write_text("\n".join(["id,a,t,y", *lines]) + "\n")

    def run(text: str, **flags: object):
        own(text)
        return prepare(**{"target": "y", "problem": "binary", "key": ["id"], "rare_level_rows": 1} | flags)

    return run


def requests(table: pa.Table) -> Iterator[tuple[bytes, str]]:
    rows = table.to_pylist()
    yield json.dumps(rows).encode(), "application/json"
    yield "\n".join(map(json.dumps, rows)).encode(), "application/jsonlines"
    lines = [",".join("" if value is None else f"{value}" for value in row.values()) for row in rows]
    yield "\n".join([",".join(table.column_names), *lines]).encode(), "text/csv"
    body = io.BytesIO()
    pq.write_table(table, body)
    yield body.getvalue(), "application/x-parquet"


def test_every_request_is_encoded_as_preprocess_did_bit_for_bit(ran):
    done = ran(TOTAL)
    assert done.code == 0, done.message
    features = done.features
    assert features.names == ["a", "t", "part", "big"]
    assert features.kinds == {"a": "numeric", "t": "categorical", "part": "numeric", "big": "boolean"}
    raw = pq.read_table(done.folder / "test" / "raw.parquet").select(features.raw_names)
    raw = raw.set_column(1, "t", raw["t"].cast(pa.string()))
    expected = np.ascontiguousarray(done.matrices()["test"][:, :-1]).tobytes()
    for body, kind in requests(raw):
        together = features.derive(decode(receive(body, kind), features))
        assert features.encode(together).tobytes() == expected, kind
    alone = [features.encode(features.derive(raw.slice(at, 1))) for at in range(raw.num_rows)]
    assert np.concatenate(alone).tobytes() == expected


def test_fit_reads_the_training_rows_block_by_block(ran, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 500)
    done = ran(TOTAL)
    assert done.code == 0, done.message
    fitted, train = done.features.own.fitted, done.side("train")
    assert fitted["batches"] > 5
    assert fitted["rows"] == train.num_rows
    assert fitted["total"] == train["a"].to_numpy().sum()


def test_a_number_is_read_as_it_is_and_not_as_the_model_sees_it(ran, raw_folder):
    """2^24 + 1 is no float32."""
    (raw_folder / "d.csv").write_text("id,a,y\n" + "".join(f"{n},{2**24 + n % 3},{n % 2}\n" for n in range(ROWS)))
    done = ran(
        'INPUTS = ("a",)\ndef compute(columns, fitted):\n    return {"last": pc.subtract(columns["a"], float(2**24))}'
    )
    assert set(done.side("train")["last"].to_pylist()) == {0, 1, 2}
    raw = pq.read_table(done.folder / "test" / "raw.parquet")
    assert set(raw["a"].to_pylist()) == {2**24, 2**24 + 1, 2**24 + 2}


def test_a_private_column_is_hashed_before_it_is_read(ran):
    text = 'INPUTS = ("t",)\ndef compute(columns, fitted):\n    return {"copy": columns["t"]}'
    done = ran(text, private_hash=["t"])
    assert done.code == 0, done.message
    [copy] = [column for column in done.features.columns if column.name == "copy"]
    assert all(level.startswith("hash:") for level in copy.levels)
    rows = done.features.derive(decode(receive(b"a,t\n1,x\n", "text/csv"), done.features))
    assert rows["copy"][0].as_py() in copy.levels


def test_a_private_column_that_only_the_file_reads_is_hashed_as_well(ran):
    text = 'INPUTS = ("t",)\ndef compute(columns, fitted):\n    return {"given": pc.is_valid(columns["t"])}'
    done = ran(text, private_hash=["t"], rare_level_rows=100_000)
    assert done.features.names == ["a", "given"]
    assert done.features.cells["t"].protection
    assert "hash:" in (done.folder / "features" / "sample.csv").read_text()
    assert Features.read(done.folder / "features" / "features.json") == done.features


def test_infinite_numbers_are_missing(ran):
    done = ran('INPUTS = ("a",)\ndef compute(columns, fitted):\n    return {"one": pc.divide(1.0, columns["a"])}')
    assert done.code == 0, done.message
    zero = done.side("train")["a"].to_numpy() == 0
    assert zero.any()
    assert (np.isnan(done.side("train")["one"].to_numpy()) == zero).all()


def test_numpy_arrays_and_integers_are_numbers(ran):
    text = 'INPUTS = ("a",)\nimport numpy as np\ndef compute(columns, fitted):\n'
    text += '    return {"n": columns["a"].to_numpy(zero_copy_only=False) + 1, "i": columns["a"].cast(pa.int32())}'
    done = ran(text)
    assert done.code == 0, done.message
    assert done.side("test")["n"].to_pylist() == [value + 1 for value in done.side("test")["i"].to_pylist()]


READS = 'INPUTS = ("a",)\ndef compute(columns, fitted):\n    return '


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('INPUTS = "a"', "INPUTS of own_features.py is 'a': make it the names of columns, such as"),
        ('INPUTS = ("a",)', "own_features.py has no function compute(columns, fitted)"),
        (
            READS.replace('"a"', '"A"') + "{}",
            'own_features.py reads "A", which is no column of d.csv: did you mean "a"',
        ),
        (READS.replace('"a"', '"y"') + "{}", 'own_features.py reads "y", the target, which no client can send'),
        (READS + "{}", "must return columns by name; to have none, set INPUTS = ()"),
        (READS + "[]", "must return columns by name"),
        (READS + '{"t": columns["a"]}', 'own_features.py computes "t", which is a column already'),
        (READS + '{"n": [1]}', 'own_features.py returns "n" as list: return an Arrow array'),
        (READS + '{"n": pa.nulls(len(columns["a"]))}', 'returns "n" as null: return numbers, booleans or texts'),
        (
            READS + '{"n": columns["a"].cast(pa.int64()).cast(pa.timestamp("s"))}',
            'returns "n" as timestamp[s]: return numbers',
        ),
        (READS + '{"n": columns["a"][:5]}', 'own_features.py returns 5 values of "n" for 400 rows'),
        (READS + '{"n": columns["b"]}', "compute of own_features.py fails: line 4: KeyError: 'b'"),
        (
            READS + '{"n": pa.array([min(columns["a"].to_pylist())] * len(columns["a"]))}',
            "with no row, as a client may send, compute of own_features.py fails: line 4: ValueError",
        ),
        (
            READS + '{"n": pa.array([x + 1 for x in columns["a"].to_pylist()], pa.float64())}',
            "with a row of missing values, as a client may send, compute of own_features.py fails: line 4: TypeError",
        ),
        (
            READS + '{"n": pa.array([x and 1 / (x + 0) if x != 0 else 1 / x for x in columns["a"].to_pylist()])}',
            "ZeroDivisionError",
        ),
        (READS + '{"n": pc.subtract(columns["a"], pc.mean(columns["a"]))}', "a value may depend on its own row only"),
        (READS + '{"n": pc.cumulative_sum(columns["a"])}', 'computes "n" of a row as'),
        (READS + '{"n": pc.random(len(columns["a"]))}', "a value may depend on its own row only"),
        ("INPUTS = ()\ndef compute(columns, fitted):\n    return {'n': columns['a']}", "KeyError: 'a'"),
        (
            "INPUTS = ()\ndef compute(columns, fitted):\n    return {'n': pa.nulls(0)}",
            "name the columns that it reads in INPUTS",
        ),
        (READS + '{"n": columns["a"]}\ndef fit(batches):\n    return {1, 2}', "cannot be kept in features.json"),
        (READS + '{"n": columns["a"]}\ndef fit(batches):\n    return 1 / 0', "fit of own_features.py fails: line 6"),
    ],
)
def test_what_cannot_work_is_a_sentence(ran, text, sentence):
    done = ran(text)
    assert done.code == 1
    assert sentence in done.message
    assert done.files == ["message"]


def test_a_dropped_private_column_cannot_be_read(ran):
    done = ran('INPUTS = ("t",)\ndef compute(columns, fitted):\n    return {"copy": columns["t"]}', private_drop=["t"])
    assert 'INPUTS of own_features.py name "t", but data.private drops it: take it out of one of them' in done.message


def test_a_file_that_python_cannot_read_is_a_sentence(own, prepare, raw_folder, monkeypatch, tmp_path):
    (raw_folder / "d.csv").write_text("id,a,y\n" + "".join(f"{n},{n % 7},{n % 2}\n" for n in range(ROWS)))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / own_columns.FILE).write_text("INPUTS = (\n")
    own("INPUTS = ()\ndef compute(columns, fitted):\n    return {}")
    monkeypatch.delitem(sys.modules, "own_features")
    (tmp_path / "own" / own_columns.FILE).write_text("INPUTS = (\n")
    monkeypatch.syspath_prepend(str(tmp_path / "own"))
    done = prepare(target="y", problem="binary", key=["id"])
    assert "own_features.py cannot be imported: line 1: SyntaxError" in done.message
