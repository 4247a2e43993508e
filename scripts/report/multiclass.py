"""The figures of a multiclass problem."""

from __future__ import annotations

import numpy as np

from evaluation import curves
from evaluation.document import Evaluation
from evaluation.estimates import Numbers
from evaluation.outcomes import Outcome
from evaluation.score_metrics import auc
from report.charts import heat_map
from report.document import figure
from report.figures import PROBABILITY, calibration_plot, distribution, importance, legend, roc_plot
from report.markup import Html, join
from report.wording import count, number, percent, quoted, shortened

MAX_CLASSES, MAX_CURVES = 20, 6


def figures(evaluation: Evaluation) -> list[Html]:
    return [
        _confusion(evaluation),
        _curves(evaluation),
        _scores(evaluation),
        _calibration(evaluation),
        importance(evaluation),
    ]


def _confusion(evaluation: Evaluation) -> Html:
    outcome = evaluation.outcome
    chosen = outcome.largest_classes(MAX_CLASSES)
    of_truth = outcome.confusion / np.maximum(outcome.confusion.sum(axis=1, keepdims=True), 1)
    shades = of_truth[np.ix_(chosen, chosen)].tolist()
    words = [[count(int(cell)) for cell in row] for row in outcome.confusion[np.ix_(chosen, chosen)]]
    left_out = len(outcome.classes) - len(chosen)
    note = f" The {left_out} smallest classes are left out here." if left_out else ""
    return figure(
        "Which classes are taken for which",
        heat_map([outcome.classes[number_] for number_ in chosen], shades, words, "Confusion matrix"),
        f"Rows are the truth, columns the prediction; the diagonal is right. {_worst_mistake(outcome, of_truth)}{note}",
    )


def _worst_mistake(outcome: Outcome, of_truth: Numbers) -> str:
    mistakes = outcome.confusion - np.diag(np.diagonal(outcome.confusion))
    i, j = np.unravel_index(int(np.argmax(mistakes)), mistakes.shape)
    if mistakes[i, j] == 0:
        return "There is no mistake."
    return (
        f"The most frequent mistake: {percent(of_truth[i, j])} of the {quoted(outcome.classes[i])} rows "
        f"are called {quoted(outcome.classes[j])}."
    )


def _curves(evaluation: Evaluation) -> Html:
    outcome = evaluation.outcome
    ranked = [(outcome.classes[k], outcome.ranking_of(k)) for k in outcome.largest_classes(MAX_CURVES)]
    ranked = [(name, ranking) for name, ranking in ranked if ranking.has_both_classes]
    plot = roc_plot([(name, curves.roc(ranking)) for name, ranking in ranked])
    entries = [
        (f"s{position + 1}", f"{shortened(name, 24)} ({number(estimate.value)})")
        for position, (name, ranking) in enumerate(ranked)
        if (estimate := auc(ranking))
    ]
    which = f" The {MAX_CURVES} largest classes are drawn." if len(outcome.classes) > MAX_CURVES else ""
    return figure(
        "Each class against all others (ROC)",
        join(plot.svg("One-against-rest ROC curves"), legend(entries)),
        "Every curve asks: is it this class or not? The closer to the upper left, the better the separation; "
        f"the dashed line is a coin toss. In brackets the area under the curve (1 is perfect).{which}",
    )


def _scores(evaluation: Evaluation) -> Html:
    outcome = evaluation.outcome
    top = outcome.probabilities.max(axis=1)
    right = outcome.predicted == outcome.target
    pairs = [
        (name, curves.histogram(top[rows], 0, 1, curves.bins_for(len(outcome), 30)))
        for name, rows in (("right answers", right), ("wrong answers", ~right))
        if rows.any()
    ]
    return figure(
        "How sure is it when it is right, and when it is wrong?",
        join(
            distribution(pairs, f"{PROBABILITY} of its answer", None),
            legend([(f"s{position + 1}", name) for position, (name, _) in enumerate(pairs)]),
        ),
        "A good model is sure (right side) where it is right, and unsure where it is wrong.",
    )


def _calibration(evaluation: Evaluation) -> Html:
    outcome = evaluation.outcome
    top = outcome.probabilities.max(axis=1)
    bins = curves.calibration(top, outcome.predicted == outcome.target)
    return calibration_plot(bins, "answer was right", curves.calibration_error(bins), evaluation.metadata)
