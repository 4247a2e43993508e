"""What a column is taken for, and what the settings can say about it."""

import numpy as np
import pyarrow as pa
import pytest

from failures import UserError
from preprocessing import columns
from preprocessing.columns import ColumnSettings
from preprocessing.missing_values import MissingTexts

DRAW = np.random.default_rng(3)


def judge(values, missing=("NA",), **wishes) -> str:
    """The kind of a column, or why it is ignored."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    chosen = columns.choose_columns(
        {"x": [array], "y": [pa.array(["n", "y"])]}, ColumnSettings("y", **wishes), MissingTexts.of(missing), "binary"
    )
    return chosen.kinds.get("x") or chosen.ignored["x"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2.5", "1e3", "", "NA", " 7"] * 5, "numeric"),
        (["1", "2", "3"] * 100 + ["oops"], "numeric"),  # one cell in a hundred may be wrong: its row is rejected
        (["1", "2", "3"] * 10 + ["oops"], "categorical"),
        (["0", "1"] * 5, "numeric"),
        (["true", "False", "NA"] * 5, "boolean"),
        (["yes", "no"] * 5, "categorical"),
        (["A", "B"] * 5, "categorical"),
        (["02134", "10115"] * 5, "numeric"),
        ([str(number) for number in DRAW.permutation(500)], "numeric"),
        (["only"] * 5, "categorical"),
        (["2024-01-01", "x"] * 20, "categorical"),
        (pa.array([1, None, 3]), "numeric"),
        (pa.array([1.5, None]), "numeric"),
        (pa.array([True, None]), "boolean"),
        (pa.array(["a", "b"]).dictionary_encode(), "categorical"),
        (pa.array(["1", "2"]), "numeric"),
    ],
)
def test_kinds(values, kind):
    assert judge(values) == kind


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (["", "NA", ""], "it has no values in the sampled rows"),
        (pa.array([None, None]), "it has no values in the sampled rows"),
        ([f"customer {number}" for number in range(100)], "nearly every value differs, as in a name or an identifier"),
        ([str(number) for number in range(100)], "it counts the rows"),
        (pa.array(range(7, 100)), "it counts the rows"),
        (["2024-01-31", "2024-02-01 10:15", "2024-02-01T10:15:00.5Z"] * 9, "it holds dates or times: derive"),
        (["31.12.2024", "1/2/24"] * 9, "it holds dates or times: derive"),
        (pa.array([1, 2], pa.timestamp("s")), "it holds dates or times: derive"),
        (pa.array([[1], [2]]), "its type is list<item: int64>"),
        (pa.array([b"a", b"b"]), "its type is binary"),
    ],
)
def test_columns_of_no_use_are_ignored_with_a_reason(values, why):
    assert judge(values).startswith(why)


def test_settings_override_the_inferred_kind():
    assert judge(["1", "2"] * 5, categorical=("x",)) == "categorical"
    assert judge([f"customer {number}" for number in range(100)], categorical=("x",)) == "categorical"
    assert judge([str(number) for number in range(100)], numeric=("x",)) == "numeric"
    assert judge(["1", "2"] * 5, ignore=("x",)) == "data.ignore names it"
    assert judge(["1", "2"] * 5, key=("x",)) == "it is a key of the split"
    assert judge(["1", "2"] * 5, key=("x",), numeric=("x",)) == "numeric"


def test_types_may_differ_between_files():
    pieces = [pa.array([1, 2]), pa.array(["3", "x"])]
    chosen = columns.choose_columns(
        {"x": pieces, "y": [pa.array(["n", "y"])]}, ColumnSettings("y"), MissingTexts.of([]), "binary"
    )
    assert chosen.kinds == {"x": "categorical"}


def test_an_impossible_setting_is_refused():
    with pytest.raises(
        UserError, match=r'data.numeric names "x", but 50% of it is no number, such as "b": take it out'
    ):
        judge(["1", "b"] * 20, numeric=("x",))
    with pytest.raises(UserError, match=r'data.numeric names "x", but its type is date32'):
        judge(pa.array([1], pa.date32()), numeric=("x",))
    with pytest.raises(UserError, match=r'data.categorical names "x", but its type is list'):
        judge(pa.array([[1]]), categorical=("x",))
