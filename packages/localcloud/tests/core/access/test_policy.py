"""Policies are parsed once; what cannot be read allows nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from localcloud.core.access.evaluation import Policies, Question, decide
from localcloud.core.access.policy import Policy
from localcloud.core.access.principal import USER, Principal

ANN = Principal(USER, "arn:aws:iam::123456789012:user/ann", "123456789012")
HOME = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::home/${aws:username}"}


def allowed(document: Any) -> bool:
    question = Question(ANN, "s3:GetObject", "arn:aws:s3:::home/ann")
    return decide(question, Policies([Policy.parse(document)])).allowed


def test_text_and_object_are_the_same() -> None:
    document = {"Version": "2012-10-17", "Statement": HOME}
    assert allowed(document)
    assert allowed(json.dumps(document))
    assert allowed({**document, "Statement": [HOME]})


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}, {"Version": "2013-01-01"}])
def test_only_the_version_of_2012_has_variables(version: dict[str, str]) -> None:
    assert not allowed({**version, "Statement": HOME})


@pytest.mark.parametrize(
    "document", ["", "{", "[" * 100_000, "null", "[]", "{}", {"Statement": None}, {"Statement": "x"}, 7]
)
def test_what_cannot_be_read_allows_nothing(document: Any) -> None:
    policy = Policy.parse(document, "odd")
    assert policy.name == "odd"
    assert policy.statements[0].problem
    assert not allowed(document)


@pytest.mark.slow
def test_each_of_awss_managed_policies_can_be_read() -> None:
    documents = json.loads(aws_managed_policies_data)
    assert len(documents) > 1000
    policies = [Policy.parse(managed["Document"], name) for name, managed in documents.items()]
    assert [(policy.name, one.problem) for policy in policies for one in policy.statements if one.problem] == []


def test_the_rest_of_a_policy_counts_beside_an_unreadable_statement() -> None:
    assert allowed({"Version": "2012-10-17", "Statement": [HOME, {"Effect": "Allow", "Action": "*"}]})
    assert not allowed({"Version": "2012-10-17", "Statement": [HOME, {"Effect": "Deny", "Action": "*"}]})
