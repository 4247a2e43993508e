"""One table in many ways to write its numbers: the encoded data is that of the plain table, or the step asks."""

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from failures import UserError
from http_errors import HttpError
from payloads import Payload, decode
from preprocessing.number_formats import Decimals, find, note
from preprocessing.splitting import SIDES, Split

DRAW = np.random.default_rng(5)
ROWS = 900
INCOME = np.round(DRAW.lognormal(7, 2, ROWS), 2).tolist()  # from 1 to millions, with cents
RATE = np.round(DRAW.uniform(0, 100, ROWS), 1).tolist()
VISITS = DRAW.integers(0, 3000, ROWS).tolist()
GAP = 13  # every such row has no income
COMMON = {"target": "sold", "problem": "binary", "key": ["id"], "missing": ["auto"]}


def grouped(number: float, thousands: str, decimal: str) -> str:
    return f"{number:,.2f}".translate(str.maketrans({",": thousands, ".": decimal}))


def text_of(number: float) -> str:
    return f"{number:.2f}"


def write(folder, income=text_of, rate=str, visits=str, gap="", delimiter=",") -> None:
    lines = [["id", "income", "rate", "visits", "sold"]]
    for at, (earned, share, count) in enumerate(zip(INCOME, RATE, VISITS, strict=True)):
        cell = gap if at % GAP == 0 else income(earned)
        lines.append([f"c{at}", cell, rate(share), visits(count), "yn"[earned * share > 40_000]])
    quoted = [delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in line) for line in lines]
    (folder / "d.csv").write_text("\n".join(quoted) + "\n", encoding="utf-8")


COMMA = {"income": lambda x: text_of(x).replace(".", ","), "rate": lambda x: str(x).replace(".", ",")}
VARIANTS = {
    "thousands": {"income": lambda x: grouped(x, ",", ".")},
    "thousands of whole numbers": {"visits": lambda x: f"{x:,}"},
    "decimal commas": COMMA | {"delimiter": ";"},
    "decimal commas in quotes": COMMA,
    "dots between thousands": {**COMMA, "income": lambda x: grouped(x, ".", ","), "delimiter": ";"},
    "dots between thousands of whole numbers": {**COMMA, "visits": lambda x: f"{x:,}".replace(",", ".")},
    "spaces": {"income": lambda x: grouped(x, " ", ".")},
    "spaces and decimal commas": {**COMMA, "income": lambda x: grouped(x, "\u00a0", ",")},
    "narrow spaces": {"visits": lambda x: grouped(x, "\u202f", ".").removesuffix(".00")},
    "apostrophes": {"income": lambda x: grouped(x, "'", ".")},
    "typesetters' apostrophes": {"income": lambda x: grouped(x, "\u2019", ".")},
    "percent": {"rate": lambda x: f"{x}%"},
    "percent after a space, decimal commas": {**COMMA, "rate": lambda x: f"{x} %".replace(".", ",")},
    "dollars": {"income": lambda x: f"${grouped(x, ',', '.')}"},
    "euros": {**COMMA, "income": lambda x: f"{grouped(x, '.', ',')} €"},
    "a code": {"income": lambda x: f"CHF {grouped(x, chr(39), '.')}"},
    "spaces around": {"income": lambda x: f"  {text_of(x)} ", "visits": lambda x: f"{x}\t"},
    "signs": {"visits": lambda x: f"+{x}", "rate": lambda x: f"{x}0"},
    "exponents": {"visits": lambda x: f"{x}e0", "income": lambda x: f"{x * 100:.0f}E-2"},
    "N/A": {"gap": "N/A"},
    "a question mark among dollars": {"gap": "?", "income": lambda x: f"${grouped(x, ',', '.')}"},
    "None, decimal commas": {**COMMA, "gap": "None"},
    "a dash": {"gap": " - "},
    "an error of a spreadsheet": {"gap": "#DIV/0!"},
}


@pytest.fixture
def plain(prepare, raw_folder):
    write(raw_folder)
    outcome = prepare(**COMMON)
    assert set(outcome.features.kinds.values()) == {"numeric"}
    assert np.isnan(outcome.side("train")["income"].to_numpy()).any()
    return outcome


