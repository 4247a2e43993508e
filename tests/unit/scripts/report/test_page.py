"""The report: self-contained, well-formed, safe with any names, and saying what the numbers say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evaluation.champion import Champion
from evaluation.document import Evaluation
from evaluation.gate import Rules, gate
from evaluation.metrics import estimates
from evaluation.outcomes import Outcome
from evaluation.slices import Codes, slices
from features import Column, Features, Target
from report import figures
from report.page import page
from report.verdict import verdict
from report.wording import count, number, percent, plural, shortened, signed
from tests.html_reader import Reader

RULES = Rules(0.6, 0.02, "fail")
EVIL = '<script>alert("x")</script>'
ATTRIBUTE = '"><img src=x onerror=alert(1)>'


def outcome_of(problem: str, classes: tuple[str, ...], rows: int, noise: float) -> Outcome:
    random = np.random.default_rng(0)
    if problem == "regression":
        value = random.normal(100, 20, rows)
        return Outcome(problem, (), value, value + random.normal(0, 20 * noise, rows), np.empty((rows, 0), np.float32))
    target = random.integers(0, len(classes), rows)
    scores = noise * random.normal(size=(rows, len(classes)))
    scores[np.arange(rows), target] += 1
    probabilities = (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)).astype(np.float32)
    return Outcome(problem, classes, target, probabilities.argmax(axis=1), probabilities)


def evaluated(
    problem: str = "binary",
    metric: str = "auc",
    classes: tuple[str, ...] = ("no", "yes"),
    champion: Champion | None = None,
    rules: Rules = RULES,
    names: tuple[str, str] = ("plan", "churn"),
    level: str = "basic",
    rows: int = 600,
    noise: float = 1.0,
    codes: Codes | None = None,
) -> Evaluation:
    outcome = outcome_of(problem, classes, rows, noise)
    column = Column(names[0], "categorical", (level, "family"))
    found = estimates(outcome)
    codes = np.resize(np.array([0, 1, 2, -1], np.int32), rows) if codes is None else codes
    return Evaluation(
        Features(problem, Target(names[1], outcome.classes), (column, Column("age", "numeric")), ("",)),
        {"threshold": 0.5, "best_round": 9, "rounds": 20, "metrics": {"train": {"m": 0.1}, "validation": {"m": 0.2}}},
        outcome,
        found,
        gate(metric, problem, found, rows, champion, rules),
        slices(outcome, metric, found[metric], {column: codes}),
        champion,
        {names[0]: 0.7, "age": 0.3},
    )


FREE = Rules(1000, 0.02, "fail")  # of an error
CASES: dict[str, dict[str, Any]] = {
    "binary": {},
    "multiclass": {"problem": "multiclass", "metric": "weighted_f1", "classes": tuple("abcd")},
    "many classes": {"problem": "multiclass", "metric": "accuracy", "classes": tuple(f"class {n}" for n in range(120))},
    "regression": {"problem": "regression", "metric": "rmse", "rules": FREE},
    "few rows": {"rows": 12},
    "few values": {"problem": "regression", "metric": "rmse", "rules": FREE, "rows": 3},
    "perfect": {"noise": 0.0},
    "perfect values": {"problem": "regression", "metric": "rmse", "rules": FREE, "noise": 0.0},
}


@pytest.mark.parametrize("case", CASES)
def test_self_contained_and_well_formed(case: str) -> None:
    text = page(evaluated(**CASES[case]))
    reader = Reader(text)
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    assert not [
        name for _, attributes in reader.tags for name in attributes if name in ("src", "href") or name[:2] == "on"
    ]
    assert "http" not in text
    assert "url(" not in text
    assert "@import" not in text
    values = " ".join(value or "" for _, attributes in reader.tags for value in attributes.values())
    assert "nan" not in f"{reader.text} {values}"
    assert len(text) < 200_000


@pytest.mark.parametrize(
    ("case", "pictures"),
    [
        ("binary", ["Confusion matrix", "ROC curve", "Precision-recall curve", "Calibration", "Feature importance"]),
        ("multiclass", ["Confusion matrix", "One-against-rest ROC curves", "Calibration", "Feature importance"]),
        ("regression", ["Predicted against true values", "Distribution of the errors", "Errors against predictions"]),
    ],
)
def test_the_plots_are_there(case: str, pictures: list[str]) -> None:
    reader = Reader(page(evaluated(**CASES[case])))
    labels = [attributes.get("aria-label") for tag, attributes in reader.tags if tag == "svg"]
    assert set(pictures) <= set(labels)


@pytest.mark.parametrize("evil", [EVIL, ATTRIBUTE, "a & b < c"])
@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_names_from_data_are_text(problem: str, evil: str) -> None:
    metric = {"binary": "auc", "multiclass": "accuracy", "regression": "rmse"}[problem]
    classes = {"binary": ("no", evil), "multiclass": ("a", evil, "c"), "regression": ()}[problem]
    plain = Reader(page(evaluated(problem, metric, (*classes[:1], "e", *classes[2:]) if classes else ())))
    reader = Reader(page(evaluated(problem, metric, classes, names=(evil, evil), level=evil)))
    assert [tag for tag, _ in reader.tags] == [tag for tag, _ in plain.tags]
    assert evil in reader.text


def test_every_metric_with_interval_and_constant_answer() -> None:
    evaluation = evaluated()
    text = Reader(page(evaluation)).text
    for name, estimate in evaluation.estimates.items():
        if name in ("auc", "pr_auc", "accuracy", "precision", "recall", "f1", "log_loss", "brier"):
            low, high = estimate.interval()
            assert f"{number(estimate.value)} {number(low)} to {number(high)}" in text, name
            assert number(estimate.baseline or 0) in text, name


COLUMNS = [
    {"name": "id", "taken_as": "key", "missing": 0.0, "distinct": 600, "note": "", "why": "it is a key of the split"},
    {"name": "plan", "taken_as": "categorical", "missing": 0.25, "levels": ["basic", "family"], "distinct": 7}
    | {"note": "", "why": ""},
    {"name": "age", "taken_as": "numeric", "missing": 0.004, "range": [18.0, 95.0], "distinct": 78}
    | {"note": "numbers with decimal comma", "why": ""},
    {
        "name": "churn",
        "taken_as": "target",
        "missing": 0.0,
        "levels": ["no", "yes"],
        "distinct": 2,
        "note": "",
        "why": "",
    },
    {"name": "memo", "taken_as": "left out", "missing": 0.0, "distinct": None, "note": "", "why": "it has 599 texts"},
]


def with_columns(columns: list[dict[str, Any]]) -> Evaluation:
    evaluation = evaluated()
    return replace(evaluation, features=replace(evaluation.features, details={"columns": columns}))


def test_all_input_columns_are_listed_with_what_they_are_taken_as_and_why_some_are_left_out() -> None:
    text = Reader(page(with_columns(COLUMNS))).text
    assert "Columns used 2 of 4" in text
    assert "The model learns from 2 of 4 columns; 2 columns are left out" in text
    rows = text[text.index("Column by column") :]
    assert "memo it has 599 texts left out 0 % – –" in rows
    assert rows.index("memo") < rows.index("id it is a key of the split key 0 % – 600")
    assert "plan categorical 25 % basic, family, … 7" in rows
    assert "age numbers with decimal comma numeric 0.4 % 18 to 95 78" in rows
    assert "churn target 0 % no, yes 2" in rows


def test_a_model_of_before_the_table_of_columns_has_what_is_known() -> None:
    evaluation = evaluated()
    details = {"ignored": [{"name": "memo", "why": "it has 599 texts"}]}
    text = Reader(page(replace(evaluation, features=replace(evaluation.features, details=details)))).text
    assert "Columns used 2 of 3" in text
    assert "memo it has 599 texts left out – – –" in text


@pytest.mark.parametrize(("shown", "rest"), [(1, "The other column has the rest."), (2, "")])
def test_the_columns_beside_the_most_important_ones(shown: int, rest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MAX_FEATURES", shown)
    text = Reader(figures.importance(evaluated())).text
    assert rest in text
    assert ("The other" in text) == bool(rest)
    unused = replace(evaluated(), importance={"plan": 1.0})
    assert "1 column is in no decision." in Reader(figures.importance(unused)).text


def test_the_heading_is_the_verdict_of_the_gate() -> None:
    passes = verdict(evaluated())
    value = estimates(outcome_of("binary", ("no", "yes"), 600, 1.0))["auc"].value
    assert passes.headline == f"Passes the quality gate: auc is {value:.4f}, and at least 0.6 is needed."
    assert passes.tone == "good"
    better = "Clearly better than a constant answer. There is no model in production yet. "
    assert passes.reading.startswith(better)
    fails = verdict(evaluated(rules=Rules(0.99, 0.02, "fail")))
    assert fails.headline == f"Does not pass the quality gate: auc is {value:.4f}, and at least 0.99 is needed."
    assert fails.tone == "bad"
    assert fails.reading.startswith(better)
    text = page(evaluated(rules=Rules(0.99, 0.02, "fail")))
    assert 'class="verdict bad"' in text
    assert "gate: at least 0.99" in Reader(text).text
    assert "threshold: at least 0.99" in Reader(text).text


def test_a_model_that_passes_but_is_no_better_than_a_constant_answer_is_not_green() -> None:
    useless = verdict(evaluated(noise=200.0, rules=Rules(0.1, 0.02, "fail")))
    assert useless.headline.startswith("Passes the quality gate")
    assert useless.reading.startswith("Not clearly better than a constant answer")
    assert useless.tone == "fair"
    harmful = verdict(evaluated("regression", "rmse", noise=3.0, rules=FREE))
    assert harmful.reading.startswith("Worse than a constant answer")
    assert harmful.tone == "fair"
    assert verdict(evaluated("regression", "rmse", noise=3.0)).tone == "bad"


def champion_of(noise: float, rows: int = 600) -> Champion:
    """``noise`` is 1 in the model of ``evaluated``; the rows are the same."""
    return Champion("churn/3", estimates(outcome_of("binary", ("no", "yes"), rows, noise)))


@pytest.mark.parametrize(
    ("noise", "rows", "tolerance", "tone", "comparison"),
    [
        (3.0, 600, 0.02, "good", ", and better than production's model"),
        (1.0, 600, 0.02, "good", ", and on a par with production's model"),
        (0.3, 600, 0.02, "bad", ", but worse than production's model"),
        (0.3, 600, 0.9, "good", ", and slightly worse than production's model"),
    ],
)
def test_the_reading_compares_with_the_champion(
    noise: float, rows: int, tolerance: float, tone: str, comparison: str
) -> None:
    champion = champion_of(noise, rows)
    result = verdict(evaluated(rows=rows, champion=champion, rules=Rules(0.6, tolerance, "fail")))
    assert result.reading.startswith(f"Clearly better than a constant answer{comparison}.")
    words = (
        "Passes the quality gate: auc is " if tone == "good" else "it may be too much worse than production's model."
    )
    assert words in result.headline
    assert result.tone == tone
    value = number(champion.estimates["auc"].value)
    assert f"Production's model (churn/3) has {value} on the same {rows} rows: the difference is" in result.reading
    assert f"It {'passes' if tone == 'good' else 'does not pass'} the gate: at the worse end" in result.reading


def test_a_model_that_may_be_too_much_worse_is_called_so() -> None:
    """Its value is the champion's, but the rows are too few to tell."""
    outcome = outcome_of("binary", ("no", "yes"), 600, 1.0)
    jitter = np.random.default_rng(1).normal(0, 0.1, 600).astype(np.float32)
    scores = outcome.probabilities[:, 1] + jitter
    other = Outcome("binary", outcome.classes, outcome.target, outcome.predicted, np.column_stack([1 - scores, scores]))
    result = verdict(evaluated(champion=Champion("churn/3", estimates(other)), rules=Rules(0.6, 0.0001, "fail")))
    assert ", but perhaps too much worse than production's model." in result.reading
    assert result.headline == "Does not pass the quality gate: it may be too much worse than production's model."


