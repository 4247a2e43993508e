"""What AWS's reference does not know of a policy is found, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.core.access.policy_checks import arns_overlap, overlap, policy_problems

MODEL = "arn:aws:sagemaker:eu-west-1:000000000000:model/churn-*"
KEY = "arn:aws:kms:eu-west-1:000000000000:key/*"


def problems(action: Any, resource: Any, condition: Any = None, **arguments: Any) -> list[str]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition or {}}
    return policy_problems({"Statement": statement}, **arguments)


@pytest.mark.parametrize(
    ("action", "resource", "condition"),
    [
        ("sagemaker:CreateModel", MODEL, None),
        ("SageMaker:createmodel", MODEL, None),
        ("sagemaker:Create*", MODEL, None),
        ("*", "*", None),
        ("sagemaker:*", ["arn:aws:sagemaker:*"], None),
        ("sagemaker:ListModels", "*", None),
        ("s3:*", ["arn:aws:s3:::b", "arn:aws:s3:::b/*"], {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        ("logs:PutRetentionPolicy", "arn:aws:logs:eu-west-1:000000000000:log-group:/aws/x:*", None),
        ("kms:Decrypt", KEY, {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/churn"}}),
        ("kms:Decrypt", KEY, {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": "x", "aws:RequestedRegion": "y"}}),
        ("sagemaker:AddTags", MODEL, {"StringEquals": {"aws:RequestTag/team": "ml"}}),
        (
            ["sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage"],
            "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/*",
            {"StringEqualsIfExists": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}},
        ),
    ],
)
def test_what_belongs_together_has_no_problem(action: Any, resource: Any, condition: Any) -> None:
    assert problems(action, resource, condition) == []


@pytest.mark.parametrize(
    ("action", "resource", "condition", "problem"),
    [
        ("sagemaker:CreateModels", MODEL, None, "1: the reference has no action sagemaker:CreateModels"),
        ("s3:HeadObject", "*", None, "1: the reference has no action s3:HeadObject"),
        ("nothing:*", "*", None, "1: the reference has no action nothing:*"),
        ("sagemaker:ListModels", [MODEL], None, "1: sagemaker:ListModels has no resources: only * allows it"),
        ("s3:GetObject", "arn:aws:s3:::b", None, "1: s3:GetObject is on none of its resources: arn:aws:s3:::b"),
        (["sagemaker:AddTags"], [MODEL, MODEL.replace("model/", "models/")], None, "1: none of its actions is on arn"),
        (["s3:GetObject"], ["arn:aws:s3:::b/*", "arn:aws:s3:::b"], None, "1: none of its actions is on arn:aws:s3:::b"),
        ("s3:GetObject", ["*", "arn:aws:s3:::b/*"], None, "1: * makes its other resources superfluous"),
        ("s3:GetObject", "*", {"StringEquals": {"s3:prefix": "a"}}, "1: s3:GetObject: no condition key s3:prefix"),
        ("iam:CreateRole", "*", {"StringLike": {"iam:ResourceTag/a": "b"}}, "1: localcloud sets no condition key"),
    ],
)
def test_what_the_reference_does_not_know_is_found(action: Any, resource: Any, condition: Any, problem: str) -> None:
    found = problems(action, resource, condition)
    assert found
    assert found[0].startswith(problem)


def test_a_statement_is_named_by_its_sid() -> None:
    policy = {"Statement": [{"Sid": "Models", "Effect": "Allow", "Action": "sagemaker:X", "Resource": "*"}]}
    assert policy_problems(policy) == ["Models: the reference has no action sagemaker:X"]


def test_in_a_resources_policy_the_star_is_the_resource() -> None:
    assert problems("kms:Decrypt", ["*", KEY], of_resource=True) == []


@pytest.mark.parametrize(
    ("first", "second", "overlapping"),
    [
        ("model/churn-*", "model/*", True),
        ("pipeline/churn*", "pipeline/*/execution/*", True),
        ("endpoint/*", "endpoint-config/*", False),
        ("a*b", "ab", True),
        ("a*b", "ac", False),
        ("*", "", True),
        ("a", "", False),
        ("*x", "y*", True),
    ],
)
def test_two_patterns_overlap_if_a_text_matches_both(first: str, second: str, overlapping: bool) -> None:
    assert overlap(first, second) is overlapping
    assert overlap(second, first) is overlapping


@pytest.mark.parametrize(
    ("resource", "overlapping"),
    [
        ("arn:aws:sagemaker:eu-west-1:0:model/a-*", True),
        ("arn:aws:sagemaker:*", True),
        ("arn:aws:s3:::model/a-*", False),
        ("arn:aws:sagemaker:eu-west-1:0:models/a-*", False),
    ],
)
def test_a_wildcard_stays_inside_its_field(resource: str, overlapping: bool) -> None:
    assert arns_overlap(resource, "arn:*:sagemaker:*:*:model/*") is overlapping