def test_every_variant_gives_the_data_of_the_plain_table(prepare, raw_folder, plain):
    for name, variant in VARIANTS.items():
        write(raw_folder, **variant)
        outcome = prepare(**COMMON | {"delimiter": variant.get("delimiter", ",")})
        assert outcome.code == 0, (name, outcome.message)
        for side in SIDES:
            file = f"{side}/data.parquet"
            assert (outcome.folder / file).read_bytes() == (plain.folder / file).read_bytes(), (name, side)


def test_serving_encodes_the_cells_of_every_variant_to_the_bits_of_the_sides(prepare, raw_folder):
    for name, variant in VARIANTS.items():
        write(raw_folder, **variant)
        delimiter = variant.get("delimiter", ",")
        outcome = prepare(**COMMON | {"delimiter": delimiter})
        body = (raw_folder / "d.csv").read_bytes()
        rows = list(csv.DictReader(body.decode().splitlines(), delimiter=delimiter))
        sides = Split(("id",), 0.15, 0.15).sides({"id": pa.array([row["id"] for row in rows])})
        expected = outcome.matrices()
        for payload in (Payload(body, "text/csv"), Payload(json.dumps(rows).encode(), "application/json")):
            encoded = outcome.features.encode(decode(payload, outcome.features))
            for position, side in enumerate(SIDES):
                same = encoded[sides == position].tobytes() == expected[side][:, :-1].tobytes()
                assert same, (name, payload.format, side)


@pytest.mark.parametrize(("mark", "same"), [(".", True), (",", False)])
def test_what_can_be_read_in_two_ways_needs_the_setting(prepare, raw_folder, plain, mark, same):
    table = {"income": lambda x: f"{x:.0f}", "rate": lambda x: f"{x:.0f}", "visits": lambda x: f"{x:,}"}
    write(raw_folder, **table)
    outcome = prepare(**COMMON)
    assert outcome.code == 1
    assert 'column "visits" holds numbers such as "' in outcome.message
    assert 'set data.decimal to "." or ","' in outcome.message
    decided = prepare(**COMMON, decimal=mark)
    assert decided.code == 0, decided.message
    assert decided.side("train")["visits"].equals(plain.side("train")["visits"]) == same


@pytest.mark.parametrize(
    ("variant", "cells"),
    [
        ({"income": lambda x: f"{'$' if x > 1000 else '€'}{text_of(x)}"}, '"$'),
        ({"rate": lambda x: f"{x}%" if x > 20 else f"{x / 100:.3f}"}, '%" and "0.'),
    ],
)
def test_a_mixture_of_units_is_refused(prepare, raw_folder, variant, cells):
    write(raw_folder, **variant)
    outcome = prepare(**COMMON)
    assert outcome.code == 1
    assert 'holds both "' in outcome.message
    assert cells in outcome.message
    name = next(iter(variant))
    assert prepare(**COMMON, numeric=[name]).features.kinds[name] == "numeric"
    assert prepare(**COMMON, ignore=[name]).code == 0


def test_zero_needs_no_percent_sign(prepare, raw_folder, plain):
    write(raw_folder, rate=lambda x: f"{x}%" if x > 30 else "0")
    outcome = prepare(**COMMON)
    assert outcome.code == 0, outcome.message
    assert 0 in outcome.side("train")["rate"].to_pylist()


def test_the_target_of_a_regression_may_be_written_so(prepare, raw_folder):
    write(raw_folder, **VARIANTS["euros"])
    outcome = prepare(**COMMON | {"target": "income", "problem": "regression", "max_rejected_fraction": 0.1})
    assert outcome.code == 0, outcome.message
    assert outcome.side("train")["income"].to_numpy().max() > 10_000
    note = next(one["note"] for one in outcome.features.details["columns"] if one["taken_as"] == "target")
    assert note == "decimal comma, thousands as in 1.234, €"


