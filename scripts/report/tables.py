"""The report's tables: metrics with their intervals, and the slices."""

from __future__ import annotations

from typing import Any

from evaluation.champion import Champion
from evaluation.document import Evaluation
from evaluation.estimates import Estimate
from evaluation.gate import PASS
from evaluation.label_metrics import PRECISION, RECALL, f_score, of_class
from evaluation.metrics import ALL, MAXIMIZE, SHOWN, Measure
from evaluation.slices import Slice
from report.charts import Axis, track
from report.markup import Html, join, table, tag
from report.wording import count, number, percent, signed

MAX_SLICES, MAX_CLASSES = 40, 50


def metric_table(evaluation: Evaluation) -> Html:
    champion = evaluation.scored_champion
    head = ["Metric", "This model", "", "Constant answer", *(["Champion, same rows"] if champion else [])]
    rows = [
        _metric_row(measure, estimate, champion, name, evaluation.gate)
        for name, measure in SHOWN[evaluation.outcome.problem].items()
        if (estimate := evaluation.estimates.get(name))
    ]
    return table(head, rows, "metrics")


def _metric_row(
    measure: Measure, estimate: Estimate, champion: Champion | None, name: str, gate: dict[str, Any]
) -> Html:
    champion_value = champion.value(name) if champion else None
    marks = []
    if estimate.baseline is not None:
        marks.append(("baseline", estimate.baseline, f"constant answer: {number(estimate.baseline)}"))
    if champion_value is not None:
        marks.append(("champion", champion_value, f"champion: {number(champion_value)}"))
    badge = join()
    if name == gate["metric"]:
        needed = f"{'at least' if measure.direction == MAXIMIZE else 'at most'} {gate['threshold']:g}"
        badge = tag("span", f"gate: {needed}", class_="badge" if gate["threshold_verdict"] == PASS else "badge bad")
        marks.append(("threshold", gate["threshold"], f"threshold: {needed}"))
    better = "higher is better" if measure.direction == MAXIMIZE else "lower is better"
    cells = [
        tag("th", measure.title, " ", badge, tag("small", f"{measure.meaning}; {better}"), scope="row"),
        value_cell(estimate),
        _track(_axis(estimate, [where for _, where, _ in marks]), estimate, marks),
        tag("td", "–" if estimate.baseline is None else number(estimate.baseline), class_="number"),
    ]
    if champion:
        cells.append(tag("td", "–" if champion_value is None else number(champion_value), class_="number"))
    return tag("tr", *cells)


def value_cell(estimate: Estimate) -> Html:
    low, high = estimate.interval()
    interval = f"{number(low)} to {number(high)}"
    return tag("td", tag("b", number(estimate.value)), tag("small", interval), class_="number")


def _track(axis: Axis, estimate: Estimate, marks: list[tuple[str, float, str]]) -> Html:
    return tag("td", track(axis, estimate.value, estimate.interval(), marks), class_="track")


def _axis(estimate: Estimate, others: list[float]) -> Axis:
    if estimate.kind == "share":
        return Axis(0, 1, "")
    low, high = estimate.interval()
    bottom = min(0.0, low, *others)
    return Axis(bottom, max(high, *others, 1.0 if estimate.kind == "r2" else 0.0) * 1.05 or 1.0, "")


def slice_table(evaluation: Evaluation) -> Html:
    """Flagged slices first, then the worst ones."""
    whole = evaluation.gate["value"]
    sign = 1 if evaluation.gate["direction"] == MAXIMIZE else -1
    ordered = sorted(evaluation.slices, key=lambda piece: (not piece.worse, sign * piece.difference))[:MAX_SLICES]
    edges = [edge for piece in ordered for edge in piece.estimate.interval()] + [whole]
    axis = Axis(min(edges), max(edges) if max(edges) > min(edges) else min(edges) + 1, "")
    mean = {"binary": ["Positive"], "regression": ["Mean target"]}.get(evaluation.outcome.problem, [])
    title = ALL[evaluation.outcome.problem][evaluation.gate["metric"]].title
    head = ["Group", "Rows", *mean, title, "", "Against all rows"]
    return table(head, [_slice_row(piece, axis, whole, evaluation.outcome.problem) for piece in ordered], "slices")


def _slice_row(piece: Slice, axis: Axis, whole: float, problem: str) -> Html:
    name = tag("b", piece.name) if piece.group == "level" else tag("i", piece.name)
    badge = tag("span", "worse", class_="badge bad") if piece.worse else join()
    cells = [
        tag("th", tag("span", piece.column, class_="muted"), " ", name, " ", badge, scope="row"),
        tag("td", count(piece.rows), class_="number"),
    ]
    if piece.target_mean is not None:
        words = percent(piece.target_mean) if problem == "binary" else number(piece.target_mean)
        cells.append(tag("td", words, class_="number"))
    marks = [("baseline", whole, f"all rows: {number(whole)}")]
    cells += [
        value_cell(piece.estimate),
        _track(axis, piece.estimate, marks),
        tag("td", signed(piece.difference), class_="number"),
    ]
    return tag("tr", *cells)


def class_table(evaluation: Evaluation) -> Html:
    """Multiclass: the metrics of each class against all others. A dash: no test rows, or never predicted."""
    outcome = evaluation.outcome
    rows = []
    for position in outcome.largest_classes(MAX_CLASSES):
        found = [of_class(outcome, ratio, position) for ratio in (PRECISION, RECALL, f_score(1))]
        if outcome.confusion[:, position].sum() == 0:
            found[0] = None  # never predicted: precision is undefined
        cells = [value_cell(estimate) if estimate else tag("td", "–") for estimate in found]
        of_it = tag("td", count(int(outcome.confusion[position].sum())), class_="number")
        rows.append(tag("tr", tag("th", outcome.classes[position], scope="row"), of_it, *cells))
    return table(["Class", "Rows", "Precision", "Recall", "F1"], rows)
