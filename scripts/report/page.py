"""report.html: the evaluation for a person. One file without scripts or external resources."""

from __future__ import annotations

from typing import Any

from evaluation.document import Evaluation
from evaluation.metrics import ALL
from evaluation.slices import MIN_ROWS
from report import binary as report_binary
from report import multiclass as report_multiclass
from report import regression as report_regression
from report.column_table import column_section, used_columns
from report.document import document, facts
from report.facet_table import facet_section
from report.figures import legend
from report.markup import Html, join, tag
from report.tables import MAX_CLASSES, MAX_SLICES, class_table, metric_table, slice_table
from report.verdict import verdict
from report.wording import count, number, percent, plural, quoted

FIGURES = {
    "binary": report_binary.figures,
    "multiclass": report_multiclass.figures,
    "regression": report_regression.figures,
}


def page(evaluation: Evaluation) -> str:
    name = evaluation.features.target.name
    return document(
        f"Model evaluation: {name}",
        _header(evaluation),
        _metrics(evaluation),
        tag("h2", "A closer look"),
        tag("div", *FIGURES[evaluation.outcome.problem](evaluation), class_="figures"),
        _classes(evaluation),
        _slices(evaluation),
        facet_section(evaluation.features, evaluation.facets),
        column_section(evaluation.features),
        _footer(),
    )


def _header(evaluation: Evaluation) -> Html:
    shown = verdict(evaluation)
    return tag(
        "header",
        tag("p", f"Model evaluation · predicting {evaluation.features.target.name}", class_="eyebrow"),
        tag("div", tag("h1", shown.headline), tag("p", shown.reading, class_="lead"), class_=f"verdict {shown.tone}"),
        facts(_facts(evaluation)),
    )


def _facts(evaluation: Evaluation) -> list[tuple[str, str]]:
    outcome, metadata, name = evaluation.outcome, evaluation.metadata, evaluation.features.target.name
    facts = [("Test rows", count(len(outcome)))]
    if since := evaluation.features.details.get("split", {}).get("test_from"):
        facts.append(("Test rows are since", since))
    if outcome.problem == "binary":
        facts.append(
            (
                f"{evaluation.features.target.name} is {quoted(outcome.classes[1])}",
                percent(float(outcome.target.mean())),
            )
        )
    elif outcome.problem == "multiclass":
        facts.append(("Classes", count(len(outcome.classes))))
    else:
        facts.append((f"Mean {name}", number(float(outcome.target.mean()))))
    facts.append(("Columns used", used_columns(evaluation.features)))
    if metadata.get("best_round") is not None:
        facts.append(("Best round", f"{count(metadata['best_round'] + 1)} of {count(metadata['rounds'])}"))
    return facts + _training_metrics(metadata)


def _training_metrics(metadata: dict[str, Any]) -> list[tuple[str, str]]:
    """The metrics of training and validation rows: a wide gap means overfitting."""
    metrics = metadata.get("metrics", {})
    names = [name for name in metrics.get("train", {}) if name in metrics.get("validation", {})]
    return [
        (f"{name}: training / validation", f"{number(metrics['train'][name])} / {number(metrics['validation'][name])}")
        for name in names[:2]
    ]


def _metrics(evaluation: Evaluation) -> Html:
    keys = [("s1", "this model (band: 95 % interval)"), ("baseline tall", "best constant answer")]
    keys.append(("threshold tall", "threshold of the quality gate"))
    if evaluation.scored_champion:
        keys.append(("champion tall", "production's model on the same rows"))
    return join(
        tag("h2", "The numbers"),
        tag(
            "p",
            "The constant answer is the best that always answering the same reaches on that metric alone: a model "
            "has to beat it where it matters. The quality gate looks at the metric that is marked.",
        ),
        tag("div", metric_table(evaluation), legend(keys), class_="card"),
    )


def _classes(evaluation: Evaluation) -> Html:
    if evaluation.outcome.problem != "multiclass":
        return join()
    words = "Precision: of the rows called so, the share that is. Recall: of the rows that are so, the share found."
    hidden = len(evaluation.outcome.classes) - MAX_CLASSES
    if hidden > 0:
        words += f" The {MAX_CLASSES} largest classes; the predictions of all are in predictions.parquet."
    return join(tag("h2", "Class by class"), tag("p", words), tag("div", class_table(evaluation), class_="card"))


def _slices(evaluation: Evaluation) -> Html:
    title = ALL[evaluation.outcome.problem][evaluation.gate["metric"]].title
    if not evaluation.slices:
        words = f"No categorical column has a level with {MIN_ROWS} rows or more on the test side."
        return join(tag("h2", "Group by group"), tag("p", words))
    worse = sum(piece.worse for piece in evaluation.slices)
    found = f"{plural(worse, 'group')} {'does' if worse == 1 else 'do'}" if worse else "No group does"
    hidden = len(evaluation.slices) - MAX_SLICES
    rest = f" The other {hidden} groups are in evaluation.json." if hidden > 0 else ""
    words = (
        f"{title} in every group of {MIN_ROWS} rows or more, worst first; the grey line is all rows together. "
        f"{found} significantly worse than all rows together, allowing for chance in "
        f"{plural(len(evaluation.slices), 'comparison')}.{rest}"
    )
    return join(tag("h2", "Group by group"), tag("p", words), tag("div", slice_table(evaluation), class_="card"))


def _footer() -> Html:
    return tag(
        "footer",
        tag(
            "p",
            "Intervals are at 95 % and come from how much each test row pulls a number (infinitesimal jackknife; "
            "DeLong's for AUC; Wilson's form for shares). They tell how far chance in the choice of test rows reaches; "
            "they know nothing of data that will look different tomorrow.",
        ),
        tag(
            "p", "All numbers are in evaluation.json, every single prediction in predictions.parquet, beside this page."
        ),
    )
