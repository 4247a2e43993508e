"""Texts that mean "no value": which are recognised, where, and what the settings say about them."""

import json
from itertools import cycle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import inference
from features import Features
from payloads import Payload, decode
from preprocessing.missing_values import AMONG_NUMBERS, EVERYWHERE

DRAW = np.random.default_rng(11)
INCOMES = np.round(DRAW.lognormal(8, 1, 600), 2).tolist()
FLAT = {"target": "y", "problem": "binary", "missing": ["auto"], "key": ["id"]}


def write(folder, markers, every=12, color_marker="") -> None:
    markers = cycle(markers)
    rows = ["id,income,color,y"]
    for at, income in enumerate(INCOMES):
        color = color_marker if at % 9 == 0 else ("red", "blue")[at % 2]
        rows.append(f"c{at},{next(markers) if at % every == 0 else income},{color},{'ny'[income > 3000]}")
    (folder / "d.csv").write_text("\n".join(rows) + "\n")


def test_a_marker_among_numbers_is_no_value(prepare, raw_folder):
    """Each in some rows, against the same file with empty cells."""
    write(raw_folder, [""])
    clean = prepare(**FLAT)
    write(raw_folder, [*EVERYWHERE, *AMONG_NUMBERS, "  ", " N/A ", "\tNone"])
    outcome = prepare(**FLAT)
    assert outcome.code == 0, outcome.message
    assert outcome.features.kinds["income"] == "numeric"
    for side in ("train", "validation", "test"):
        name = f"{side}/data.parquet"
        assert (outcome.folder / name).read_bytes() == (clean.folder / name).read_bytes()


@pytest.mark.parametrize("marker", EVERYWHERE)
def test_a_clear_marker_among_categories_is_no_value(prepare, raw_folder, marker):
    write(raw_folder, [""], color_marker=marker)
    outcome = prepare(**FLAT)
    assert outcome.features.columns[1].levels == ("blue", "red")
    assert np.isnan(outcome.side("train")["color"].to_numpy()).any()


@pytest.mark.parametrize("level", ["None", "none", "-"])
def test_what_may_be_a_category_is_one(prepare, raw_folder, level):
    write(raw_folder, [level], color_marker=level)
    outcome = prepare(**FLAT)
    assert level in outcome.features.columns[1].levels
    assert np.isnan(outcome.side("train")["income"].to_numpy()).any()


def test_the_setting_overrules(prepare, raw_folder):
    write(raw_folder, ["?"], color_marker="?")
    outcome = prepare(**FLAT | {"missing": ["n.v."], "categorical": ["income"]})
    assert "?" in outcome.features.columns[1].levels
    assert not np.isnan(outcome.side("train")["color"].to_numpy()).any()


@pytest.mark.parametrize("every", [2, 3, 12, 40])
def test_a_column_of_numbers_is_never_dropped_in_silence(prepare, raw_folder, every):
    write(raw_folder, ["tbd"], every)
    outcome = prepare(**FLAT)
    assert outcome.code == 1
    assert 'column "income" holds numbers, but ' in outcome.message
    assert 'texts such as "tbd"' in outcome.message
    assert 'set data.missing = ["auto", "tbd"]' in outcome.message
    again = prepare(**FLAT | {"missing": ["auto", "tbd"]})
    assert again.code == 0, again.message
    assert again.features.kinds["income"] == "numeric"


def test_numbers_with_many_different_texts_are_text(prepare, raw_folder):
    """As the numbers of tickets: every third begins with letters."""
    rows = [f"{'PC ' * (at % 3 == 0)}{10000 + 7 * at},{at % 17},{'ny'[at % 5 == 0]}" for at in range(600)]
    (raw_folder / "d.csv").write_text("ticket,a,y\n" + "\n".join(rows) + "\n")
    outcome = prepare(target="y", problem="binary", missing=["auto"])
    assert outcome.code == 0, outcome.message
    assert [one["name"] for one in outcome.features.details["ignored"]] == ["ticket"]


def test_few_values_of_which_one_is_a_text_are_categories_with_a_note(prepare, raw_folder):
    rows = [f"{('0', '1', '2', '3+')[at % 4]},{at % 17},{'ny'[at % 5 == 0]}" for at in range(600)]
    (raw_folder / "d.csv").write_text("children,a,y\n" + "\n".join(rows) + "\n")
    outcome = prepare(target="y", problem="binary", missing=["auto"])
    assert outcome.features.kinds["children"] == "categorical"
    assert outcome.features.details["columns"][0]["note"] == 'numbers and texts such as "3+"'


