"""data.facets in preprocess: the groups of the training rows, and their columns on the test side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from .conftest import Outcome

ROWS = 600
Prepare = Callable[..., Outcome]


def write(folder: Path, target: Callable[[int, str], object] = lambda n, _: "yes" if n % 7 < 3 else "no") -> None:
    random = np.random.default_rng(5)
    groups = random.choice(["f", "m", "d", ""], ROWS, p=[0.35, 0.5, 0.05, 0.1])
    rows = [f"{n},{random.integers(18, 90)},{group},{target(n, group)}" for n, group in enumerate(groups)]
    (folder / "rows.csv").write_text("\n".join(["id,age,gender,y", *rows, ""]))


def test_groups_are_those_of_the_training_rows(prepare: Prepare, raw_folder: Path) -> None:
    """As counted in the training side, which holds the column if it is a feature too."""
    write(raw_folder, lambda n, group: "yes" if n % 7 < (4 if group == "m" else 2) else "no")
    done = prepare(target="y", problem="binary", key=["id"], facets=["gender"], categorical=["gender"])
    assert done.code == 0, done.message
    train = done.side("train")
    codes, positive = train["gender"].to_numpy(), train["y"].to_numpy() == 1
    (column,) = [one for one in done.features.columns if one.name == "gender"]
    found = done.features.details["facets"]
    assert [(one["facet"], one["group"]) for one in found] == [("gender", "m"), ("gender", "f"), ("gender", "d")]
    for one in found[:2]:  # the third is rare
        mine = codes == column.levels.index(one["group"]) + 1
        assert one["rows"] == mine.sum()
        assert one["CI"] == pytest.approx(1 - 2 * mine.mean(), abs=1e-6)
        assert one["DPL"] == {"yes": pytest.approx(positive[~mine].mean() - positive[mine].mean(), abs=1e-6)}
    assert found[0]["DPL"]["yes"] < -0.1


def test_a_facet_is_no_feature_unless_it_is_named_as_one(prepare: Prepare, raw_folder: Path) -> None:
    write(raw_folder)
    done = prepare(target="y", problem="binary", key=["id"], facets=["gender"])
    assert done.code == 0, done.message
    assert done.features.raw_names == ["age"]
    (row,) = [one for one in done.features.details["columns"] if one["name"] == "gender"]
    assert row["taken_as"] == "facet"
    assert row["why"].startswith("data.facets names it")
    raw = pq.read_table(done.folder / "test/raw.parquet")
    assert raw["gender"].null_count
    assert set(raw["gender"].to_pylist()) == {"f", "m", "d", None}


def test_a_regression_has_no_labels_to_compare(prepare: Prepare, raw_folder: Path) -> None:
    write(raw_folder, lambda n, _: n * 3)
    done = prepare(target="y", problem="regression", key=["id"], facets=["gender"])
    assert done.code == 0, done.message
    assert [one["DPL"] for one in done.features.details["facets"]] == [{}, {}, {}]
    assert all(one["CI"] is not None for one in done.features.details["facets"])


def test_a_key_can_be_a_facet(prepare: Prepare, raw_folder: Path) -> None:
    write(raw_folder)
    done = prepare(target="y", problem="binary", key=["gender", "age"], facets=["gender"], numeric=["age"])
    assert done.code == 0, done.message
    assert {one["group"] for one in done.features.details["facets"]} <= {"f", "m", "d"}


def test_groups_of_a_private_column_are_hashes(prepare: Prepare, raw_folder: Path) -> None:
    write(raw_folder)
    done = prepare(target="y", problem="binary", key=["id"], facets=["gender"], private_hash=["gender"])
    assert done.code == 0, done.message
    assert all(one["group"].startswith("hash:") for one in done.features.details["facets"])
    assert set(pq.read_table(done.folder / "test/raw.parquet")["gender"].drop_null().to_pylist()) >= {
        one["group"] for one in done.features.details["facets"][:2]
    }


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"facets": ["gendre"]}, 'data.facets names "gendre", which is no column of rows.csv: did you mean "gender"?'),
        ({"facets": ["y"]}, 'data.facets names "y", which is the target'),
        ({"facets": ["gender"], "ignore": ["gender"]}, '"gender" is in data.ignore and in data.facets'),
        ({"facets": ["age"], "numeric": ["age"]}, '"age" is in data.numeric and in data.facets'),
        ({"facets": ["age"]}, 'data.facets names "age", which has 72 different values, and at most 50 groups'),
        ({"facets": ["gender"], "private_drop": ["gender"]}, '"gender" is in data.facets, and data.private says drop'),
        ({"facets": ["gender"], "private_mask": ["gender"]}, '"gender" is in data.facets, and data.private says mask'),
    ],
)
def test_what_cannot_be_compared_is_refused(
    flags: dict[str, object], sentence: str, prepare: Prepare, raw_folder: Path
) -> None:
    write(raw_folder)
    done = prepare(target="y", problem="binary", key=["id"], **flags)
    assert done.code == 1
    assert sentence in done.message
