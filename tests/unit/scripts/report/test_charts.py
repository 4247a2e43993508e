"""Charts: well-formed SVG, round ticks, data where it belongs, text escaped."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, Plot, bars, heat_map, track
from report.markup import Html, join, tag


def shapes(svg: str, name: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(name))  # noqa: S314 - our own text


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 0.1, [0, 0.02, 0.04, 0.06, 0.08, 0.1]),
        (-7, 12, [-5, 0, 5, 10]),
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (1_000, 1_900, [1000, 1200, 1400, 1600, 1800]),
    ],
)
def test_ticks_are_round_and_inside(low: float, high: float, ticks: list[float]) -> None:
    assert Axis(low, high, "x").ticks() == pytest.approx(ticks)


@pytest.mark.parametrize(("low", "high"), [(0, 1e-9), (0, 3e12), (-1e6, 1e6), (0.123, 0.124)])
def test_any_range_has_a_few_ticks(low: float, high: float) -> None:
    assert 3 <= len(Axis(low, high, "x").ticks()) <= 8


def test_tick_texts_are_short() -> None:
    assert Axis(0, 1, "", percent=True).text(0.2) == "20 %"
    assert Axis(0, 50_000, "").text(20_000) == "20k"
    assert Axis(0, 5e6, "").text(2.5e6) == "2.5M"
    assert Axis(-5, 5, "").text(-2.5) == "−2.5"


def test_points_are_placed_by_the_axes() -> None:
    plot = Plot(Axis(0, 10, "x"), Axis(0, 100, "y"))
    assert plot.at(0, 0) == (LEFT, HEIGHT - BOTTOM)
    assert plot.at(10, 100) == (WIDTH - RIGHT, TOP)
    plot.line([(0, 0), (10, 100)], "s1", "a line")
    (line,) = [path for path in shapes(plot.svg("chart"), "path") if path.get("class") == "line s1"]
    assert line.get("d") == f"M{LEFT:.1f},{HEIGHT - BOTTOM:.1f}L{WIDTH - RIGHT:.1f},{TOP:.1f}"
    assert line.findtext("title") == "a line"


def test_a_bar_is_as_high_as_its_value() -> None:
    plot = Plot(Axis(0, 2, "x"), Axis(0, 4, "y"))
    plot.bar(0, 1, 0, 4, "bar", "full")
    plot.bar(1, 2, 0, 1, "bar", "quarter")
    full, quarter = (float(bar.get("height") or 0) for bar in shapes(plot.svg("chart"), "rect"))
    assert quarter == pytest.approx(full / 4, abs=0.1)


def test_every_method_draws_well_formed_svg() -> None:
    plot = Plot(Axis(0, 1, "<x>"), Axis(0, 1, 'y & "z"'), square=True)
    plot.area([0, 0.5, 1], [0.2, 0.8], "s1", "<b>")
    plot.dot(0.5, 0.5, "s2", "dot", (0.4, 0.6))
    plot.cells([(0, 0.1, 0, 0.1), (0.1, 0.2, 0, 0.1)], 0.5, "cells")
    plot.vertical_line(0.9, "<threshold>")
    plot.text(0.1, 0.1, "a & b")
    svg = plot.svg('label "quoted"')
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own text
    assert root.get("aria-label") == 'label "quoted"'
    assert {"<x>", 'y & "z"', "<threshold>", "a & b"} <= {text.text for text in root.iter("text")}
    assert not re.search(r"nan|inf", svg)


def test_bars_are_in_proportion_and_long_names_shortened() -> None:
    name = "a very long column name that does not fit <b>"
    svg = bars([(name, 0.5, "50 %"), ("b", 0.25, "25 %")], "importance")
    first, second = (float(bar.get("width") or 0) for bar in shapes(svg, "rect"))
    assert second == pytest.approx(first / 2, abs=0.1)
    assert WIDTH / 3 < first < WIDTH
    assert shapes(svg, "title")[0].text == f"{name}: 50 %"
    assert shapes(svg, "text")[0].text == "a very long column nam…"


@pytest.mark.parametrize("classes", [2, 5, 14, 20])
@pytest.mark.parametrize("name", ["no", "Roodharige den", "W" * 40])
def test_names_of_classes_do_not_overlap(classes: int, name: str) -> None:
    svg = heat_map([name] * classes, [[0.0] * classes] * classes, [["1"] * classes] * classes, "confusion")
    above = [text for text in shapes(svg, "text") if text.get("class") == "name" and text.get("text-anchor") != "end"]
    words = text_of(above[0])
    width = 13 if "rotate" in above[0].get("transform", "") else 7 * len(words)  # the font is 13 px high
    step = float(above[1].get("x", 0)) - float(above[0].get("x", 0))
    assert len(above) == classes
    assert width <= step, (words, width, step)


def text_of(text: ElementTree.Element) -> str:
    return "".join(title.tail or "" for title in text) or text.text or ""


def test_a_heat_map_of_many_classes_stays_small() -> None:
    names = [f"class {number}" for number in range(20)]
    table = [[0.05] * 20] * 20
    svg = heat_map(names, table, [["1"] * 20] * 20, "confusion")
    assert len(shapes(svg, "rect")) == 400
    assert "true class 3, predicted class 7: 1" in svg


def test_a_track_keeps_its_marks_inside() -> None:
    svg = track(Axis(0, 1, ""), 0.5, (0.4, 0.6), [("baseline", 7.0, "far away")])
    (mark,) = [path for path in shapes(svg, "path") if path.get("class") == "line baseline"]
    assert mark.get("d") == "M214.0,2V20"


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("td", "a<b&c", class_="x") == '<td class="x">a&lt;b&amp;c</td>'
    assert tag("p", tag("b", "x"), "<") == "<p><b>x</b>&lt;</p>"
    assert tag("i", title='"><script>') == '<i title="&quot;&gt;&lt;script&gt;"></i>'
    assert join("<", Html("<br>")) == "&lt;<br>"
