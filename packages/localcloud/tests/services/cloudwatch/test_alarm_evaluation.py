"""AWS's own tables of missing data, and AWS's own sentences."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from localcloud.services.cloudwatch.alarm_evaluation import Datapoint, Rule, evaluate
from localcloud.services.cloudwatch.state_reasons import java_double, reason, reason_data

KEEP = ""
VALUES = {"0": 1.0, "X": 9.0, "-": None}
NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())


def points(text: str) -> list[Datapoint]:
    marks = text.split()
    return [
        Datapoint(NOON + 60 * (number - len(marks)), VALUES[mark], None if mark == "-" else 2.0)
        for number, mark in enumerate(marks)
    ]


def rule(periods: int, to_alarm: int, missing: str = "missing", comparison: str = "GreaterThanThreshold") -> Rule:
    return Rule(comparison, 5.0, periods, to_alarm, missing)


WAYS = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize(
    ("to_alarm", "text", "states"),
    [
        # AWS's first table: 3 out of 3
        (3, "0 - X - X", ("OK", "OK", "OK", "OK")),
        (3, "- - - - 0", ("OK", "OK", "OK", "OK")),
        (3, "- - - - -", ("INSUFFICIENT_DATA", KEEP, "ALARM", "OK")),
        (3, "0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (3, "- - X - -", ("ALARM", KEEP, "ALARM", "OK")),
        # its second: 2 out of 3
        (2, "0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (2, "0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        (2, "0 - X - -", ("OK", "OK", "ALARM", "OK")),
        (2, "- - - - 0", ("OK", "OK", "ALARM", "OK")),
        (2, "- - - X -", ("ALARM", KEEP, "ALARM", "OK")),
        # its text: not yet, the next one may be well; older editions: the only point, and the oldest
        (3, "- - - - X", ("INSUFFICIENT_DATA", KEEP, "ALARM", "OK")),
        (3, "- - - X -", ("INSUFFICIENT_DATA", KEEP, "ALARM", "OK")),
        (3, "- - X - 0", ("OK", "OK", "OK", "OK")),
        (3, "0 - - - -", ("OK", "OK", "OK", "OK")),
        (3, "X - - - -", ("ALARM", KEEP, "ALARM", "OK")),
        (3, "X X 0 0 0", ("OK", "OK", "OK", "OK")),
    ],
)
def test_missing_data(to_alarm: int, text: str, states: tuple[str, ...]) -> None:
    evaluated = tuple(evaluate(rule(3, to_alarm, missing), points(text)).state for missing in WAYS)
    assert evaluated == states


@pytest.mark.parametrize(
    ("comparison", "states"),
    [
        ("GreaterThanThreshold", "OK OK ALARM"),
        ("GreaterThanOrEqualToThreshold", "OK ALARM ALARM"),
        ("LessThanThreshold", "ALARM OK OK"),
        ("LessThanOrEqualToThreshold", "ALARM ALARM OK"),
    ],
)
def test_comparisons(comparison: str, states: str) -> None:
    evaluated = [evaluate(rule(1, 1, comparison=comparison), [Datapoint(0, value)]).state for value in (4.9, 5.0, 5.1)]
    assert " ".join(evaluated) == states


def test_a_percentile_of_too_few_values_changes_nothing() -> None:
    few = Rule("GreaterThanThreshold", 5.0, 1, 1, low_samples=3)
    assert evaluate(few, points("X")).state == KEEP  # 2 samples
    assert evaluate(Rule("GreaterThanThreshold", 5.0, 1, 1, low_samples=2), points("X")).state == "ALARM"


@pytest.mark.parametrize(
    ("alarm_rule", "text", "m_of_n", "sentence"),
    [
        (
            rule(1, 1),
            "X",
            False,
            "Threshold Crossed: 1 datapoint [9.0 (01/03/26 11:59:00)] was greater than the threshold (5.0).",
        ),
        (
            rule(1, 1),
            "0",
            True,
            "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (01/03/26 11:59:00)] was not greater than the "
            "threshold (5.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            rule(3, 3),
            "X X X",
            False,
            "Threshold Crossed: 3 datapoints [9.0 (01/03/26 11:59:00), 9.0 (01/03/26 11:58:00), "
            "9.0 (01/03/26 11:57:00)] were greater than the threshold (5.0).",
        ),
        (
            rule(3, 2),
            "0 X X",
            True,
            "Threshold Crossed: 2 out of the last 3 datapoints [9.0 (01/03/26 11:59:00), 9.0 (01/03/26 11:58:00)] "
            "were greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition).",
        ),
        (
            rule(20, 1, "notBreaching"),
            "- X -",
            True,
            "Threshold Crossed: 1 out of the last 20 datapoints [9.0 (01/03/26 11:58:00)] was greater than the "
            "threshold (5.0) and 19 missing datapoints were treated as [NonBreaching] "
            "(minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            rule(1, 1, "breaching"),
            "- - -",
            False,
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
            "[Breaching].",
        ),
        (
            rule(2, 2, "breaching", "LessThanThreshold"),
            "- - X -",
            False,
            "Threshold Crossed: 1 datapoint [9.0 (01/03/26 11:58:00)] was not less than the threshold (5.0) and "
            "1 missing datapoint was treated as [Breaching].",
        ),
        (
            rule(3, 2, "breaching"),
            "- - - - 0",
            False,
            "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as "
            "[Breaching].",
        ),
        (rule(1, 1), "- - -", False, "Insufficient Data: 1 datapoint was unknown."),
        (rule(2, 2), "- - - -", True, "Insufficient Data: 2 datapoints were unknown."),
        (
            rule(6, 6),
            "X X X X X X",
            True,
            "Threshold Crossed: 6 out of the last 6 datapoints were greater than the threshold (5.0). The most recent "
            "datapoints which crossed the threshold: [9.0 (01/03/26 11:59:00), 9.0 (01/03/26 11:58:00), "
            "9.0 (01/03/26 11:57:00), 9.0 (01/03/26 11:56:00), 9.0 (01/03/26 11:55:00)] "
            "(minimum 6 datapoints for OK -> ALARM transition).",
        ),
    ],
)
def test_reasons_are_aws_s(alarm_rule: Rule, text: str, m_of_n: bool, sentence: str) -> None:
    assert reason(alarm_rule, evaluate(alarm_rule, points(text)), m_of_n=m_of_n) == sentence


def test_reason_data() -> None:
    datapoints, alarm_rule = points("- X - 0 -"), rule(3, 2, "breaching")
    at = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    data = json.loads(
        reason_data(
            alarm_rule, evaluate(alarm_rule, datapoints), datapoints, at, 60, {"unit": None, "statistic": "Sum"}
        )
    )
    assert data == {
        "version": "1.0",
        "queryDate": "2026-03-01T12:00:00.123+0000",
        "startDate": "2026-03-01T11:56:00.000+0000",
        "statistic": "Sum",
        "period": 60,
        "recentDatapoints": [9.0, 1.0],
        "threshold": 5.0,
        "evaluatedDatapoints": [
            {"timestamp": "2026-03-01T11:59:00.000+0000"},
            {"timestamp": "2026-03-01T11:58:00.000+0000", "sampleCount": 2.0, "value": 1.0},
            {"timestamp": "2026-03-01T11:56:00.000+0000", "sampleCount": 2.0, "value": 9.0},
        ],
    }


def test_reason_and_data_fit_aws_s_limits() -> None:
    datapoints, alarm_rule = points(" ".join("X" * 1440)), rule(1440, 1440)
    evaluation = evaluate(alarm_rule, datapoints)
    assert len(reason(alarm_rule, evaluation, m_of_n=True)) < 1023
    assert (
        len(reason_data(alarm_rule, evaluation, datapoints, datetime(2026, 3, 1, tzinfo=UTC), 60, {"statistic": "Sum"}))
        < 4000
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (5, "5.0"),
        (0.05, "0.05"),
        (0, "0.0"),
        (-3.25, "-3.25"),
        (1.50785441792e10, "1.50785441792E10"),
        (1e7, "1.0E7"),
        (9999999.0, "9999999.0"),
        (0.0001, "1.0E-4"),
    ],
)
def test_numbers_as_java_writes_them(number: float, text: str) -> None:
    assert java_double(number) == text
