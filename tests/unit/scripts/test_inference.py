"""Every request and response format gives the same bits as a DMatrix prediction of encoded rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost

import inference
import prediction_writer
from algorithm_xgboost import ONE_THREAD_ROWS
from features import Column, Features, Matrix, Target
from http_errors import HttpError

COLUMNS = (
    Column("tenure", "numeric"),
    Column("paperless", "boolean"),
    Column("plan", "categorical", ("basic", 'a "b", c', "größe", "3")),
    Column("charge", "numeric"),
)
TARGETS = {
    "binary": Target("churn", ("no", "yes, gone")),
    "multiclass": Target("grade", ("1", "2", "3.5"), numeric_classes=True),
    "regression": Target("price"),
}
OBJECTIVES: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary:logistic"},
    "multiclass": {"objective": "multi:softprob", "num_class": 3},
    "regression": {"objective": "reg:squarederror"},
}
ROWS = 200
Models = dict[str, inference.Model]
NAMES = [column.name for column in COLUMNS]


def raw_rows(rows: int = ROWS, seed: int = 5) -> list[dict[str, Any]]:
    """Typed rows with missing values and levels that training never saw."""
    draw = np.random.default_rng(seed)
    plans = [*COLUMNS[2].levels, "never seen", None]
    return [
        {
            "tenure": None if draw.random() < 0.1 else int(draw.integers(0, 90)),
            "paperless": [True, False, None][draw.integers(0, 3)],
            "plan": plans[draw.integers(0, len(plans))],
            "charge": None if draw.random() < 0.1 else float(draw.normal(0, 1e3)),
        }
        for _ in range(rows)
    ]


def typed(rows: list[dict[str, Any]]) -> pa.Table:
    types = {"tenure": pa.float64(), "paperless": pa.bool_(), "plan": pa.string(), "charge": pa.float64()}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in types.items()})


def make_model(folder: Path, problem: str, threshold: float | None = None) -> Path:
    features = Features(problem, TARGETS[problem], COLUMNS, missing=("", "NA"))
    matrix = features.encode(typed(raw_rows()))
    known = np.nan_to_num(matrix)
    target = known[:, 0] + known[:, 2] * 20 + known[:, 3] / 50
    if problem != "regression":
        edges = np.quantile(target, [0.5] if problem == "binary" else [0.3, 0.7])
        target = np.digitize(target, edges)
    data = xgboost.QuantileDMatrix(
        matrix, target, feature_names=NAMES, feature_types=features.types, enable_categorical=True
    )
    booster = xgboost.train(OBJECTIVES[problem] | {"nthread": 1, "seed": 1, "max_depth": 4, "eta": 0.9}, data, 8)
    booster.save_model(folder / "model.ubj")
    features.write(folder / "features.json")
    (folder / "metadata.json").write_text(json.dumps({"format": 1, "problem": problem, "threshold": threshold}))
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return {
        problem: inference.model_fn(str(make_model(tmp_path_factory.mktemp(problem), problem))) for problem in TARGETS
    }


def as_csv(rows: list[dict[str, Any]], header: bool = False, names: list[str] = NAMES, eol: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=eol)
    if header:
        writer.writerow(names)
    for row in rows:
        cells = [row[name] for name in names]
        writer.writerow([repr(cell).lower() if isinstance(cell, bool) else cell for cell in cells])
    return text.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(typed(rows), sink)
    return sink.getvalue()


def lines(rows: list[Any]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def arrays(rows: list[dict[str, Any]]) -> list[list[Any]]:
    return [[row[name] for name in NAMES] for row in rows]


REQUESTS: dict[str, tuple[Callable[[list[dict[str, Any]]], bytes | str], str]] = {
    "csv": (lambda rows: as_csv(rows), "text/csv"),
    "csv as text, as the container hands it over": (lambda rows: as_csv(rows).decode(), "text/csv"),
    "csv with header": (lambda rows: as_csv(rows, header=True), "text/csv"),
    "csv, header announced": (lambda rows: as_csv(rows, header=True), "Text/CSV; Charset=UTF-8; header=PRESENT"),
    "csv, no header announced": (lambda rows: as_csv(rows), "text/csv;header=absent"),
    "csv, reordered": (lambda rows: as_csv(rows, True, NAMES[::-1]), "text/csv"),
    "csv, CRLF": (lambda rows: as_csv(rows, True, eol="\r\n"), "text/csv"),
    "csv, byte order mark": (lambda rows: b"\xef\xbb\xbf" + as_csv(rows, True), "text/csv"),
    "csv, blank lines": (lambda rows: b"\n\n" + as_csv(rows).replace(b"\n", b"\n\n"), "text/csv"),
    "json objects": (lambda rows: json.dumps(rows), "application/json"),
    "json instances": (lambda rows: json.dumps({"instances": rows}).encode(), "application/json"),
    "json arrays": (lambda rows: json.dumps({"instances": arrays(rows)}), "application/json; charset=utf-8"),
    "json list of arrays": (lambda rows: json.dumps(arrays(rows)), "application/json"),
    "json lines": (lines, "application/jsonlines"),
    "json lines of arrays": (lambda rows: lines(arrays(rows)) + b"\r\n\n", "application/x-ndjson"),
    "json texts": (lambda rows: json.dumps([as_texts(row) for row in rows]), "application/json"),
    "parquet": (as_parquet, "application/x-parquet"),
    "parquet by its registered name": (as_parquet, "application/vnd.apache.parquet"),
}


def as_texts(row: dict[str, Any]) -> dict[str, str]:
    """As a client sends it that read a CSV file and kept every cell a text."""
    return {name: "NA" if cell is None else str(cell) for name, cell in row.items()}


def ask(model: inference.Model, body: bytes | str, content_type: str, accept: str = "*/*") -> tuple[bytes, str]:
    return inference.respond(model, body, content_type, accept)


def expected(model: inference.Model, rows: list[dict[str, Any]]) -> Matrix:
    """The long way round: a DMatrix of encoded rows."""
    data = xgboost.DMatrix(
        model.features.encode(typed(rows)), feature_names=NAMES, feature_types=model.features.types, nthread=1
    )
    predicted: Matrix = model.predictor.booster.predict(data)
    return predicted


def read_answer(model: inference.Model, content: bytes, kind: str) -> tuple[list[Any], Matrix]:
    """Labels, and probabilities or values as float32, from any answer."""
    names = model.features.target.classes
    if kind == "application/x-parquet":
        table = pq.read_table(io.BytesIO(content))
        labels = table["label"].to_pylist() if names else []
        return labels, np.column_stack([table[n] for n in table.column_names if n != "label"]).squeeze()
    if kind == "text/csv":
        rows = list(csv.reader(io.StringIO(content.decode())))
        numbers = np.array([row[bool(names) :] for row in rows], np.float64).astype(np.float32).squeeze()
        return [row[0] for row in rows] if names else [], numbers
    text = content.decode()
    answers = (
        json.loads(text)["predictions"] if kind == "application/json" else list(map(json.loads, text.split("\n")[:-1]))
    )
    values = [list(a["probabilities"].values()) if names else a["value"] for a in answers]
    return [a["label"] for a in answers] if names else [], np.array(values, np.float64).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("problem", TARGETS)
@pytest.mark.parametrize("request_name", REQUESTS)
def test_every_request_format_gives_the_same_bits(models: Models, problem: str, request_name: str) -> None:
    model, rows = models[problem], raw_rows(90, seed=8)
    write, content_type = REQUESTS[request_name]
    content, kind = ask(model, write(rows), content_type, "application/x-parquet")
    numbers = read_answer(model, content, kind)[1]
    reference = expected(model, rows)
    assert np.array_equal(numbers[:, 1] if problem == "binary" else numbers, reference)


@pytest.mark.parametrize("problem", TARGETS)
@pytest.mark.parametrize("accept", ["text/csv", "application/json", "application/jsonlines", "application/x-parquet"])
def test_every_answer_format_reads_back_to_the_same_bits(models: Models, problem: str, accept: str) -> None:
    model, rows = models[problem], raw_rows(90, seed=9)
    content, kind = ask(model, as_csv(rows), "text/csv", accept)
    labels, numbers = read_answer(model, content, kind)
    assert kind == accept
    reference = expected(model, rows)
    if problem == "binary" and accept != "text/csv":
        assert np.array_equal(numbers[:, 0], 1 - reference)
        numbers = numbers[:, 1]
    assert np.array_equal(numbers, reference)
    if problem != "regression":
        numbered = reference >= 0.5 if problem == "binary" else reference.argmax(axis=1)
        names = model.features.target.classes if accept == "text/csv" else model.features.labels
        assert labels == [names[int(number)] for number in numbered]
        assert len(set(labels)) == len(names)


@pytest.mark.parametrize("problem", TARGETS)
def test_the_prediction_of_a_row_does_not_depend_on_the_others(models: Models, problem: str) -> None:
    model = models[problem]
    matrix = model.features.encode(typed(raw_rows(ONE_THREAD_ROWS + 44)))
    together = inference.predict_matrix(model, matrix)
    for row in range(len(matrix)):
        alone = inference.predict_matrix(model, matrix[row : row + 1])
        assert np.array_equal(alone.probabilities[0], together.probabilities[row])
        assert np.array_equal(alone.values, together.values[row : row + 1])
        assert np.array_equal(alone.labels, together.labels[row : row + 1])


def test_extra_columns_are_ignored(models: Models) -> None:
    rows = [row | {"key": f"k{i}", "churn": "yes", 'odd "name"': "x"} for i, row in enumerate(raw_rows(7))]
    names = ["churn", *NAMES[:2], "key", *NAMES[2:], 'odd "name"']
    reference = ask(models["binary"], as_csv(rows), "text/csv")
    assert ask(models["binary"], as_csv(rows, True, names), "text/csv") == reference
    twice = as_csv(rows, True, ["key", *NAMES, "key"])
    assert ask(models["binary"], twice, "text/csv") == reference
    assert ask(models["binary"], lines(rows), "application/jsonlines") == reference


def test_one_object_is_one_row(models: Models) -> None:
    row = raw_rows(1)[0]
    assert ask(models["binary"], json.dumps(row), "application/json") == ask(
        models["binary"], json.dumps([row]), "application/json"
    )


def test_missing_texts_nulls_and_nan_mean_the_same(models: Models) -> None:
    model = models["binary"]
    reference = ask(model, b",,,\n", "text/csv", "text/csv")
    nothing = dict.fromkeys(NAMES)
    assert ask(model, '[["1", null, null, null], [NaN, null, null, NaN]]', "application/json", "text/csv") == ask(
        model, b"1,,,\n,,,\n", "text/csv", "text/csv"
    )
    same: dict[str, list[Any]] = {
        "text/csv": [b"NA,NA,NA,NA\n", b'"","","",""', b"nan,,,NaN"],
        "application/json": [json.dumps(nothing), '[["NA", "NA", "", NaN]]'],
        "application/jsonlines": ['{"tenure": NaN, "paperless": null, "plan": null, "charge": ""}'],
        "application/x-parquet": [as_parquet([nothing])],
    }
    for kind, bodies in same.items():
        for body in bodies:
            assert ask(model, body, kind, "text/csv") == reference, body


def test_a_quoted_line_break_stays_inside_its_cell(models: Models) -> None:
    content, _ = ask(models["binary"], b'1,true,"a\nb",2\n1,true,"c\r\nd",2\n', "text/csv", "text/csv")
    other, _ = ask(models["binary"], b"1,true,never seen,2\n" * 2, "text/csv", "text/csv")
    assert content == other


def test_numbers_and_booleans_are_levels_as_preprocess_writes_them(models: Models) -> None:
    model = models["binary"]
    reference = ask(model, b"1,true,3,2\n", "text/csv", "text/csv")
    for cell in (3, 3.0, "3"):
        body = json.dumps({"tenure": 1, "paperless": True, "plan": cell, "charge": 2.0})
        assert ask(model, body, "application/json", "text/csv") == reference
    mixed = json.dumps([[1, True, 3, 2], [1, True, "3", 2], [1, True, "größe", 2], [1, True, False, 2]])
    same = b"1,true,3,2\n1,true,3,2\n1,true,gr\xc3\xb6\xc3\x9fe,2\n1,true,never seen,2\n"
    assert ask(model, mixed, "application/json", "text/csv") == ask(model, same, "text/csv", "text/csv")


def test_large_integers_round_as_in_csv(models: Models) -> None:
    for number in (2**53 + 1, 2**63, 2**64 + 1, 10**30):
        row = [number, None, None, -number]
        body = json.dumps([row, [0.5, None, None, 1]])
        in_csv = f"{number},,,{-number}\n0.5,,,1\n".encode()
        assert ask(models["regression"], body, "application/json", "text/csv") == ask(
            models["regression"], in_csv, "text/csv", "text/csv"
        )


@pytest.mark.parametrize(
    ("content_type", "accept", "kind"),
    [
        ("application/json", "*/*", "application/json"),
        ("application/json", "", "application/json"),
        ("application/json", None, "application/json"),
        ("application/jsonlines", "*/*", "text/csv"),
        ("application/json", "text/*", "text/csv"),
        ("application/json", "application/*", "application/json"),
        ("application/json", "TEXT/CSV; header=absent", "text/csv"),
        ("application/json", "image/png, text/csv;q=0.5, application/jsonlines;q=0.8", "application/jsonlines"),
        ("application/json", "text/csv;q=0, */*;q=0.1", "application/json"),
        ("application/json", "application/x-ndjson", "application/x-ndjson"),
    ],
)
def test_accept(models: Models, content_type: str, accept: str | None, kind: str) -> None:
    body = json.dumps(raw_rows(1)[0])
    assert ask(models["binary"], body, content_type, accept)[1] == kind  # type: ignore[arg-type]


def test_csv_header_of_the_answer_on_request(models: Models) -> None:
    heads = {
        "binary": 'label,"probability_yes, gone"',
        "multiclass": "label,probability_1,probability_2,probability_3.5",
        "regression": "value",
    }
    for problem, head in heads.items():
        content, _ = ask(models[problem], as_csv(raw_rows(3)), "text/csv", "text/csv; header=present")
        plain, _ = ask(models[problem], as_csv(raw_rows(3)), "text/csv", "text/csv")
        assert content == head.encode() + b"\n" + plain


@pytest.mark.slow
def test_the_positive_label_begins_at_the_threshold(tmp_path: Path) -> None:
    """At, not above: the probability that train picked as threshold counts as positive, also once read from JSON."""
    make_model(tmp_path, "binary")
    rows = raw_rows(50)
    scores = np.unique(expected(inference.load(tmp_path), rows))
    for score in (scores[0], scores[len(scores) // 2], scores[-1]):
        metadata = {"format": 1, "problem": "binary", "threshold": float(str(score))}
        (tmp_path / "metadata.json").write_text(json.dumps(metadata))
        model = inference.load(tmp_path)
        labels = inference.predict_matrix(model, model.features.encode(typed(rows))).labels
        assert np.array_equal(labels == 1, expected(model, rows) >= score)


def test_floats_are_as_short_as_they_can_be(models: Models) -> None:
    numbers = np.array([0.1, 1 / 3, 5e-8, 1.0, 1e20], np.float32)
    assert prediction_writer._texts(numbers).to_pylist() == ["0.1", "0.33333334", "5e-8", "1", "1e+20"]
    bits = np.random.default_rng(3).integers(0, 2**32, 100_000, dtype=np.uint32).view(np.float32)
    bits = bits[np.isfinite(bits)]
    assert np.array_equal(np.array(prediction_writer._texts(bits).to_pylist(), np.float64).astype(np.float32), bits)


def test_an_empty_parquet_column_type_is_no_obstacle(models: Models) -> None:
    """A client's table whose column happens to be all missing has Arrow's null type."""
    sink = io.BytesIO()
    pq.write_table(pa.table({name: pa.nulls(2) for name in NAMES}), sink)
    assert ask(models["binary"], sink.getvalue(), "application/x-parquet", "text/csv") == ask(
        models["binary"], b",,,\n,,,\n", "text/csv", "text/csv"
    )


def test_a_model_that_does_not_fit_its_features_is_refused_at_load(tmp_path: Path) -> None:
    make_model(tmp_path, "binary")
    Features("binary", TARGETS["binary"], COLUMNS[:3], ("",)).write(tmp_path / "features.json")
    with pytest.raises(ValueError, match=r"trained on 4 columns, features\.json has 3"):
        inference.load(tmp_path)


# --- explanations ---


def contributions(model: inference.Model, rows: list[dict[str, Any]]) -> np.ndarray:
    matrix = model.features.encode(typed(rows))
    data = xgboost.DMatrix(matrix, feature_types=model.features.types, enable_categorical=True)
    found = model.predictor.booster.predict(data, pred_contribs=True, validate_features=False)
    if model.features.problem == "multiclass":
        found = found[np.arange(len(rows)), inference.predict_matrix(model, matrix).labels]
    return found[:, :-1]


@pytest.mark.parametrize("problem", TARGETS)
def test_the_largest_contributions_come_with_the_client_s_own_columns_and_values(models: Models, problem: str) -> None:
    model, rows = models[problem], raw_rows(60, seed=3)
    answers = json.loads(ask(model, json.dumps(rows).encode(), "application/json", "application/json; explain=2")[0])
    plain = json.loads(ask(model, json.dumps(rows).encode(), "application/json", "application/json")[0])
    for row, answer, other, exact in zip(
        rows, answers["predictions"], plain["predictions"], contributions(model, rows), strict=True
    ):
        parts = answer.pop("explanation")
        assert answer == other
        assert [part["column"] for part in parts] == [NAMES[i] for i in np.argsort(-abs(exact), kind="stable")[:2]]
        for part in parts:
            assert np.float32(part["contribution"]) == exact[NAMES.index(part["column"])]
            value = row[part["column"]]
            assert part["value"] == (None if value in ("", "NA") else value)


@pytest.mark.parametrize("problem", TARGETS)
def test_explanations_are_the_same_in_every_format(models: Models, problem: str) -> None:
    model, body = models[problem], as_csv(raw_rows(20, seed=4))
    lines_ = ask(model, body, "text/csv", "application/jsonlines; explain=99")[0].decode().splitlines()
    expected_ = [
        [(p["column"], p["value"], np.float32(p["contribution"])) for p in json.loads(line)["explanation"]]
        for line in lines_
    ]
    assert {len(row) for row in expected_} == {len(NAMES)}
    table = pq.read_table(io.BytesIO(ask(model, body, "text/csv", "application/x-parquet; explain=99")[0]))
    header, *cells = csv.reader(
        ask(model, body, "text/csv", "text/csv; header=present; explain=99")[0].decode().splitlines()
    )
    first = header.index("column_1")
    assert header[first:] == [f"{kind}_{i}" for i in range(1, 5) for kind in ("column", "value", "contribution")]
    for row, of_table, of_csv in zip(expected_, table["explanation"].to_pylist(), cells, strict=True):
        assert [(p["column"], np.float32(p["contribution"])) for p in of_table] == [(c, n) for c, _, n in row]
        texts = ["" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for _, v, _ in row]
        assert [p["value"] for p in of_table] == texts == of_csv[first + 1 :: 3]
        assert [np.float32(cell) for cell in of_csv[first + 2 :: 3]] == [n for _, _, n in row]


def test_who_does_not_ask_pays_nothing(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference.explanations, "explain", lambda *_: pytest.fail("nobody asked"))
    ask(models["binary"], as_csv(raw_rows(3)), "text/csv", "application/json")


@pytest.mark.parametrize("count", ["0", "-1", "x", "1.5", "", "9999999"])
def test_a_number_of_columns_that_is_none_is_refused(models: Models, count: str) -> None:
    with pytest.raises(HttpError, match="is not a number of columns such as explain=3") as refusal:
        ask(models["binary"], as_csv(raw_rows(2)), "text/csv", f"text/csv; explain={count}")
    assert refusal.value.status_code == 400


def test_too_many_rows_to_explain_are_refused(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference.explanations, "MOST_ROWS", 2)
    with pytest.raises(HttpError, match="3 rows are too many to explain in one request: send at most 2"):
        ask(models["binary"], as_csv(raw_rows(3)), "text/csv", "text/csv; explain=1")