def test_serving_reads_what_preprocess_read(prepare, raw_folder):
    write(raw_folder, **VARIANTS["euros"])
    features = prepare(**COMMON).features
    entry = features.columns[0].number
    assert (entry.decimal, entry.thousands, entry.units) == (",", ".", ("€",))
    rows = [{"income": "1.234,50 €", "rate": "3,5", "visits": "7"}, {"income": "12,5", "rate": None, "visits": "8"}]
    expected = {"income": [1234.5, 12.5], "rate": [3.5, None], "visits": [7, 8]}
    body = 'income,rate,visits\n"1.234,50 €","3,5",7\n"12,5",,8\n'.encode()
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    for payload in (
        Payload(body, "text/csv"),
        Payload(json.dumps(rows).encode(), "application/json"),
        Payload(sink.getvalue().to_pybytes(), "application/x-parquet"),
    ):
        assert decode(payload, features).to_pydict() == expected
    mixed = [{"income": 1.234, "rate": "3,5", "visits": 7}, {"income": "1.234", "rate": 2.5, "visits": "8"}]
    table = decode(Payload(json.dumps(mixed).encode(), "application/json"), features)
    assert table.to_pydict() == {"income": [1.234, 1234.0], "rate": [3.5, 2.5], "visits": [7, 8]}
    integers = [
        {"income": "1.234", "rate": 2, "visits": 7},
        {"income": 12345678901234567890123, "rate": "3,5", "visits": 8},
    ]
    table = decode(Payload(json.dumps(integers).encode(), "application/json"), features)
    assert table.to_pydict() == {"income": [1234.0, 12345678901234567890123.0], "rate": [2.0, 3.5], "visits": [7, 8]}
    for payload in (
        Payload(b"income,rate,visits\n12.50,1,2\n", "text/csv"),
        Payload(b'{"income": "12.50", "rate": 1, "visits": 2}', "application/json"),
    ):
        with pytest.raises(HttpError, match='"12.50", which is not a number as in 1.234,5'):
            decode(payload, features)
    sample = (raw_folder.parent / "run-1/features/sample.csv").read_bytes()
    encoded = decode(Payload(sample, "text/csv"), features)
    assert set(encoded["rate"].to_pylist()) <= {*RATE, None}
    assert set(encoded["income"].to_pylist()) <= {*np.float32(INCOME).tolist(), *INCOME, None}


@pytest.mark.parametrize(
    ("texts", "numbers", "shown"),
    [
        (["1,234", "3,5"], [1.234, 3.5], "decimal comma"),
        (["1,234", "1,234,567"], [1234, 1234567], "thousands as in 1,234"),
        (["0,123", "1,234"], [0.123, 1.234], "decimal comma"),
        (["1.234", "0.5"], [1.234, 0.5], ""),
        (["1.234", "999"], [1.234, 999], ""),  # plain, as nothing says otherwise
        (["($1,200.50)", "$-3", "-$4", "5 $"], [-1200.5, -3, -4, 5], "thousands as in 1,234, $"),
        (["\u22125", "7"], [-5, 7], ""),
        (["12,34,567.5", "1,23,456"], [1234567.5, 123456], "thousands as in 1,234"),
        (["1 234", "12"], [1234, 12], "spaces between thousands"),
    ],
)
def test_formats(texts, numbers, shown):
    fit = find("x", pa.array(texts), Decimals("auto"))
    assert fit.share == 1
    from number_format import normalize

    assert fit.format.parse(normalize(pa.array(texts))).to_pylist() == numbers
    assert note(fit.format) == shown


@pytest.mark.parametrize(
    "texts",
    [["12/3", "4/5"], ["1.2.3", "2.3.4"], ["+49 17 12"], ["12,34,56"], ["EUR", "USD"], ["5 m"], ["+49 171 234"]],
)
def test_what_is_no_number(texts):
    assert find("x", pa.array(texts), Decimals("auto")).share < 0.99


def test_another_column_decides():
    texts = pa.array(["1,234", "999"])
    assert find("x", texts, Decimals("auto", [pa.array(["3,5"])])).format.decimal == ","
    assert find("x", texts, Decimals("auto", [pa.array(["3.5"])])).format.thousands == ","
    with pytest.raises(UserError, match='"1,234", which could be 1234 or 1.234: set data.decimal'):
        find("x", texts, Decimals("auto", [pa.array(["3.5"]), pa.array(["3,5"])]))
