"""The outputs: encoded rows of each side, and features fitted on training rows only."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

import raw_columns
from cells import Cells
from preprocessing import blocks, second_pass
from preprocessing.splitting import SIDES, Split

COMMON = {"target": "churned", "problem": "binary", "missing": ["NA"], "rare_level_rows": 5}


def customers(rows: int, seed: int = 0) -> list[str]:
    draw = np.random.default_rng(seed)
    plans = draw.choice(["basic", "plus", "NA", "", "one-off"], rows, p=[0.5, 0.4, 0.05, 0.045, 0.005])
    lines = []
    for number in range(rows):
        charge = "" if draw.random() < 0.1 else f"{draw.lognormal(3):.2f}"
        plan = plans[number] if plans[number] != "one-off" else f"one-off {number}"
        active, churned = draw.choice(["true", "false", ""]), draw.choice(["yes", "no"], p=[0.2, 0.8])
        lines.append(f"C{number},{charge},{plan},{active},{churned}\n")
    return lines


SAMPLE = "features/sample.csv"
HEADER = "id,charge,plan,active,churned\n"


@pytest.fixture
def churn(raw_folder):
    (raw_folder / "churn.csv").write_text(HEADER + "".join(customers(2000)))
    return raw_folder / "churn.csv"


def test_serving_encodes_raw_rows_to_the_very_bits_of_the_sides(prepare, churn):
    outcome = prepare(**COMMON, key=["id"])
    assert outcome.code == 0, outcome.message
    features = outcome.features
    assert features.kinds == {"charge": "numeric", "plan": "categorical", "active": "boolean"}
    assert features.columns[1].levels == ("basic", "plus")
    body = churn.read_bytes().split(b"\n", 1)[1]
    names = HEADER.strip().split(",")
    texts = {"id": Cells("categorical"), "churned": Cells("categorical")}
    table = raw_columns.parse_csv(body, names, features.cells | texts, ",")
    whole = features.encode(table)
    labels = np.array([features.target.classes.index(text) for text in table["churned"].to_pylist()], np.float32)
    sides = Split(("id",), 0.15, 0.15).sides({"id": table["id"].combine_chunks()})
    for position, name in enumerate(SIDES):
        side = outcome.side(name)
        assert {field.type for field in side.schema} == {pa.float32()}
        assert side.column_names == [*features.names, "churned"]
        mine = np.column_stack([whole, labels])[sides == position]  # input order is kept
        assert np.stack(side.columns, axis=1).tobytes() == mine.tobytes()
    assert {0.0, 1.0, 2.0} == {level for level in whole[:, 1].tolist() if level == level}


def test_a_row_never_changes_its_side_when_data_is_added(prepare, raw_folder, tmp_path):
    """Not even when the new rows turn a column of numbers into one of texts."""
    old = [f"{number},{number % 7},{number % 3},{'yn'[number % 2]}\n" for number in range(600)]
    new = [f"N{number},{number % 5},x{number % 4},{'yn'[number % 2]}\n" for number in range(600)]
    (raw_folder / "b.csv").write_text("id,a,kind,y\n" + "".join(old))
    before = prepare(target="y", problem="binary", rare_level_rows=1)
    assert before.features.kinds == {"a": "numeric", "kind": "numeric"}
    (raw_folder / "a.csv").write_text("id,a,kind,y\n" + "".join(new))
    after = prepare(target="y", problem="binary", rare_level_rows=1)
    assert after.features.kinds == {"a": "numeric", "kind": "categorical"}
    for side in SIDES:
        assert after.side(side)["a"].to_pylist()[-before.side(side).num_rows :] == before.side(side)["a"].to_pylist()


def test_features_are_fitted_on_training_rows_only(prepare, raw_folder):
    """Of levels, statistics and buckets, validation and test rows decide nothing."""
    ids = np.arange(3000)
    sides = Split(("id",), 0.15, 0.15).sides({"id": pa.array(ids.astype(float))})
    plan = np.where(sides == 0, "seen", "elsewhere")
    value = np.where(sides == 0, ids % 10, 1000.0)
    table = pa.table({"id": ids, "plan": plan, "value": value, "y": ids % 2})
    csv.write_csv(table, raw_folder / "d.csv")
    outcome = prepare(target="y", problem="binary", key=["id"])
    assert outcome.features.columns[0].levels == ("seen",)
    assert set(outcome.side("test")["plan"].to_pylist()) == {0.0}
    statistics = {one["name"]: one for one in outcome.json("baseline/statistics.json")["features"]}
    assert statistics["value"]["numerical_statistics"]["max"] == 9.0
    assert statistics["plan"]["string_statistics"]["distinct_count"] == 1
    assert outcome.json("baseline/statistics.json")["dataset"]["item_count"] == (sides == 0).sum()


@pytest.mark.parametrize(
    ("texts", "positive", "classes", "numeric"),
    [
        (["no", "yes"], "", ("no", "yes"), False),
        (["no", "yes"], "no", ("yes", "no"), False),
        (["0", "1", "1.0", " 0"], "", ("0", "1"), True),
        (["10", "9"], "", ("9", "10"), True),
        (["True", "false", "true", "False"], "", ("false", "true"), False),
        (["1", "-1"], "-1.0", ("1", "-1"), True),
        (["0.5", "1e1"], "", ("0.5", "10"), True),
    ],
)
def test_labels(prepare, raw_folder, texts, positive, classes, numeric):
    lines = [f"{number},{number % 7},{texts[number % len(texts)]}\n" for number in range(400)]
    (raw_folder / "d.csv").write_text("id,a,y\n" + "".join(lines))
    outcome = prepare(target="y", problem="binary", positive=positive)
    assert outcome.code == 0, outcome.message
    assert (outcome.features.target.classes, outcome.features.target.numeric_classes) == (classes, numeric)
    assert set(outcome.side("train")["y"].to_pylist()) == {0.0, 1.0}


def test_typed_labels_of_parquet_are_those_of_csv(prepare, tmp_path):
    found = {}
    for name, labels in {"int": [0, 1], "float": [0.0, 1.0], "bool": [False, True], "text": ["0", "1"]}.items():
        (tmp_path / name).mkdir()
        table = pa.table({"a": range(400), "b": [number % 7 for number in range(400)], "y": pa.array(labels * 200)})
        pq.write_table(table, tmp_path / name / "d.parquet")
        found[name] = prepare(tmp_path / name, target="y", problem="binary", key=["a"]).features.target.classes
    assert found == {"int": ("0", "1"), "float": ("0", "1"), "bool": ("false", "true"), "text": ("0", "1")}


def test_features_json_reads_well(prepare, churn):
    text = (prepare(**COMMON).folder / "features" / "features.json").read_text()
    assert '\n    {"name": "plan", "kind": "categorical", "levels": ["basic", "plus"]},\n' in text
    details = json.loads(text)["details"]
    assert details["split"]["key"] == "all columns but the target"
    assert {"name": "id", "why": "nearly every value differs, as in a name or an identifier"} in details["ignored"]
    assert sum(details["rows"].values()) == 2000


@pytest.mark.slow
def test_blocks_and_row_groups_make_no_difference(prepare, churn, monkeypatch):
    whole = prepare(**COMMON)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(second_pass, "ROW_GROUP", 64)
    pieces = prepare(**COMMON)
    for name in SIDES:
        assert pieces.matrices()[name].tobytes() == whole.matrices()[name].tobytes()
    assert pieces.features == whole.features
    assert (pieces.folder / SAMPLE).read_bytes() == (whole.folder / SAMPLE).read_bytes()


def test_the_problems_are_those_that_can_be_trained_and_measured():
    import preprocess
    from evaluation import metrics
    from training import hyperparameters

    assert set(preprocess.PROBLEMS) == set(hyperparameters.OBJECTIVES) == set(metrics.ALL)


def test_the_test_side_is_also_there_raw_and_encodes_to_the_very_bits(prepare, churn):
    """With the rare texts that this run's encoding takes for one, as another model may know them."""
    outcome = prepare(**COMMON, key=["id"])
    raw = pq.read_table(outcome.folder / "test" / "raw.parquet")
    texts = raw.column("plan").cast(pa.string())
    typed = raw.set_column(raw.column_names.index("plan"), "plan", texts)
    assert outcome.features.encode(typed).tobytes() == outcome.matrices()["test"][:, :-1].tobytes()
    known = {level for column in outcome.features.columns for level in column.levels}
    assert set(texts.to_pylist()) - known - {None}
    assert raw.schema.field("active").type == pa.bool_()


@pytest.mark.parametrize("cell", ["z" * 400_000, '"' + "z\n" * 200_000 + '"'])
def test_a_first_row_longer_than_a_sample(prepare, raw_folder, cell):
    rows = [f"{at % 50},{cell if at == 0 else 'ab'[at % 2]},{'ny'[at % 3 == 0]}" for at in range(600)]
    (raw_folder / "d.csv.gz").write_bytes(gzip.compress("\n".join(["x,note,y", *rows, ""]).encode()))
    outcome = prepare(target="y", problem="binary")
    assert outcome.features.kinds == {"x": "numeric", "note": "categorical"}
    assert outcome.json("rejects/summary.json")["rejected"] == 0