@pytest.mark.parametrize(("allowed", "tone", "words"), [("pass", "fair", "passes"), ("fail", "bad", "does not pass")])
def test_a_champion_that_cannot_score_the_rows_is_named_with_the_setting(allowed: str, tone: str, words: str) -> None:
    champion = Champion("churn/3", reason='column "city" is missing')
    evaluation = evaluated(champion=champion, rules=Rules(0.6, 0.02, allowed))
    result = verdict(evaluation)
    assert "compared with nobody: production's model cannot score these rows" in result.reading
    assert ("Passes" in result.headline) == (allowed == "pass")
    assert f"The gate {words} it as quality_gate.champion_unscorable says" in result.reading
    assert 'column "city" is missing.' in result.reading
    assert result.tone == tone
    assert "Champion, same rows" not in Reader(page(evaluation)).text


def test_the_table_has_the_champion_s_metrics_on_the_same_rows() -> None:
    champion = champion_of(3.0)
    text = Reader(page(evaluated(champion=champion))).text
    assert "Champion, same rows" in text
    assert number(champion.estimates["pr_auc"].value) in text


def test_worse_groups_are_named_first() -> None:
    rows = 2000
    outcome = outcome_of("binary", ("no", "yes"), rows, 1.0)
    wrong = np.argsort(outcome.predicted == outcome.target)[:300]
    codes = np.ones(rows, np.int32)
    codes[wrong] = 2
    text = Reader(page(evaluated(rows=rows, codes=codes, metric="accuracy"))).text
    assert "1 group does significantly worse" in text
    assert text.index("plan family worse") < text.index("plan basic")


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_among_equals_the_worst_group_comes_first(metric: str) -> None:
    evaluation = evaluated(metric=metric)
    text = Reader(page(evaluation)).text
    sign = 1 if metric == "accuracy" else -1
    ordered = sorted(evaluation.slices, key=lambda piece: sign * piece.estimate.value)
    assert not any(piece.worse for piece in ordered)
    places = [text.index(f"plan {piece.name} {piece.rows}") for piece in ordered]
    assert places == sorted(places)


