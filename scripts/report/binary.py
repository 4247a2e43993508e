"""The figures of a binary problem."""

from __future__ import annotations

import numpy as np

from evaluation import curves
from evaluation.document import FEW_POSITIVES, Evaluation
from report.charts import Axis, Plot, heat_map
from report.document import figure
from report.figures import PROBABILITY, calibration_plot, distribution, importance, legend, roc_plot
from report.markup import Html, join
from report.wording import count, number, percent, quoted


def figures(evaluation: Evaluation) -> list[Html]:
    ranked = evaluation.outcome.ranking.has_both_classes
    return [
        _confusion(evaluation),
        _scores(evaluation),
        *([_roc(evaluation), _precision_recall(evaluation)] if ranked else []),
        _calibration(evaluation),
        importance(evaluation),
    ]


def _confusion(evaluation: Evaluation) -> Html:
    outcome = evaluation.outcome
    cells = outcome.confusion
    of_truth = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    words = [[f"{count(int(cells[i, j]))}\n{percent(of_truth[i, j])}" for j in (0, 1)] for i in (0, 1)]
    positive = quoted(outcome.classes[1])
    called = int(cells[:, 1].sum())
    right = f" and {percent(cells[1, 1] / called)} of those called {positive} are" if called else ""
    return figure(
        "Right and wrong at the threshold",
        heat_map(outcome.classes, of_truth.tolist(), words, "Confusion matrix"),
        f"A row is called {positive} when its probability is {number(evaluation.threshold)} or more. So "
        f"{percent(of_truth[1, 1])} of the {positive} rows are found{right}. Percentages add up along a row."
        f"{_rule(evaluation)}{_few(int(cells[1].sum()), len(outcome), positive)}",
    )


def _rule(evaluation: Evaluation) -> str:
    """How training chose the threshold; "" for a model that does not say."""
    text = str(evaluation.metadata.get("parameters", {}).get("decision_threshold", ""))
    form, _, value = text.partition(" ")
    if text.startswith("f"):
        return f" The threshold is the one with the best {text.upper()} on validation."
    if form == "precision":
        return f" The threshold is the one that finds most on validation with a precision of {value} or more."
    if form == "costs":
        false, missed = value.split(":")
        return (
            " The threshold is the one with the least costs on validation, where a false alarm costs "
            f"{false} and a missed row {missed}."
        )
    return f" The threshold was set to {text}." if text else ""


def _few(positives: int, rows: int, positive: str) -> str:
    if positives >= FEW_POSITIVES:
        return ""
    return (
        f" Only {count(positives)} of the {count(rows)} rows are {positive}: what is measured by them is uncertain, as "
        "the intervals say. More data, or a larger data.test_fraction, would help."
    )


def _scores(evaluation: Evaluation) -> Html:
    outcome = evaluation.outcome
    bins = curves.bins_for(len(outcome), 30)
    pairs = [
        (f"{evaluation.features.target.name}: {name}", curves.histogram(outcome.probabilities[rows, 1], 0, 1, bins))
        for number_, name in enumerate(outcome.classes)
        if (rows := outcome.target == number_).any()
    ]
    label = f"{PROBABILITY} of {quoted(outcome.classes[1], 24)}"
    mark = (evaluation.threshold, f"threshold {number(evaluation.threshold)}")
    return figure(
        "How well the two classes separate",
        join(
            distribution(pairs, label, mark),
            legend([(f"s{position + 1}", name) for position, (name, _) in enumerate(pairs)]),
        ),
        "Where the probabilities of each class lie: the less the two shapes overlap, the better. Everything right of "
        f"the line is called {quoted(outcome.classes[1])}.",
    )


def _roc(evaluation: Evaluation) -> Html:
    cells = evaluation.outcome.confusion
    false, true = (float(cells[i, 1] / cells[i].sum()) for i in (0, 1))
    plot = roc_plot([("this model", curves.roc(evaluation.outcome.ranking))], (false, true, "at the threshold"))
    plot.text(0.97, 0.04, f"AUC {number(evaluation.estimates['auc'].value)}", "end", "big")
    return figure(
        "Found against false alarms (ROC)",
        plot.svg("ROC curve"),
        "Every point is a threshold: up is good, right is bad, the dashed line is a coin toss. At the chosen threshold "
        f"(orange) {percent(true)} of the positives are found for false alarms on {percent(false)} of the negatives.",
    )


def _precision_recall(evaluation: Evaluation) -> Html:
    outcome = evaluation.outcome
    rate = float(np.mean(outcome.target))
    curve = curves.precision_recall(outcome.ranking)
    plot = Plot(
        Axis(0, 1, "found (recall)", True), Axis(0, 1, "right when called positive (precision)", True), square=True
    )
    plot.line([(0, rate), (1, rate)], "reference", f"calling rows at random: {percent(rate)}")
    plot.line(curve.points, "s1", "this model")
    called = int(outcome.confusion[:, 1].sum())
    if called:
        recall, precision = (float(outcome.confusion[1, 1] / n) for n in (outcome.confusion[1].sum(), called))
        plot.dot(recall, precision, "s2", "at the threshold")
    plot.text(0.97, 0.95, f"PR-AUC {number(evaluation.estimates['pr_auc'].value)}", "end", "big")
    return figure(
        "What finding more of them costs (precision and recall)",
        plot.svg("Precision-recall curve"),
        "Going right, more positives are found; going up, fewer of the rows called positive are mistakes. "
        f"The dashed line is calling rows at random: {percent(rate)} of them are {quoted(outcome.classes[1])}.",
    )


def _calibration(evaluation: Evaluation) -> Html:
    outcome = evaluation.outcome
    bins = curves.calibration(outcome.probabilities[:, 1], outcome.target)
    happened = f"turned out {quoted(outcome.classes[1], 20)}"
    return calibration_plot(bins, happened, curves.calibration_error(bins), evaluation.metadata)
