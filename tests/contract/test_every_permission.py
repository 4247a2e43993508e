"""Each action of each role of the templates: a story would go red without it. `make test` records what stories need.

What no story can show is listed with the reason; each entry must still be in a template, and not be needed by a story.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from codepipeline.stacks import TEMPLATES
from tests import templates
from tests.story.permissions import Permission, recorded

REASONS = {  # policies with their statements, and actions
    "only in a VPC; AWS's pages on the roles of SageMaker and CodeBuild": {
        f"{policy} {statement}": actions
        for policy in ("test", "upsert", "plan", "release", "train", "host")
        for statement, actions in {
            "DescribeTheVpc": "ec2:DescribeDhcpOptions ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups "
            "ec2:DescribeSubnets ec2:DescribeVpcs",
            "NetworkInterfacesInTheVpc": "ec2:CreateNetworkInterface ec2:CreateNetworkInterfacePermission "
            "ec2:DeleteNetworkInterface",
        }.items()
    }
    | {f"{policy} NetworkInterfacesInTheVpc ": "ec2:DeleteNetworkInterfacePermission" for policy in ("train", "host")},
    "without a connection; decided in localcloud's tests of CodePipeline's role": {
        "hand-on SourceInCodeCommit": "codecommit:CancelUploadArchive codecommit:GetBranch codecommit:GetCommit "
        "codecommit:GetRepository codecommit:GetUploadArchiveStatus codecommit:UploadArchive",
    },
    "only for a start by hand that names no package": {"fetch ListPackages": "sagemaker:ListModelPackages"},
    "of a connection whose ARN has the older service name": {
        "hand-on SourceBehindTheConnection": "codestar-connections:UseConnection",
    },
    "on AWS's page about the role of CodePipeline, whose own reads of artifacts are not reproduced": {
        "hand-on Artifacts": "s3:GetObject s3:GetObjectVersion",
        "hand-on TheBucket": "s3:GetBucketLocation s3:GetBucketVersioning s3:ListBucket",
        "hand-on Start": "s3:GetObjectVersion",
        "hand-on TheBucketOfTheStart": "s3:GetBucketAcl s3:GetBucketLocation s3:ListBucket",
        "hand-on KeysOfThisProject": "kms:DescribeKey kms:Encrypt",
        "hand-on Builds": "codebuild:StopBuild",
    },
    "on AWS's page about the role of CodeBuild, which may read artifacts by their versions": {
        **{f"{policy} Source": "s3:GetObjectVersion" for policy in ("test", "upsert", "store", "plan", "release")},
        **{f"{policy} TheBuckets": "s3:GetBucketLocation" for policy in ("plan", "release")},
        **{f"{policy} TheBucket": "s3:GetBucketLocation" for policy in ("test", "store", "fetch")},
        "fetch Start": "s3:GetObjectVersion",
        "upsert ListBucketAndData": "s3:GetBucketLocation",
    },
    "on AWS's page about the roles of SageMaker, whose own calls are not all known": {
        **{f"{policy} KeysOfThisProject": "kms:DescribeKey kms:Encrypt" for policy in ("train", "host")},
        **{f"{policy} ListBuckets": "s3:GetBucketLocation" for policy in ("train", "host")},
        "train OutputsOfJobs": "s3:AbortMultipartUpload",
        "host CapturedRequests": "s3:AbortMultipartUpload",
        **{f"{policy} Logs": "logs:DescribeLogStreams" for policy in ("train", "host")},
        "host ListBuckets ": "s3:ListBucket",
        "host Metrics": "cloudwatch:PutMetricData",
    },
    "only where data lies in a bucket with another key": {
        "train KeyOfTheData": "kms:Decrypt kms:DescribeKey",
    },
    "only for a step that transforms, and for jobs of an execution that is stopped": {
        "train JobsOfPipelines": "sagemaker:CreateTransformJob sagemaker:DescribeTransformJob "
        "sagemaker:StopProcessingJob sagemaker:StopTrainingJob sagemaker:StopTransformJob",
    },
}
UNPROVED = [
    (*name.split(), action)
    for groups in REASONS.values()
    for name, actions in groups.items()
    for action in actions.split()
]


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Those of both branches of a condition."""
    if isinstance(value, dict) and "Effect" in value:
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from statements(each)


def permissions() -> Iterator[Permission]:
    for file in sorted(TEMPLATES.glob("*.yml")):
        for resource in templates.read(file.stem)["Resources"].values():
            if resource["Type"] == "AWS::IAM::Role":
                for policy in resource["Properties"]["Policies"]:
                    yield from of_policy(policy)


def of_policy(policy: dict[str, Any]) -> Iterator[Permission]:
    for number, statement in enumerate(statements(policy["PolicyDocument"]), 1):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            yield policy["PolicyName"], statement.get("Sid", str(number)), action


ALL = sorted(set(permissions()))


@pytest.mark.permissions
@pytest.mark.parametrize("permission", [each for each in ALL if each not in UNPROVED], ids="-".join)
def test_a_role_without_this_action_fails_a_story(permission: Permission) -> None:
    assert permission in recorded()


@pytest.mark.permissions
@pytest.mark.parametrize("permission", UNPROVED, ids="-".join)
def test_what_no_story_needs_is_there_and_still_not_needed(permission: Permission) -> None:
    assert permission in ALL
    assert permission not in recorded()