def test_serving_reads_the_markers_as_preprocess_does(prepare, raw_folder):
    write(raw_folder, ["?"])
    features = prepare(**FLAT).features
    rows = "None,red\n 5 ,None\n?,?\n# ,red\n".replace("# ", "2")
    expected = [(None, "red"), (5.0, "None"), (None, None), (2.0, "red")]
    objects = [dict(zip(features.names, line.split(","), strict=True)) for line in rows.splitlines()]
    for payload in (
        Payload(rows.encode(), "text/csv", "absent"),
        Payload(json.dumps(objects).encode(), "application/json"),
        Payload(_parquet(objects), "application/x-parquet"),
    ):
        table = decode(payload, features)
        assert list(zip(*table.to_pydict().values(), strict=True)) == expected


def _parquet(objects) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(objects), sink)
    return sink.getvalue().to_pybytes()


def test_a_model_of_before_is_read(tmp_path):
    old = {"format": 1, "problem": "regression", "target": {"name": "y", "classes": [], "numeric_classes": False}}
    old |= {"columns": [{"name": "a", "kind": "numeric", "levels": []}], "missing": ["", "NA"], "delimiter": ","}
    (tmp_path / "features.json").write_text(json.dumps(old | {"details": {}}))
    features = Features.read(tmp_path / "features.json")
    assert features.cells["a"].missing == ("", "NA")
    with pytest.raises(inference.HttpError, match='column "a" holds "None", which is not a number'):
        decode(Payload(b"None\n", "text/csv", "absent"), features)


def test_the_table_of_columns(prepare, raw_folder):
    write(raw_folder, ["?"])
    table = {one["name"]: one for one in prepare(**FLAT).features.details["columns"]}
    assert list(table) == ["id", "income", "color", "y"]
    assert [one["taken_as"] for one in table.values()] == ["key", "numeric", "categorical", "target"]
    assert table["id"] == {
        "name": "id",
        "taken_as": "key",
        "missing": 0.0,
        "distinct": 600,
        "note": "",
        "why": "it is a key of the split",
    }
    assert table["income"]["note"] == 'missing: "?"'
    assert table["income"]["missing"] == pytest.approx(1 / 12, abs=0.03)
    low, high = table["income"]["range"]
    assert min(INCOMES) <= low < high <= max(INCOMES)
    assert set(table["color"]["levels"]) == {"red", "blue"}
    assert table["color"]["distinct"] == 2
    assert table["y"]["levels"][0] in ("n", "y")


def test_the_table_shows_no_values_of_what_is_left_out(prepare, raw_folder):
    rows = [f"{at % 17},name {at % 300},{at % 400:03d},{'ny'[at % 5 == 0]}" for at in range(800)]
    (raw_folder / "d.csv").write_text("a,who,code,y\n" + "\n".join(rows) + "\n")
    features = prepare(target="y", problem="binary", max_levels=100, rare_level_rows=1, missing=["auto"]).features
    table = {one["name"]: one for one in features.details["columns"]}
    assert (table["who"]["taken_as"], table["code"]["taken_as"]) == ("left out", "left out")
    assert "name 1" not in json.dumps(table)
    assert table["code"]["note"] == "codes with leading zeros (data.numeric takes them as numbers)"
    assert "data.max_levels" in table["code"]["why"]


def test_a_label_may_be_a_sign(prepare, raw_folder):
    rows = [f"{at % 17},{'+-'[at % 5 == 0]}" for at in range(600)]
    (raw_folder / "d.csv").write_text("a,y\n" + "\n".join(rows) + "\n")
    assert prepare(target="y", problem="binary", missing=["auto"]).features.target.classes == ("+", "-")


def test_the_table_shows_the_words_of_a_boolean_the_frequent_one_first(prepare, raw_folder):
    words = [(("no", "yes")[at % 4 > 0], ("false", "true")[at % 9 == 0], "ny"[at % 5 == 0]) for at in range(800)]
    rows = [f"{at},{at % 97},{','.join(each)}" for at, each in enumerate(words)]
    (raw_folder / "rows.csv").write_text("\n".join(["id,x,member,active,y", *rows, ""]))
    table = {one["name"]: one for one in prepare(**FLAT).features.details["columns"]}
    assert table["member"]["levels"] == ["yes", "no"]
    assert table["active"]["levels"] == ["false", "true"]
