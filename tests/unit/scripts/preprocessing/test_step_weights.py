"""data.weight: how much each row counts in training is stored beside the features, and is none itself."""

from __future__ import annotations

import pytest

ROWS = 400
FLAGS = {"target": "y", "problem": "binary", "key": ["id"], "weight": "w", "rare_level_rows": 1}


def write(folder, weights) -> None:
    lines = [f"{n},{n % 89},{weight},{n % 2}" for n, weight in enumerate(weights)]
    (folder / "data.csv").write_text("\n".join(["id,a,w,y", *lines]) + "\n")


def test_weights_are_stored_and_clients_do_not_send_them(prepare, raw_folder):
    write(raw_folder, [n % 89 / 2 for n in range(ROWS)])
    done = prepare(**FLAGS)
    assert done.code == 0, done.message
    assert done.features.names == done.features.raw_names == ["a"]
    for side in ("train", "validation", "test"):
        table = done.side(side)
        assert table.column_names == ["a", "w", "y"]
        assert table["w"].to_pylist() == [value / 2 for value in table["a"].to_pylist()]
    [row] = [one for one in done.features.details["columns"] if one["name"] == "w"]
    assert (row["taken_as"], row["why"]) == ("weight", "data.weight names it")
    assert "w" not in [one["name"] for one in done.json("baseline/statistics.json")["features"]]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "weight of 0 or more"),
        ("-1", "weight of 0 or more"),
        ("NaN", "weight of 0 or more"),
        ("1e99", "not a finite"),
    ],
)
def test_a_row_without_a_weight_is_rejected(prepare, raw_folder, cell, reason):
    write(raw_folder, [cell, *range(1, ROWS)])
    done = prepare(**FLAGS)
    assert done.features.details["rows"]["rejected"] == 1
    assert reason in (done.folder / "rejects" / "rejects.csv").read_text()


def test_texts_are_no_weights(prepare, raw_folder):
    write(raw_folder, [["light", "heavy"][n % 2] for n in range(ROWS)])
    assert 'data.weight names "w", which holds categorical values: numbers are needed' in prepare(**FLAGS).message
