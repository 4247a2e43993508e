"""The input of targets, by the examples in AWS's documentation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.services.events.transform import MISSING, Match, PathNotFound, look_up, payload, problems

EVENT = {
    "id": "7bf7",
    "source": "aws.ec2",
    "resources": ["arn:one", "arn:two"],
    "detail": {
        "instance-id": "i-0123",
        "state": "RUNNING",
        "count": 3,
        "on": True,
        "nothing": None,
        "list": [{"a": 1}, {"a": 2}],
        "a b": "spaced",
        "quote": 'a "quote"',
    },
}
MATCH = Match(EVENT, "arn:aws:events:eu-west-1:000000000000:rule/r", "r", "2026-01-31T12:00:00Z")
PATHS = {
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "detail": "$.detail.list",
    "count": "$.detail.count",
}
PATHS |= {"gone": "$.detail.gone", "quote": "$.detail.quote", "nothing": "$.detail.nothing"}


def filled(template: str) -> str:
    return payload({"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}, MATCH)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", EVENT),
        ("$.source", "aws.ec2"),
        ("$.detail.instance-id", "i-0123"),
        ("$.detail['a b']", "spaced"),
        ('$["detail"]["state"]', "RUNNING"),
        ("$.resources[1]", "arn:two"),
        ("$.resources[2]", MISSING),
        ("$.detail.list[0].a", 1),
        ("$.detail.list[*].a", [1, 2]),
        ("$.detail.list.*", [{"a": 1}, {"a": 2}]),
        ("$.detail.nothing", None),
        ("$.detail.state.deeper", MISSING),
        ("$.nowhere", MISSING),
    ],
)
def test_paths(path: str, expected: Any) -> None:
    assert look_up(EVENT, path) == expected


def test_by_default_the_input_is_the_event() -> None:
    assert json.loads(payload({}, MATCH)) == EVENT
    assert ", " not in payload({}, MATCH)


def test_input_is_sent_unchanged_and_input_path_as_json() -> None:
    assert payload({"Input": '{"a":  1}'}, MATCH) == '{"a":  1}'
    assert payload({"InputPath": "$.detail.list"}, MATCH) == '[{"a":1},{"a":2}]'
    assert payload({"InputPath": "$.source"}, MATCH) == '"aws.ec2"'
    assert payload({"InputPath": "$.detail.nothing"}, MATCH) == "null"
    with pytest.raises(PathNotFound, match=r"\$\.detail\.gone"):
        payload({"InputPath": "$.detail.gone"}, MATCH)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"instance <instance> is in <state>"', '"instance i-0123 is in RUNNING"'),
        ('{"instance": <instance>, "n": <count>}', '{"instance": "i-0123", "n": 3}'),
        ('{"instance": "<instance>", "n": "<count>"}', '{"instance": "i-0123", "n": "3"}'),
        ('{"list": <detail>}', '{"list": [{"a":1},{"a":2}]}'),
        ('"Detail is <detail>"', '"Detail is [{a:1},{a:2}]"'),
        ('{"<state>": 1}', '{"RUNNING": 1}'),
        ('"one <state>"\n"two <count>"', '"one RUNNING"\n"two 3"'),
        ('{"gone": "<gone>"}', '{"gone": ""}'),
        ('{"nothing": <nothing>}', '{"nothing": null}'),
        ('{"quote": <quote>}', '{"quote": "a \\"quote\\""}'),
        ('"<quote>"', '"a "quote""'),  # AWS does not escape either
        ("<count>", "3"),
        (
            '{"r": <aws.events.rule-name>, "t": "<aws.events.event.ingestion-time>"}',
            '{"r": "r", "t": "2026-01-31T12:00:00Z"}',
        ),
        ('{"r": "<aws.events.rule-arn>"}', '{"r": "arn:aws:events:eu-west-1:000000000000:rule/r"}'),
    ],
)
def test_templates(template: str, expected: str) -> None:
    assert not list(problems({"Id": "t", "InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}))
    assert filled(template) == expected


def test_the_whole_event_in_a_template_with_and_without_its_detail() -> None:
    filled_in = json.loads(filled('{"all": <aws.events.event.json>, "head": <aws.events.event>}'))
    assert filled_in["all"] == EVENT
    assert filled_in["head"] == {name: value for name, value in EVENT.items() if name != "detail"}


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({"Input": "{}", "InputPath": "$"}, "Only one of Input, InputPath, or InputTransformer must be provided"),
        ({"Input": "{not json"}, "JSON syntax error in input for target t."),
        ({"InputPath": "detail"}, "Invalid InputPath for target t."),
        ({"InputPath": "$.a..b"}, "Invalid InputPath for target t."),
        ({"InputPath": "$.a[?(@.x)]"}, "Invalid InputPath for target t."),
        ({"InputTransformer": {"InputTemplate": '"<who>"'}}, "contains invalid placeholder who."),
        ({"InputTransformer": {"InputTemplate": "plain words"}}, "Invalid InputTemplate for target t"),
        ({"InputTransformer": {"InputTemplate": '{"a": }'}}, "Invalid InputTemplate for target t"),
        ({"InputTransformer": {"InputPathsMap": {"AWSx": "$"}, "InputTemplate": '"x"'}}, "reserved key AWSx"),
        ({"InputTransformer": {"InputPathsMap": {"x": "y"}, "InputTemplate": '"<x>"'}}, "x has the path y"),
    ],
)
def test_inputs_that_are_refused(target: dict[str, Any], sentence: str) -> None:
    assert any(sentence in problem for problem in problems({"Id": "t", **target}))
