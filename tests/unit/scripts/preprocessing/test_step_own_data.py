"""Bring your own data: three well-known data sets, one for each problem, in every form files come in."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from preprocessing.splitting import SIDES

PROBLEMS = {
    "binary": ("load_breast_cancer", ("benign", "malignant")),
    "multiclass": ("load_wine", ("class_0", "class_1", "class_2")),
    "regression": ("load_diabetes", ()),
}
pytestmark = pytest.mark.slow  # importing scikit-learn takes seconds, compiled for the first time


def table_of(problem: str) -> pa.Table:
    from sklearn import datasets

    data = getattr(datasets, PROBLEMS[problem][0])()
    columns = {name.replace(" ", "_"): data.data[:, at] for at, name in enumerate(data.feature_names)}
    target = data.target if problem == "regression" else [data.target_names[number] for number in data.target]
    return pa.table(columns | {"outcome": target})


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_sides_hold_every_row_once(prepare, raw_folder, problem):
    table = table_of(problem)
    csv.write_csv(table, raw_folder / "data.csv")
    outcome = prepare(target="outcome", problem=problem)
    assert outcome.code == 0
    features = outcome.features
    assert features.names == table.column_names[:-1]
    assert set(features.kinds.values()) == {"numeric"}
    assert features.target.classes == PROBLEMS[problem][1]
    sides = outcome.matrices()
    together = np.concatenate(list(sides.values()))
    assert sorted(map(tuple, together.tolist())) == sorted(
        map(tuple, expected(table, features.target.classes).tolist())
    )
    assert features.details["rows"] == {name: len(sides[name]) for name in SIDES} | {"rejected": 0}


def expected(table: pa.Table, classes: tuple[str, ...]) -> np.ndarray:
    values = [column.to_pylist() for column in table.columns]
    if classes:
        values[-1] = [classes.index(text) for text in values[-1]]
    return np.array(values, np.float64).T.astype(np.float32)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_form_of_file_gives_the_same_outputs(prepare, tmp_path, problem):
    table = table_of(problem)
    runs = {}
    for form, write in FORMS.items():
        folder = tmp_path / form
        folder.mkdir()
        write(table, folder)
        runs[form] = prepare(folder, target="outcome", problem=problem)
    first = runs.pop("csv")
    assert first.code == 0
    for form, run in runs.items():
        assert run.files == first.files
        for name in first.files:
            same(run, first, name, form)


def same(run, first, name: str, form: str) -> None:
    """To the byte; but sums depend in their last digit on how the rows come in blocks."""
    if name == "baseline/statistics.json":
        mine, other = list(numbers(run.json(name))), list(numbers(first.json(name)))
        assert mine == pytest.approx(other, rel=1e-12), form
    else:
        assert (run.folder / name).read_bytes() == (first.folder / name).read_bytes(), (form, name)


def numbers(content):
    if isinstance(content, dict | list):
        for item in content.values() if isinstance(content, dict) else content:
            yield from numbers(item)
    elif isinstance(content, int | float):
        yield content


def write_gzip(table: pa.Table, folder) -> None:
    text = pa.BufferOutputStream()
    csv.write_csv(table, text)
    content = text.getvalue().to_pybytes()
    (folder / "data.csv.gz").write_bytes(gzip.compress(content[:5000]) + gzip.compress(content[5000:]))


def write_many(table: pa.Table, folder) -> None:
    for number, start in enumerate(range(0, len(table), 17)):
        part = folder / f"day={number:03d}" / "part.csv"
        part.parent.mkdir()
        csv.write_csv(table.slice(start, 17), part)


def write_like_a_spreadsheet(table: pa.Table, folder) -> None:
    """A byte order mark, CRLF, every cell in quotes, blank lines, no line end at the end."""
    lines = [",".join(f'"{value}"' for value in row) for row in zip(*table.to_pydict().values(), strict=True)]
    header = ",".join(f'"{name}"' for name in table.column_names)
    (folder / "data.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join([header, "", *lines]).encode())


def write_parquet_parts(table: pa.Table, folder) -> None:
    half = len(table) // 2
    pq.write_table(table.slice(0, half), folder / "1.parquet", row_group_size=50)
    coded = table.slice(half).column("outcome")
    other = coded.cast(pa.float64()) if pa.types.is_floating(coded.type) else coded.dictionary_encode()
    pq.write_table(table.slice(half).set_column(len(table.columns) - 1, "outcome", other), folder / "2.parquet")


FORMS = {
    "csv": lambda table, folder: csv.write_csv(table, folder / "data.csv"),
    "gzip": write_gzip,
    "many": write_many,
    "spreadsheet": write_like_a_spreadsheet,
    "parquet": lambda table, folder: pq.write_table(table, folder / "data.parquet"),
    "parquet parts": write_parquet_parts,
}
