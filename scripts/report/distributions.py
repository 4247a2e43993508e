"""Small distributions: a picture for a cell of a table, and the larger one of the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from report.charts import Axis, Plot, bars, svg_image
from report.markup import Html, join, tag
from report.wording import count, number, percent

MOST_BARS, MOST_VALUES, MOST_CLASSES = 12, 24, 20
WIDTH, HEIGHT = 120.0, 30.0
Bar = tuple[str, float]  # what it stands for, and rows


def small_picture(statistics: dict[str, Any]) -> Html:
    """``statistics`` is of one column, in the layout of statistics.json."""
    found = histogram(statistics) or most_frequent(statistics, MOST_BARS)
    return _columns(found) if found else join("–")


def histogram(statistics: dict[str, Any]) -> list[Bar]:
    """Few different values have a bar each, by their sample; others ten buckets."""
    numbers = statistics.get("numerical_statistics", {}).get("distribution", {}).get("kll")
    if not numbers:
        return []
    values = Counter(numbers["sketch"]["data"][-1])
    if len(values) <= MOST_VALUES:
        return [(f"{value:g}", float(rows)) for value, rows in sorted(values.items())]
    return [
        (f"{number(one['lower_bound'])} to {number(one['upper_bound'])}", one["count"]) for one in numbers["buckets"]
    ]


def most_frequent(statistics: dict[str, Any], most: int) -> list[Bar]:
    """The most frequent texts; the last one stands for all others, if there are more."""
    texts = statistics.get("string_statistics", {})
    buckets = texts.get("distribution", {}).get("categorical", {}).get("buckets", [])
    shown = [(one["value"], float(one["count"])) for one in buckets[:most]]
    rest = texts.get("common", {}).get("num_present", 0) - sum(rows for _, rows in shown)
    others = int(texts.get("distinct_count", 0)) - len(shown)
    return [*shown, (f"{count(others)} others", float(rest))] if others > 0 else shown


def class_bars(rows: dict[str, int]) -> Html:
    """The largest classes of a target."""
    total = sum(rows.values()) or 1
    largest = sorted(rows.items(), key=lambda item: -item[1])[:MOST_CLASSES]
    return bars([(name, share / total, percent(share / total)) for name, share in largest], "Classes of the target")


def value_histogram(statistics: dict[str, Any], name: str) -> Html:
    buckets = statistics["numerical_statistics"]["distribution"]["kll"]["buckets"]
    total = sum(one["count"] for one in buckets) or 1
    edges = [one["lower_bound"] for one in buckets] + [buckets[-1]["upper_bound"]]
    shares = [one["count"] / total for one in buckets]
    plot = Plot(Axis(edges[0], edges[-1], name), Axis(0, max(shares) * 1.12, "share of rows", True), height=240)
    plot.area(edges, shares, "s1", name)
    return plot.svg("Distribution of the target")


def _columns(found: Sequence[Bar]) -> Html:
    highest, total = max(rows for _, rows in found) or 1, sum(rows for _, rows in found) or 1
    step = WIDTH / max(len(found), 6)
    shapes = []
    for place, (words, rows) in enumerate(found):
        height = max(rows / highest * (HEIGHT - 2), 1.0 if rows else 0.0)
        box = {"x": place * step, "y": HEIGHT - 1 - height, "width": max(step - 1, 1), "height": height}
        title = tag("title", f"{words}: {percent(rows / total)}")
        shapes.append(tag("rect", title, class_="count" if words.endswith(" others") else "bar", **box))
    floor = tag("path", d=f"M0,{HEIGHT - 0.5:.1f}H{WIDTH:.0f}", class_="grid")
    return svg_image(WIDTH, HEIGHT, "", [floor, *shapes])