def test_evaluation_json_never_holds_what_json_cannot() -> None:
    evaluation = evaluated()
    evaluation.gate["value"] = float("nan")
    with pytest.raises(ValueError, match="not JSON compliant"):
        evaluation.as_json()


def test_very_many_classes_stay_readable_and_small() -> None:
    evaluation = evaluated(**CASES["many classes"])
    assert "The 50 largest classes" in Reader(page(evaluation)).text
    cells = json.loads(evaluation.as_json())["multiclass_classification_metrics"]["confusion_matrix"]
    assert list(cells) == list(evaluation.outcome.classes)
    assert sum(cell for row in cells.values() for cell in row.values()) == len(evaluation.outcome)
    assert all(cell for row in cells.values() for cell in row.values())


def test_a_report_without_groups_states_that() -> None:
    assert "No categorical column has a level with 50 rows or more" in page(evaluated(rows=12))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("f2", "The threshold is the one with the best F2 on validation."),
        ("precision 0.9", "finds most on validation with a precision of 0.9 or more."),
        ("costs 1:20", "where a false alarm costs 1 and a missed row 20."),
        ("0.3", "The threshold was set to 0.3."),
    ],
)
def test_the_report_states_how_the_threshold_was_chosen(rule: str, words: str) -> None:
    plain = evaluated()
    chosen = replace(plain, metadata=plain.metadata | {"parameters": {"decision_threshold": rule}})
    assert words in Reader(page(chosen)).text
    assert "The threshold " not in Reader(page(plain)).text


