"""The parser of preprocess and serving: valid cells, and the errors of others."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

import csv_rows
import raw_columns
from cells import Cells

NAMES = ["age", "member", "plan"]
KINDS = {"age": "numeric", "member": "boolean", "plan": "categorical"}


def cells(kinds=KINDS, missing=("NA",)) -> dict[str, Cells]:
    return {name: Cells(kind, missing) for name, kind in kinds.items()}


def parse(block: bytes, kinds=KINDS, missing=("NA",), delimiter=",") -> dict:
    return raw_columns.parse_csv(block, NAMES, cells(kinds, missing), delimiter).to_pydict()


def test_cells_get_their_kind():
    rows = parse(b'1,true,x\n-0.5,FALSE, y z \n1e3,False,"a,""b""\nc"\n +7 ,True,1\n')
    assert rows == {
        "age": [1.0, -0.5, 1000.0, 7.0],
        "member": [True, False, False, True],
        "plan": ["x", " y z ", 'a,"b"\nc', "1"],
    }


def test_missing_texts_are_no_value_and_the_empty_one_always_is():
    assert parse(b',,\nNA,NA,NA\n"","NA",na\n') == {
        "age": [None] * 3,
        "member": [None] * 3,
        "plan": [None, None, "na"],
    }


def test_only_the_given_columns_are_parsed():
    assert parse(b"oops,1,x\n", {"plan": "categorical"}) == {"plan": ["x"]}


@pytest.mark.parametrize("block", [b"", b"\n\n", b"\r\n"])
def test_no_rows_are_an_empty_table(block):
    assert parse(block) == {"age": [], "member": [], "plan": []}


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_and_blank_lines(end):
    assert parse(end.join([b"1,true,x", b"", b"2,,y"]))["age"] == [1.0, 2.0]


def test_another_delimiter():
    assert parse(b"1;true;a,b\n", delimiter=";")["plan"] == ["a,b"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (b"abc,true,x", 'column "age" holds "abc", which is not a number'),
        (b"1_000,true,x", 'column "age" holds "1_000", which is not a number'),
        (b"0x10,true,x", 'column "age" holds "0x10", which is not a number'),
        (b"1,yes,x", 'column "member" holds "yes", which is neither true nor false'),
        (b"1,1,x", 'column "member" holds "1", which is neither true nor false'),
        (b"1,true", "has 2 fields instead of 3"),
        (b"1,true,x,", "has 4 fields instead of 3"),
        (b"1,true,\xff", "is not UTF-8 text"),
        (b'1,true,"x', "opens a quote that it does not close"),
        (b"a" * 100 + b",true,x", f'column "age" holds "{"a" * 40}...", which is not a number'),
    ],
)
def test_a_bad_cell_is_refused_and_named(row, sentence):
    block = b'1,true,"two\nlines"\n\n' + row + b"\n"
    with pytest.raises(pa.ArrowInvalid):
        raw_columns.parse_csv(block, NAMES, cells(), ",")
    bad = raw_columns.first_bad_cell(block, NAMES, cells(), ",")
    assert bad is not None
    assert bad.sentence == sentence
    assert (bad.row, bad.line) == (1, 4)
    assert bad.text == row.decode(errors="replace")


def test_nothing_is_wrong_with_a_good_block():
    assert raw_columns.first_bad_cell(b"1,true,x\n", NAMES, cells(missing=()), ",") is None


CELLS = [
    "1",
    "-2.5e-3",
    "",
    "NA",
    "x",
    "true",
    '"q,1"',
    '"two\nlines"',
    '6" pipe',
    '""',
    '"a""b"',
    "inf",
    "nan",
    "\r",
    '"open',
]


@pytest.mark.slow
def test_salvaged_rows_are_those_that_parse_alone():
    """Against the slow and obvious way, on many small files of odd cells."""
    draw = np.random.default_rng(5)
    for _ in range(400):
        counts = draw.choice([3, 3, 3, 3, 2, 4], draw.integers(1, 7))
        rows = [",".join(draw.choice(CELLS, count)) for count in counts]
        block = "\n".join(rows).encode() + b"\n"
        table, kept, bad = raw_columns.salvage_csv(block, NAMES, cells(), ",")
        split = csv_rows.split_rows(block, ",", 3)
        pieces = [block[start:end] for start, end in zip(split.starts, split.ends, strict=True)]
        alone = {at: parsed for at, piece in enumerate(pieces) if (parsed := parsed_alone(piece)) is not None}
        assert kept.tolist() == sorted(alone), block
        assert {one.row for one in bad} == set(range(len(pieces))) - set(alone), block
        assert repr(table.to_pylist()) == repr([alone[at] for at in sorted(alone)]), block


def parsed_alone(piece: bytes) -> dict | None:
    try:
        return raw_columns.parse_csv(piece, NAMES, cells(), ",").to_pylist()[0]
    except pa.ArrowInvalid:
        return None


def test_the_fast_way_and_the_slow_way_read_the_same_numbers():
    draw = np.random.default_rng(1)
    texts = [repr(float(number)) for number in draw.standard_normal(2000) * 10.0 ** draw.integers(-300, 300, 2000)]
    texts += [f"{number:.4f}" for number in draw.lognormal(size=2000)] + [
        "+5",
        "5.",
        ".5",
        " 5\t",
        "1E5",
        "-0",
        "1e400",
    ]
    block = "\n".join(f"{text},true,x" for text in texts).encode()
    fast = raw_columns.parse_csv(block, NAMES, cells(missing=()), ",")["age"].to_numpy()
    slow = raw_columns.salvage_csv(block, NAMES, cells(missing=()), ",")[0]["age"].to_numpy()
    assert fast.tobytes() == slow.tobytes() == np.array([float(text) for text in texts]).tobytes()


def test_rows_end_where_no_quote_is_open():
    block = b'1,"a\nb",x\r\n2,6" pipe,y\n3,"c""\n",z'
    rows = csv_rows.split_rows(block, ",")
    assert [rows.text(at) for at in range(len(rows.starts))] == ['1,"a\nb",x', '2,6" pipe,y', '3,"c""\n",z']
    assert [rows.line(at) for at in range(3)] == [1, 3, 4]
    assert block[: csv_rows.last_row_end(block, ",")].endswith(b"y\n")


def test_a_carriage_return_at_the_end_waits_for_its_line_feed():
    assert csv_rows.last_row_end(b"1,2\r\n3,4\r", ",") == 5


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (pa.array([1, None]), "numeric", [1.0, None]),
        (pa.array([2**60], pa.uint64()), "numeric", [float(2**60)]),
        (pa.array([True, None]), "numeric", [1.0, None]),
        (pa.array(["1.5", "NA", " 2"]), "numeric", [1.5, None, 2.0]),
        (pa.array([Decimal("1.00"), Decimal("2.00")]), "numeric", [1.0, 2.0]),
        (pa.array(["true", None, "FALSE"]), "boolean", [True, None, False]),
        (pa.array(["a", "NA", None]).dictionary_encode(), "categorical", ["a", None, None]),
        (pa.array(["a"], pa.large_string()), "categorical", ["a"]),
        (pa.array([True, None]), "categorical", ["true", None]),
        (pa.array([3, None, -1]), "categorical", ["3", None, "-1"]),
        (pa.array([3.0, 0.5, float("nan")]), "categorical", ["3", "0.5", None]),
        (pa.array([0.1], pa.float32()), "categorical", ["0.1"]),
        (pa.array([None, None]), "categorical", [None, None]),
        (pa.array([None]), "numeric", [None]),
        (pa.chunked_array([[1.0], [2.0]]), "numeric", [1.0, 2.0]),
    ],
)
def test_typed_columns_become_the_same_kinds(values, kind, expected):
    found, wrong = raw_columns.from_arrow(values, Cells(kind, ("NA",)))
    assert found.to_pylist() == expected
    assert not wrong.any()


def test_typed_cells_of_the_wrong_kind_are_pointed_at():
    assert raw_columns.from_arrow(pa.array(["1", "x", None]), Cells("numeric"))[1].tolist() == [False, True, False]
    assert raw_columns.from_arrow(pa.array(["true", "x", None]), Cells("boolean"))[1].tolist() == [False, True, False]
    assert raw_columns.from_arrow(pa.array([1, 0]), Cells("boolean"))[1].tolist() == [True, True]


def test_level_texts_of_numbers_are_as_in_json():
    assert [raw_columns.level_text(value) for value in (True, 3, 3.0, 0.1, 1e300, float("nan"), "a")] == [
        "true",
        "3",
        "3",
        "0.1",
        "1e+300",
        None,
        "a",
    ]


@pytest.mark.parametrize("typed", [pa.array([5, -999, None], pa.int64()), pa.array([5.0, -999.0, None])])
def test_a_number_that_means_missing_means_it_in_typed_columns_too(typed):
    values, wrong = raw_columns.from_arrow(typed, Cells("numeric", ("NA", "-999")))
    assert values.to_pylist() == [5.0, None, None]
    assert not wrong.any()
    assert raw_columns.from_arrow(typed, Cells("numeric", ("NA",)))[0].to_pylist() == [5.0, -999.0, None]
