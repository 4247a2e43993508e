"""Texts with expressions: combinations, names of ARNs, and what JMESPath lacks."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.core.access.expressions import fill, members, search, values

QUEUE = "http://127.0.0.1:4566/000000000000/orders"
ALARM = "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:slow"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("model/${Name}", ["model/churn"]),
        ("${Bucket}/${Keys}", ["b/1", "b/2"]),
        ("${Name}", ["churn"]),
        ("model/${Missing}", []),
        ("model/${Arn}", ["model/slow"]),  # the name of what it names
        ("${Arn}", [ALARM]),
        ("kms:${Arn}", [f"kms:{ALARM}"]),
        ("100%/${Name}", ["100%/churn"]),
    ],
)
def test_a_text_is_filled_from_the_request(text: str, filled: list[str]) -> None:
    request = {"Name": "churn", "Bucket": "b", "Keys": ["1", "2"], "Arn": ALARM}
    assert fill(text, lambda hole: values(hole, request)) == filled


@pytest.mark.parametrize(
    ("expression", "request_", "value"),
    [
        ("split(QueueUrl, '/', `-1`)", {"QueueUrl": QUEUE}, "orders"),
        ("split(QueueUrl, '/', `9`)", {"QueueUrl": QUEUE}, None),
        ("split(ids, ':', `0`)", {"ids": ["churn:1", "fraud:2"]}, ["churn", "fraud"]),
        ("name(Arn)", {"Arn": "arn:aws:logs:eu-west-1:000000000000:log-group:/aws/x:*"}, "/aws/x"),
        ("name(Arn)", {"Arn": "/aws/x"}, "/aws/x"),
        ("trim(Name, '/')", {"Name": "/a/b"}, "a/b"),
        ("tags(Tags)", {"Tags": [{"Key": "team", "Value": "ml"}]}, {"team": "ml"}),
        ("tags(Tags)", {"Tags": [{"TagKey": "team", "TagValue": "ml"}]}, {"team": "ml"}),
        ("tags(Tags)", {"Tags": {"team": "ml"}}, {"team": "ml"}),
        ("tags(Tags)", {"Tags": "team=ml&empty="}, {"team": "ml", "empty": ""}),
        ("tags(Tags)", {}, {}),
        ("json(Pattern).source", {"Pattern": '{"source": ["aws.s3"]}'}, ["aws.s3"]),
        ("json(Pattern).source", {"Pattern": "no json"}, None),
        ("copied_object(CopySource)", {"CopySource": "/b/a%20b?versionId=7"}, "b/a b"),
        ("copied_version(CopySource)", {"CopySource": "b/k?versionId=7"}, "7"),
        ("ciphertext_key(Blob)", {"Blob": b"1" * 36 + b"secret"}, "1" * 36),
        ("split(Number, '/', `0`)", {"Number": 1}, None),
        ("ends_with(Missing, 'x')", {}, None),
        ("Name", {"Name": "churn"}, "churn"),
    ],
)
def test_an_expression_finds_a_value_or_nothing(expression: str, request_: dict[str, Any], value: Any) -> None:
    assert search(expression, request_) == value


def test_values_are_the_texts_that_policies_compare_with() -> None:
    assert values("[A, B, C, D, E]", {"A": True, "B": 3, "C": ["x", ["y"]], "D": {"no": "text"}}) == [
        "true",
        "3",
        "x",
        "y",
    ]


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("Name", {"Name"}),
        ("VpcConfig.Subnets || NetworkConfig.VpcConfig.Subnets", {"VpcConfig", "NetworkConfig"}),
        ("Delete.Objects[?!VersionId].Key", {"Delete"}),
        ("Targets[].RoleArn", {"Targets"}),
        ("!Name && ends_with(Bus, 'x')", {"Name", "Bus"}),
        ("[KeyId][?contains(@, 'alias/')]", {"KeyId"}),
        ("json(Pattern).source", {"Pattern"}),
        ("'text'", set()),
    ],
)
def test_an_expression_reads_members(expression: str, read: set[str]) -> None:
    assert members(expression) == read