def test_the_report_warns_of_few_positives() -> None:
    assert "what is measured by them is uncertain" in Reader(page(evaluated(rows=40))).text
    assert "is uncertain" not in Reader(page(evaluated())).text


@pytest.mark.parametrize("problem", ["binary", "multiclass"])
def test_the_report_states_what_calibration_brought(problem: str) -> None:
    plain = evaluated(**CASES[problem])
    correction = {"slope": 0.8, "offsets": [0, 1], "validation_log_loss": {"before": 0.5123, "after": 0.4123}}
    corrected = replace(plain, metadata=plain.metadata | {"calibration": correction})
    words = "Training has corrected the probabilities on validation: a log loss of 0.412 instead of 0.512."
    assert words in Reader(page(corrected)).text
    assert "Training has corrected" not in Reader(page(plain)).text


def test_numbers_are_short() -> None:
    assert [number(value) for value in (0.84159, 12.3456, 123.456, 1234.5, -0.5, 1e-5)] == [
        *("0.842", "12.35", "123.5", "1,234", "−0.500", "1e−5")
    ]
    assert [number(value) for value in (1_360_000, 2.65e9, 2.32e10)] == ["1,360,000", "2.65e9", "2.32e10"]
    assert [percent(share) for share in (0, 0.004, 0.5, 0.9996, 1)] == ["0 %", "0.4 %", "50 %", "99.9 %", "100 %"]
    assert (signed(0.1), signed(-0.1), count(12_000)) == ("+0.100", "−0.100", "12,000")
    assert (plural(1, "group"), plural(2, "group"), shortened("abcdef", 4)) == ("1 group", "2 groups", "abc…")


