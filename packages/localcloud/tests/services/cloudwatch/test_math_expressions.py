"""Metric math on series of four points, a minute apart; "-" is a missing point."""

from __future__ import annotations

import pytest

from localcloud.services.cloudwatch.math_evaluation import Scope, evaluate
from localcloud.services.cloudwatch.math_expressions import BadExpression, names, parse
from localcloud.services.cloudwatch.math_values import Series
from localcloud.services.cloudwatch.metric_store import Grid

GRID = Grid(0, 300, 60)
DATA = {
    "m1": "30 20 0 0 -",
    "m2": "20 - 20 - -",
    "m3": "1 2 - 4 5",
    "errors_a": "1 1 - - -",
    "errors_b": "2 - 2 - -",
    "none": "- - - - -",
}


def series(text: str, label: str = "") -> Series:
    values = enumerate(text.split())
    return Series({number * 60: float(value) for number, value in values if value != "-"}, GRID, label)


METRICS = {id: series(text, id) for id, text in DATA.items()}


def run(text: str, **more: Series) -> Series | list[Series]:
    metrics = {**METRICS, **more}
    return evaluate(parse(text), Scope(metrics, metrics, GRID))


def shown(value: Series | list[Series]) -> str:
    assert isinstance(value, Series)
    return " ".join(f"{value.points[time]:g}" if time in value.points else "-" for time in GRID.times())


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # arithmetic: what is missing on one side is 0; a division by zero leaves no point
        ("m1 + m2", "50 20 20 0 -"),
        ("m1 - m2", "10 20 -20 0 -"),
        ("m1 / m2", "1.5 - 0 - -"),
        ("m2 / m1", "0.666667 0 - - -"),
        ("100 * m1 / (m1 + m3)", "96.7742 90.9091 - 0 0"),
        ("m1 + 2 * 3 ^ 2", "48 38 18 18 -"),
        ("-m3 ^ 2", "-1 -4 - -16 -25"),
        ("2 ^ -m3", "0.5 0.25 - 0.0625 0.03125"),
        ("m3 - 1 - 1", "-1 0 - 2 3"),
        ("--m3", "1 2 - 4 5"),
        ("(m3 - 10) ^ 0.5", "- - - - -"),
        ("m3 * 1e400", "- - - - -"),
        ("m3 * .5e1", "5 10 - 20 25"),
        # comparisons and logic, with AWS's own examples
        ("m1 < m2", "0 0 1 0 -"),
        ("m1 >= 30", "1 0 0 0 -"),
        ("m1 > 15 AND m2 > 15", "1 0 0 0 -"),
        ("m1 > 25 || m2 == 20", "1 0 1 0 -"),
        ("m1 == 0 OR m1 > 25 && m3 > 100", "0 0 1 1 0"),
        ("m1 != 20", "1 0 1 1 -"),
        ("1 + 1 == 2 + m1 * 0", "1 1 1 1 -"),
        # IF, with AWS's own tables
        ("IF(c1, c2, c3)", "30 0 20 - -"),
        ("IF(c1, 5, c3)", "5 5 20 - -"),
        ("IF(c1, c2, 5)", "30 0 5 5 -"),
        ("IF(c1, c2)", "30 0 - - -"),
        ("IF(m1 < 25, 10, 2)", "2 10 10 10 -"),
        ("IF(1, m1, m3)", "30 20 0 0 -"),
        ("IF(0, m1, m3)", "1 2 - 4 5"),
        ("IF(0, m1)", "- - - - -"),
        ("IF(m2 > 0, 100 * errors_a / m2, 0)", "5 - 0 - -"),
        # FILL
        ("FILL(m2, 0)", "20 0 20 0 0"),
        ("FILL(m2, REPEAT)", "20 20 20 20 20"),
        ("FILL(m3, LINEAR)", "1 2 3 4 5"),
        ("FILL(m2, m3)", "20 2 20 4 5"),
        ("FILL(none, 7)", "7 7 7 7 7"),
        ("FILL(none, REPEAT)", "- - - - -"),
        ("FILL(m2, MIN(m3))", "20 1 20 1 1"),
        # lists
        ("SUM(METRICS('errors'))", "3 1 2 - -"),
        ('SUM(METRICS("errors_b"))', "2 - 2 - -"),
        ("AVG([errors_a, errors_b])", "1.5 0.5 1 - -"),
        ("MIN([m1, m3])", "1 2 0 0 5"),
        ("MAX([m1, m3])", "30 20 0 4 5"),
        ("DATAPOINT_COUNT([m1, m2])", "2 1 2 1 -"),
        ("STDDEV([m1, m2])", "5 0 10 0 -"),
        ("SUM(100 / [errors_a, errors_b])", "150 100 50 - -"),
        ("SUM([METRICS('errors_a'), METRICS('errors_b')])", "3 1 2 - -"),
        ("SUM(FILL(METRICS('errors'), 1))", "3 2 3 2 2"),
        ("SUM(METRICS('absent'))", "- - - - -"),
        ("m3 / METRIC_COUNT(METRICS('errors'))", "0.5 1 - 2 2.5"),
        ("FIRST(METRICS('errors')) + LAST(METRICS('errors'))", "3 1 2 - -"),
        ("MAX(REMOVE_EMPTY([none, m3]))", "1 2 - 4 5"),
        # one series to a number
        ("m3 - AVG(m3)", "-2 -1 - 1 2"),
        ("m3 / SUM(m3) * DATAPOINT_COUNT(m3)", "0.333333 0.666667 - 1.33333 1.66667"),
        ("m3 / PERIOD(m3)", "0.0166667 0.0333333 - 0.0666667 0.0833333"),
        ("m3 + SUM(none)", "- - - - -"),
        ("TIME_SERIES(MAX(m3))", "5 5 5 5 5"),
        # one series to another
        ("DIFF(m3)", "- 1 - 2 1"),
        ("DIFF_TIME(m3)", "- 60 - 120 60"),
        ("RATE(m3)", "- 0.0166667 - 0.0166667 0.0166667"),
        ("RUNNING_SUM(m3)", "1 3 - 7 12"),
        ("ABS(m1 - 25)", "5 5 25 25 -"),
        ("CEIL(m3 / 2)", "1 1 - 2 3"),
        ("FLOOR(m3 / 2)", "0 1 - 2 2"),
        ("LOG10(m1 * 5 - 50)", "2 1.69897 - - -"),
        ("LOG(m3)", "0 0.693147 - 1.38629 1.60944"),
    ],
)
def test_expressions(expression: str, expected: str) -> None:
    table = {"c1": series("1 1 0 0 -"), "c2": series("30 - 0 0 30"), "c3": series("0 0 20 - 20")}
    assert shown(run(expression, **table)) == expected


