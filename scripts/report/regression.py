"""The figures of a regression problem."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation import curves
from evaluation.document import Evaluation
from evaluation.error_metrics import errors
from evaluation.estimates import Numbers
from report.charts import Axis, Plot
from report.document import figure
from report.figures import importance
from report.markup import Html, join, tag
from report.wording import about, count, number, percent, shortened

SHADES = 6
MAX_SQUARES = 36  # along one side
GROUPS = 10


def figures(evaluation: Evaluation) -> list[Html]:
    target, predicted = evaluation.outcome.target, evaluation.outcome.predicted
    error = errors(evaluation.outcome)
    name = shortened(evaluation.features.target.name, 24)
    return [
        _predicted_and_true(target, predicted, name),
        _residuals(error),
        _residuals_by_prediction(predicted, error, name),
        _error_by_group(predicted, error, name),
        importance(evaluation),
    ]


def _density(plot: Plot, grid: curves.Grid) -> Html:
    """Cells shaded by the logarithm of their rows, one shape per shade; returns the key to the shades."""
    most = max(float(grid.rows.max()), 2.0)
    bounds = most ** (np.arange(SHADES + 1) / SHADES)
    keys = []
    for shade in range(SHADES):
        low, high = bounds[shade], bounds[shade + 1]
        inside = (grid.rows >= (low if shade else 1)) & ((grid.rows < high) | (shade == SHADES - 1))
        opacity = 0.14 + 0.86 * shade / (SHADES - 1)
        cells = [
            (grid.x_edges[i], grid.x_edges[i + 1], grid.y_edges[j], grid.y_edges[j + 1])
            for i, j in np.argwhere(inside).tolist()
        ]
        if cells:
            plot.cells(cells, opacity, f"about {count(round(low))} to {count(round(high))} rows in each square")
        keys.append(tag("i", class_="shade", style=f"opacity:{opacity:.2f}"))
    return tag("p", "1 row ", *keys, f" {count(round(most))} rows a square", class_="shades")


def _predicted_and_true(target: Numbers, predicted: Numbers, name: str) -> Html:
    low, high = curves.usual_range(np.concatenate((target, predicted)))
    bins = curves.bins_for(4 * len(target), MAX_SQUARES)
    plot = Plot(Axis(low, high, f"true {name}"), Axis(low, high, f"predicted {name}"), square=True)
    key = _density(plot, curves.grid(target, predicted, (low, high), (low, high), bins))
    plot.line([(low, low), (high, high)], "reference", "predicted = true")
    return figure(
        "Predicted and true",
        join(plot.svg("Predicted against true values"), key),
        "The darker a square, the more rows lie there. On the dashed line a prediction is exactly right; above it the "
        f"model says too much, below too little.{_outside((low, high), target, predicted)}",
    )


def _residuals(error: Numbers) -> Html:
    edge = max(abs(bound) for bound in curves.usual_range(error))
    shown = curves.histogram(error, -edge, edge, curves.bins_for(len(error), 41))
    plot = Plot(
        Axis(-edge, edge, "error (predicted minus true)"),
        Axis(0, float(shown.shares.max()) * 1.12, "share of rows", True),
    )
    plot.area(shown.edges.tolist(), shown.shares.tolist(), "s1", "errors")
    plot.vertical_line(0, "exactly right", "reference")
    half, most = np.quantile(np.abs(error), (0.5, 0.9))
    return figure(
        "How far off the predictions are",
        plot.svg("Distribution of the errors"),
        f"Half of the predictions are within {about(half)} of the truth and nine in ten within {about(most)}; on "
        f"average they are {about(abs(float(error.mean())))} too {'high' if error.mean() > 0 else 'low'}.",
    )


def _residuals_by_prediction(predicted: Numbers, error: Numbers, name: str) -> Html:
    x_range = curves.usual_range(predicted)
    bins = curves.bins_for(4 * len(predicted), MAX_SQUARES)
    edge = max(abs(bound) for bound in curves.usual_range(error))
    plot = Plot(Axis(*x_range, f"predicted {name}"), Axis(-edge, edge, "error (predicted minus true)"))
    key = _density(plot, curves.grid(predicted, error, x_range, (-edge, edge), bins))
    plot.line([(x_range[0], 0), (x_range[1], 0)], "reference", "exactly right")
    groups = _groups(predicted)
    plot.line([(float(predicted[rows].mean()), float(error[rows].mean())) for rows in groups], "s2", "mean error")
    return figure(
        "Is it wrong in some places?",
        join(plot.svg("Errors against predictions"), key),
        "The orange line is the mean error for low to high predictions: flat on zero is good; a slope or a bend means "
        "that the model misses something there.",
    )


def _error_by_group(predicted: Numbers, error: Numbers, name: str) -> Html:
    groups = _groups(predicted)
    sizes = [float(np.mean(np.abs(error[rows]))) for rows in groups]
    plot = Plot(
        Axis(0.5, len(groups) + 0.5, f"tenths of the rows, from low to high predicted {name}"),
        Axis(0, max(sizes) * 1.1 or 1, "mean absolute error"),
    )
    for position, (rows, size) in enumerate(zip(groups, sizes, strict=True)):
        low, high = number(float(predicted[rows].min())), number(float(predicted[rows].max()))
        title = f"predictions {low} to {high}: off by {number(size)} on average ({count(len(rows))} rows)"
        plot.bar(position + 0.62, position + 1.38, 0, size, "bar", title)
    worst = int(np.argmax(sizes))
    low, high = number(float(predicted[groups[worst]].min())), number(float(predicted[groups[worst]].max()))
    return figure(
        "Where the errors are largest",
        plot.svg("Mean absolute error by tenth of the predictions"),
        f"Rows in ten equal groups by what was predicted. The largest errors are at predictions of {low} to {high}: "
        f"off by {about(sizes[worst])} on average.",
    )


def _groups(predicted: Numbers) -> list[npt.NDArray[Any]]:
    """Row numbers in up to ten groups of equal size, from the lowest prediction to the highest."""
    order = np.argsort(predicted, kind="stable")
    return [rows for rows in np.array_split(order, GROUPS) if len(rows)]


def _outside(bounds: tuple[float, float], *values: Numbers) -> str:
    beyond = np.zeros(len(values[0]), dtype=bool)
    for column in values:
        beyond |= (column < bounds[0]) | (column > bounds[1])
    return (
        f" {percent(float(beyond.mean()))} of the rows lie beyond the frame and are drawn at its edge."
        if beyond.any()
        else ""
    )
