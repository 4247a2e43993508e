"""Figures that more than one problem type shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.curves import CalibrationBin, Curve, Histogram
from evaluation.document import Evaluation
from report.charts import Axis, Plot, bars
from report.document import figure
from report.markup import Html, tag
from report.wording import about, count, number, percent, plural

MAX_FEATURES = 20
PROBABILITY = "predicted probability"


def importance(evaluation: Evaluation) -> Html:
    top = list(evaluation.importance.items())[:MAX_FEATURES]
    if not top:
        return figure(
            "What the model looks at", tag("p", "nothing"), "The model uses no column: its answer is constant."
        )
    rest, unused = len(evaluation.importance) - len(top), len(evaluation.features.columns) - len(evaluation.importance)
    others = "The other column has" if rest == 1 else f"The other {rest} columns share"
    others = f" {others} the rest." if rest > 0 else ""
    others += f" {plural(unused, 'column')} {'is' if unused == 1 else 'are'} in no decision." if unused > 0 else ""
    leaders = " and ".join(name for name, _ in top[:2])
    return figure(
        "What the model looks at",
        bars([(name, share, percent(share)) for name, share in top], "Feature importance"),
        f"Each column's share of what moves the answers, as the algorithm measures it; {leaders} matter"
        f"{'s' if len(top) == 1 else ''} most.{others} It says what is used, not what causes what.",
    )


def calibration_plot(bins: list[CalibrationBin], happened: str, error: float, metadata: Mapping[str, Any]) -> Html:
    plot = Plot(Axis(0, 1, PROBABILITY, True), Axis(0, 1, happened, True), square=True)
    most = max(b.rows for b in bins)
    for b in bins:
        plot.bar(b.edges[0] + 0.01, b.edges[1] - 0.01, 0, 0.14 * b.rows / most, "count", f"{count(b.rows)} rows")
    plot.line([(0, 0), (1, 1)], "reference", "perfectly honest probabilities")
    plot.line([(b.predicted, b.happened) for b in bins], "s1")
    for b in bins:
        title = f"predicted {percent(b.predicted)}, happened {percent(b.happened)} ({count(b.rows)} rows)"
        plot.dot(b.predicted, b.happened, "s1", title, b.interval)
    return figure(
        "Can the probabilities be taken at their word?",
        plot.svg("Calibration"),
        "Rows are grouped by the probability they were given (grey bars: how many). On the dashed line, what was given "
        f"70 % happens 70 % of the time. Here promise and outcome lie {about(error * 100)} percentage points apart on "
        f"average; the strokes are 95 % intervals.{_correction(metadata.get('calibration'))}",
    )


def _correction(calibration: Mapping[str, Any] | None) -> str:
    if not calibration:
        return ""
    losses = calibration.get("validation_log_loss", {})
    effect = f": a log loss of {number(losses['after'])} instead of {number(losses['before'])}" if losses else ""
    return f" Training has corrected the probabilities on validation{effect}."


def roc_plot(curves: list[tuple[str, Curve]], point: tuple[float, float, str] | None = None) -> Plot:
    plot = Plot(
        Axis(0, 1, "false alarms (of all negatives)", True), Axis(0, 1, "found (of all positives)", True), square=True
    )
    plot.line([(0, 0), (1, 1)], "reference", "a coin toss")
    for position, (name, curve) in enumerate(curves):
        plot.line(curve.points, f"s{position + 1}", name)
    if point:
        plot.dot(point[0], point[1], "s2", point[2])
    return plot


def legend(entries: list[tuple[str, str]]) -> Html:
    """Names with the colour they are drawn in."""
    items = [tag("li", tag("i", class_=f"key {style}"), name) for style, name in entries]
    return tag("ul", *items, class_="legend")


def distribution(pairs: list[tuple[str, Histogram]], x_label: str, mark: tuple[float, str] | None) -> Html:
    highest = max(float(shown.shares.max()) for _, shown in pairs)
    edges = pairs[0][1].edges
    plot = Plot(
        Axis(float(edges[0]), float(edges[-1]), x_label, True), Axis(0, highest * 1.12 or 1, "share of rows", True)
    )
    for position, (name, shown) in enumerate(pairs):
        plot.area(shown.edges.tolist(), shown.shares.tolist(), f"s{position + 1}", name)
    if mark:
        plot.vertical_line(*mark)
    return plot.svg(f"Distribution of {x_label}")