def test_a_list_stays_a_list() -> None:
    series = run("METRICS('errors') * 10")
    assert isinstance(series, list)
    assert [(each.label, shown(each)) for each in series] == [("errors_a", "10 10 - - -"), ("errors_b", "20 - 20 - -")]


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("m1 +", "it ends where a value should stand"),
        ("m1 m2", "'m2' stands where the end should"),
        ("(m1", "the end stands where '\\)' should"),
        ("[m1, m2", "the end stands where '\\]' should"),
        ("m1 $ 2", "'\\$ 2' is not understood"),
        ("", "it ends"),
        ("* m1", "'\\*' stands where a value should"),
        ("5", "the result is a number"),
        ("SUM(m1)", "the result is a number"),
        ("SUM(m1, m2)", "SUM takes 1 argument, not 2"),
        ("IF(m1)", "IF takes 2 to 3 arguments, not 1"),
        ("IF(METRICS(), 1, 0)", "not lists"),
        ("METRICS() + METRICS()", "between two lists"),
        ("FILL(m1, FORWARD)", "FILL fills with"),
        ("FILL(5, 0)", "FILL needs a time series"),
        ("FILL(m1, METRICS())", "FILL fills with"),
        ("ABS(5)", "ABS needs a time series"),
        ("SUM('text')", "SUM needs"),
        ("m1 + 'text'", "needs numbers"),
        ("[1, 2]", "time series only"),
        ("METRICS(m1)", "METRICS takes a text"),
        ("SEARCH('x')", "localcloud has no function SEARCH"),
        ("sum(m1)", "no function sum"),
        ("TIME_SERIES(m1)", "TIME_SERIES needs a number"),
        ("(" * 500 + "m1" + ")" * 500, "nested deeper"),
        ("m1" + "^2" * 500, "nested deeper"),
    ],
)
def test_invalid_expressions(expression: str, sentence: str) -> None:
    with pytest.raises(BadExpression, match=sentence):
        run(expression)


def test_long_expressions_are_not_deep() -> None:
    assert shown(run("+".join(["m3"] * 680))) == "680 1360 - 2720 3400"
    assert shown(run("-" * 1001 + "m3")) == "-1 -2 - -4 -5"


def test_filling_is_bounded() -> None:
    wide = Series({}, Grid(0, 1e9, 60))
    with pytest.raises(BadExpression, match="more than 100800"):
        run("FILL(w, 0)", w=wide)


def test_names() -> None:
    assert names(parse("IF(a > 1, [b, -c], METRICS('d')) ^ e + FILL(f, REPEAT)")) == set("abcef")
