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

# By the reason: statements and actions.
REASONS = {
    "only in a VPC; https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html and CodeBuild's page on VPCs": {
        "DescribeTheVpc": "ec2:DescribeDhcpOptions ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups "
        "ec2:DescribeSubnets ec2:DescribeVpcs",
        "NetworkInterfacesInTheVpc": "ec2:CreateNetworkInterface ec2:CreateNetworkInterfacePermission "
        "ec2:DeleteNetworkInterface ec2:DeleteNetworkInterfacePermission",
    },
    "without a connection; decided in localcloud's tests of CodePipeline's role": {
        "SourceInCodeCommit": "codecommit:CancelUploadArchive codecommit:GetBranch codecommit:GetCommit "
        "codecommit:GetRepository codecommit:GetUploadArchiveStatus codecommit:UploadArchive",
    },
    "of a connection whose ARN has the older service name": {
        "SourceBehindTheConnection": "codestar-connections:UseConnection",
    },
    "in AWS's page on the role of CodePipeline; its own reads of artifacts are not reproduced here": {
        "Artifacts": "s3:GetObject s3:GetObjectVersion",
        "TheBucket": "s3:GetBucketLocation s3:GetBucketVersioning s3:ListBucket",
        "KeysOfThisProject": "kms:Encrypt",
        "Builds": "codebuild:StopBuild",
    },
    "in AWS's page on the role of CodeBuild: it may read an artifact by its version": {
        "ArtifactsCacheAndCode": "s3:GetObjectVersion",
        "SourcesAndModels": "s3:GetObjectVersion",
        "ListBucketAndData": "s3:GetBucketLocation",
        "TheBuckets": "s3:GetBucketLocation",
    },
    "in AWS's page on the roles of SageMaker; its own calls are not all known": {
        "ListBuckets": "s3:GetBucketLocation",
        "OutputsOfJobsAndModels": "s3:AbortMultipartUpload",
        "Logs": "logs:CreateLogGroup logs:DescribeLogStreams",
        "RegisterInOneGroup": "sagemaker:AddTags",
    },
    "only where data lies in a bucket with another key": {"KeyOfTheData": "kms:Decrypt kms:DescribeKey"},
    "only for a step that transforms": {
        "JobsOfPipelines": "sagemaker:CreateTransformJob sagemaker:DescribeTransformJob sagemaker:StopTransformJob "
        "sagemaker:StopProcessingJob sagemaker:StopTrainingJob",
    },
    "only where the settings name an image of the project": {"ImagesOfTheProject": "ecr:DescribeImages"},
    "only when a schedule leaves the settings": {"Autoscaling": "application-autoscaling:DeleteScheduledAction"},
}
UNPROVED = {
    (statement, action): reason
    for reason, groups in REASONS.items()
    for statement, actions in groups.items()
    for action in actions.split()
}


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
@pytest.mark.parametrize("permission", [each for each in ALL if each[1:] not in UNPROVED], ids="-".join)
def test_a_role_without_this_action_fails_a_story(permission: Permission) -> None:
    assert permission in recorded()


@pytest.mark.permissions
@pytest.mark.parametrize(("statement", "action"), UNPROVED, ids=str)
def test_what_no_story_needs_is_there_and_still_not_needed(statement: str, action: str) -> None:
    assert (statement, action) in {each[1:] for each in ALL}
    assert (statement, action) not in {each[1:] for each in recorded()}
