"""A row's side depends on its own values and on nothing else."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from preprocessing import splitting
from preprocessing.splitting import SIDES, Split, row_hashes


def columns(rows: int = 1000) -> dict[str, pa.Array]:
    draw = np.random.default_rng(0)
    return {
        "id": pa.array([f"customer-{number}" for number in range(rows)]),
        "number": pa.array(draw.normal(size=rows), mask=draw.random(rows) < 0.1),
        "plan": pa.array(draw.choice(["basic", "plus", "größer"], rows), mask=draw.random(rows) < 0.1),
        "flag": pa.array(draw.random(rows) < 0.5),
    }


def test_golden():
    """If this fails, rows would change sides in everybody's data: do not adjust it, fix the hash."""
    table = {
        "text": pa.array(["", "a", "12345678", "ninechars", None, "größer", "true", "long text " * 20]),
        "number": pa.array([0.0, 1.5, None, -3.0, 1e300, 5.0, float("nan"), 2.0**60]),
        "flag": pa.array([True, False, None, True, False, True, None, True]),
    }
    digest = hashlib.sha256(row_hashes(table).astype("<u8").tobytes()).hexdigest()
    assert digest == "c446796c07c98de939de609ed39d58b43a204a94edcbf843492fe0db9fcb5b49"
    split = Split(("text", "number"), 0.3, 0.3)
    assert split.sides(table).tolist() == [0, 0, 1, 0, 1, 2, 1, 0]


def test_golden_of_long_texts():
    """Likewise; and whatever is beside them."""
    long = ["ab" * 2048, "ab" * 2048 + "a", "x" * 1_000_000]
    hashes = row_hashes({"text": pa.array([*long, "a"])})
    assert hashlib.sha256(hashes.astype("<u8").tobytes()).hexdigest()[:16] == "494f14bfcba24c62"
    assert hashes[1:2] == row_hashes({"text": pa.array(["b", long[1]]).dictionary_encode()})[1:]


@pytest.mark.parametrize(
    "same",
    [
        (
            pa.array(["5"]),
            pa.array(["5.0"]),
            pa.array([" 5"]),
            pa.array(["+5e0"]),
            pa.array([5.0]),
            pa.array(["5"]).dictionary_encode(),
        ),
        (pa.array(["0"]), pa.array(["-0.0"]), pa.array([0.0]), pa.array([-0.0])),
        (pa.array(["true"]), pa.array(["TRUE"]), pa.array([True])),
        (pa.array([None], pa.string()), pa.array([None], pa.float64()), pa.array([float("nan")]), pa.array(["NaN"])),
        (pa.array(["ab"]), pa.array(["x", "ab"]).slice(1), pa.array(["ab"]).dictionary_encode()),
    ],
)
def test_the_meaning_counts_not_the_type(same):
    assert len({int(splitting.cell_hashes(values)[0]) for values in same}) == 1


def test_different_values_differ():
    texts = [
        "",
        "a",
        "b",
        "aa",
        "a\0",
        "\0",
        "abcdefgh",
        "abcdefghi",
        "abcdefghabcdefgh",
        "1",
        "2",
        "1e1",
        "x1",
        "1x",
        "-",
    ]
    assert len(set(splitting.cell_hashes(pa.array(texts)).tolist())) == len(texts)
    many = splitting.cell_hashes(pa.array([f"k{number:x}" for number in range(100_000, 200_000)]))
    assert len(set(many.tolist())) == 100_000


def test_blocks_and_column_order_make_no_difference():
    whole = columns()
    expected = row_hashes(whole)
    pieces = [row_hashes({name: values.slice(at, 77) for name, values in whole.items()}) for at in range(0, 1000, 77)]
    assert np.concatenate(pieces).tolist() == expected.tolist()
    assert row_hashes(dict(reversed(whole.items()))).tolist() == expected.tolist()


def test_which_column_a_value_is_in_does_make_a_difference():
    one = {"a": pa.array(["x"]), "b": pa.array(["y"])}
    other = {"a": pa.array(["y"]), "b": pa.array(["x"])}
    assert row_hashes(one)[0] != row_hashes(other)[0]


def test_fractions_are_kept_and_sides_are_independent_of_values():
    sides = Split(("id",), 0.15, 0.25).sides({"id": pa.array([str(number) for number in range(100_000)])})
    shares = np.bincount(sides) / len(sides)
    assert shares == pytest.approx([0.6, 0.15, 0.25], abs=0.01)


def test_a_larger_fraction_takes_rows_from_train_only():
    table = columns(5000)
    small, large = Split(("id",), 0.1, 0.1).sides(table), Split(("id",), 0.2, 0.1).sides(table)
    assert ((small == large) | ((small == SIDES.index("train")) & (large == SIDES.index("validation")))).all()


def test_rows_of_one_key_share_a_side():
    table = columns(3000)
    table["id"] = pa.array([f"customer-{number % 300}" for number in range(3000)])
    sides = Split(("id",), 0.3, 0.3).sides(table)
    assert (sides.reshape(10, 300) == sides[:300]).all()
    assert set(sides.tolist()) == {0, 1, 2}