def test_a_split_by_time_says_since_when_the_test_rows_are() -> None:
    evaluation = evaluated()
    details = {"split": {"by": "time", "test_from": "2024-05-06 07:00:00"}}
    text = Reader(page(replace(evaluation, features=replace(evaluation.features, details=details)))).text
    assert "Test rows are since 2024-05-06 07:00:00" in " ".join(text.split())


GROUPS = [
    {"facet": "gender", "group": "m", "rows": 410, "CI": -0.37, "DPL": {"yes": -0.1204}},
    {"facet": "gender", "group": "d", "rows": 4, "CI": None, "DPL": {}},
]
TESTED = [{"facet": "gender", "group": "m", "rows": 88, "CI": -0.4, "DPL": {"yes": -0.11}, "DPPL": {"yes": -0.231}}]


def test_facets_are_compared_in_the_data_on_the_test_side_and_in_predictions() -> None:
    before = evaluated()
    features = replace(before.features, details={"facets": GROUPS})
    text = Reader(page(replace(before, features=features, facets=TESTED))).text
    assert "Facets Each group against all other rows, by the metrics of SageMaker Clarify." in text
    assert "the share of “yes” among the others minus that in the group" in text
    assert "gender m 410 −0.370 −0.120 88 −0.110 −0.231 gender d 4 – –" in text
    assert "Facets" not in Reader(page(before)).text


def test_of_several_labels_the_one_that_differs_most_is_shown() -> None:
    groups = [GROUPS[0] | {"DPL": {"a": 0.01, "b": -0.4, "c": 0.39}}]
    before = evaluated("multiclass", "accuracy", ("a", "b", "c"))
    text = Reader(page(replace(before, features=replace(before.features, details={"facets": groups})))).text
    assert "gender m 410 −0.370 −0.400 b" in text
    regression = evaluated("regression", "rmse", rules=FREE)
    groups = [GROUPS[0] | {"DPL": {}}]
    text = Reader(page(replace(regression, features=replace(regression.features, details={"facets": groups})))).text
    assert "DPL and DPPL, are undefined" in text
    assert "Group Rows CI gender m 410 −0.370 Column by column" in text
