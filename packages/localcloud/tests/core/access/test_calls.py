"""A call needs the actions that AWS checks, on the resources of its request, with its condition keys."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from localcloud.core.access.calls import Need, Scope, needs
from localcloud.core.refusal import Refusal

SCOPE = Scope("000000000000", "eu-west-1")
HERE = "eu-west-1:000000000000"
ROLE = "arn:aws:iam::000000000000:role/churn"
TAGS = [{"Key": "team", "Value": "ml"}]
SAGEMAKER = f"arn:aws:sagemaker:{HERE}"
CASES = tomllib.loads(Path(__file__).with_name("cases.toml").read_text().replace("HERE", HERE))


def called(service: str, operation: str, **request: Any) -> list[Need]:
    return needs(service, operation, request, SCOPE)


def summary(found: list[Need]) -> dict[str, list[str]]:
    """Resources by action."""
    summed: dict[str, list[str]] = {}
    for need in found:
        summed.setdefault(need.action, []).extend(need.resources)
    return summed


def _names(part: str) -> list[str]:
    return [f"{operation}-{index}" for index, (operation, *_) in enumerate(CASES[part])]


@pytest.mark.parametrize(("operation", "request_", "expected"), CASES["resources"], ids=_names("resources"))
def test_the_action_and_the_resources_of_a_call(
    operation: str, request_: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    service, _, name = operation.partition(".")
    assert summary(needs(service, name, request_, SCOPE)) == expected


def test_a_ciphertext_names_its_key() -> None:
    assert summary(called("kms", "Decrypt", CiphertextBlob=b"1" * 40)) == {"kms:Decrypt": [f"kms:{'1' * 36}"]}


def test_the_called_action_is_the_first() -> None:
    found = called("sagemaker", "CreateTrainingJob", TrainingJobName="t", RoleArn=ROLE, Tags=TAGS)
    assert [need.action for need in found] == ["sagemaker:CreateTrainingJob", "sagemaker:AddTags", "iam:PassRole"]


def test_an_action_that_the_reference_does_not_know_is_refused() -> None:
    with pytest.raises(Refusal, match="the authorization of s3:RenameObject is not implemented"):
        called("s3", "RenameObject", Bucket="b", Key="k")
    with pytest.raises(Refusal, match="the authorization of dynamodb:GetItem is not implemented"):
        called("dynamodb", "GetItem", TableName="t")


def test_a_call_that_names_nothing_still_needs_its_action() -> None:
    assert summary(called("s3", "DeleteObjects", Bucket="b", Delete={"Objects": []})) == {"s3:DeleteObject": ["*"]}


# --- actions beside the called one ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "operation", "request_", "passed_to"),
    [
        ("sagemaker", "CreateTrainingJob", {"RoleArn": ROLE}, "sagemaker"),
        ("sagemaker", "CreateProcessingJob", {"RoleArn": ROLE}, "sagemaker"),
        ("sagemaker", "CreateModel", {"ExecutionRoleArn": ROLE}, "sagemaker"),
        ("sagemaker", "CreatePipeline", {"RoleArn": ROLE}, "sagemaker"),
        ("sagemaker", "UpdatePipeline", {"RoleArn": ROLE}, "sagemaker"),
        ("events", "PutRule", {"Name": "r", "RoleArn": ROLE}, "events"),
        ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "RoleArn": ROLE}, {"Id": "2"}]}, "events"),
        ("scheduler", "CreateSchedule", {"Target": {"RoleArn": ROLE}}, "scheduler"),
        ("scheduler", "UpdateSchedule", {"Target": {"RoleArn": ROLE}}, "scheduler"),
        ("codebuild", "CreateProject", {"serviceRole": ROLE}, "codebuild"),
        ("codebuild", "StartBuild", {"serviceRoleOverride": ROLE}, "codebuild"),
        ("codepipeline", "CreatePipeline", {"pipeline": {"name": "p", "roleArn": ROLE}}, "codepipeline"),
        ("codepipeline", "UpdatePipeline", {"pipeline": {"name": "p", "roleArn": ROLE}}, "codepipeline"),
        ("cloudformation", "CreateStack", {"StackName": "s", "RoleARN": ROLE}, "cloudformation"),
        ("cloudformation", "DeleteStack", {"StackName": "s", "RoleARN": ROLE}, "cloudformation"),
    ],
)
def test_who_sends_a_role_must_be_allowed_to_pass_it(
    service: str, operation: str, request_: dict[str, Any], passed_to: str
) -> None:
    [need] = [need for need in needs(service, operation, request_, SCOPE) if need.action == "iam:PassRole"]
    assert need.resources == (ROLE,)
    assert need.context == {"iam:passedtoservice": (f"{passed_to}.amazonaws.com",)}


@pytest.mark.parametrize("operation", ["CreateModel", "UpdatePipeline", "StartPipelineExecution", "CreateTransformJob"])
def test_without_a_role_none_is_passed(operation: str) -> None:
    assert "iam:PassRole" not in summary(called("sagemaker", operation, ModelName="m", PipelineName="p"))


@pytest.mark.parametrize(
    ("service", "operation", "request_", "action", "resource"),
    [
        (
            "sagemaker",
            "CreateEndpoint",
            {"EndpointName": "e", "EndpointConfigName": "c"},
            "sagemaker:AddTags",
            f"{SAGEMAKER}:endpoint/e",
        ),
        (
            "sagemaker",
            "CreateModelPackageGroup",
            {"ModelPackageGroupName": "g"},
            "sagemaker:AddTags",
            f"{SAGEMAKER}:model-package-group/g",
        ),
        (
            "cloudwatch",
            "PutMetricAlarm",
            {"AlarmName": "a"},
            "cloudwatch:TagResource",
            f"arn:aws:cloudwatch:{HERE}:alarm:a",
        ),
        (
            "application-autoscaling",
            "RegisterScalableTarget",
            {},
            "application-autoscaling:TagResource",
            f"arn:aws:application-autoscaling:{HERE}:scalable-target/*",
        ),
        ("events", "PutRule", {"Name": "r"}, "events:TagResource", f"arn:aws:events:{HERE}:rule/r"),
        ("sns", "CreateTopic", {"Name": "t"}, "sns:TagResource", f"arn:aws:sns:{HERE}:t"),
        ("iam", "CreateRole", {"RoleName": "r"}, "iam:TagRole", "arn:aws:iam::000000000000:role/r"),
    ],
)
def test_only_where_tags_are_sent_tagging_is_needed(
    service: str, operation: str, request_: dict[str, Any], action: str, resource: str
) -> None:
    tagged = needs(service, operation, request_ | {"Tags": TAGS}, SCOPE)
    [need] = [need for need in tagged if need.action == action]
    assert need.resources == (resource,)
    assert need.context["aws:requesttag/team"] == ("ml",)
    assert need.context["aws:tagkeys"] == ("team",)
    assert action not in summary(needs(service, operation, request_, SCOPE))


@pytest.mark.parametrize(
    ("operation", "request_", "resource", "role"),
    [
        ("CreateTrainingJob", {"ResourceConfig": {"VolumeKmsKeyId": "alias/k"}, "RoleArn": ROLE}, "kms:alias/k", ROLE),
        (
            "CreateProcessingJob",
            {"ProcessingResources": {"ClusterConfig": {"VolumeKmsKeyId": "1"}}, "RoleArn": ROLE},
            "kms:1",
            ROLE,
        ),
        ("CreateTransformJob", {"TransformResources": {"VolumeKmsKeyId": "1"}}, "kms:1", ""),
        ("CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": "c"}, f"kms:{SAGEMAKER}:endpoint-config/c", ""),
        ("UpdateEndpoint", {"EndpointName": "e", "EndpointConfigName": "c"}, f"kms:{SAGEMAKER}:endpoint-config/c", ""),
    ],
)
def test_an_encrypted_volume_needs_a_grant(operation: str, request_: dict[str, Any], resource: str, role: str) -> None:
    """For jobs it is enough if their role may create it."""
    [need] = [need for need in needs("sagemaker", operation, request_, SCOPE) if need.action == "kms:CreateGrant"]
    assert (need.resources, need.role) == ((resource,), role)
    assert need.context["kms:grantisforawsresource"] == ("true",)
    assert need.context["kms:viaservice"] == ("sagemaker.eu-west-1.amazonaws.com",)


def test_a_job_without_a_key_needs_no_grant() -> None:
    request = {"TrainingJobName": "t", "RoleArn": ROLE, "ResourceConfig": {"InstanceType": "ml.m5.large"}}
    assert "kms:CreateGrant" not in summary(needs("sagemaker", "CreateTrainingJob", request, SCOPE))


# --- S3, and keys of what is encrypted ------------------------------------------------------------------------------


def test_objects_are_written_with_the_key_of_the_request_or_of_the_bucket() -> None:
    assert summary(called("s3", "PutObject", Bucket="b", Key="k")) == {
        "s3:PutObject": ["arn:aws:s3:::b/k"],
        "kms:GenerateDataKey": ["kms:arn:aws:s3:::b"],
    }
    named = called("s3", "PutObject", Bucket="b", Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/own")
    assert summary(named)["kms:GenerateDataKey"] == ["kms:alias/own"]
    assert named[-1].context["kms:viaservice"] == ("s3.eu-west-1.amazonaws.com",)
    plain = called("s3", "PutObject", Bucket="b", Key="k", ServerSideEncryption="AES256")
    assert summary(plain) == {"s3:PutObject": ["arn:aws:s3:::b/k"]}


def test_objects_are_read_with_their_key() -> None:
    found = summary(called("s3", "GetObject", Bucket="b", Key="k", VersionId="7"))
    assert found == {"s3:GetObjectVersion": ["arn:aws:s3:::b/k"], "kms:Decrypt": ["kms:arn:aws:s3:::b/k"]}


def test_a_copy_reads_one_object_and_writes_another() -> None:
    found = summary(called("s3", "CopyObject", Bucket="b", Key="k", CopySource="a/x%20y", ACL="private"))
    assert found["s3:PutObject"] == ["arn:aws:s3:::b/k"]
    assert found["s3:PutObjectAcl"] == ["arn:aws:s3:::b/k"]
    assert found["s3:GetObject"] == ["arn:aws:s3:::a/x y"]
    versioned = summary(called("s3", "CopyObject", Bucket="b", Key="k", CopySource="a/x?versionId=7"))
    assert versioned["s3:GetObjectVersion"] == ["arn:aws:s3:::a/x"]


def test_each_object_that_is_deleted_is_checked() -> None:
    objects = [{"Key": "1"}, {"Key": "2", "VersionId": "v"}, {"Key": "3"}]
    assert summary(called("s3", "DeleteObjects", Bucket="b", Delete={"Objects": objects})) == {
        "s3:DeleteObject": ["arn:aws:s3:::b/1", "arn:aws:s3:::b/3"],
        "s3:DeleteObjectVersion": ["arn:aws:s3:::b/2"],
    }


@pytest.mark.parametrize(
    ("service", "operation", "request_", "key", "actions"),
    [
        (
            "sns",
            "Publish",
            {"TopicArn": f"arn:aws:sns:{HERE}:t"},
            f"kms:arn:aws:sns:{HERE}:t",
            ["GenerateDataKey", "Decrypt"],
        ),
        (
            "sqs",
            "SendMessage",
            {"QueueUrl": "http://h/0/q"},
            f"kms:arn:aws:sqs:{HERE}:q",
            ["GenerateDataKey", "Decrypt"],
        ),
        ("sqs", "ReceiveMessage", {"QueueUrl": "http://h/0/q"}, f"kms:arn:aws:sqs:{HERE}:q", ["Decrypt"]),
        (
            "ssm",
            "GetParameter",
            {"Name": "/a", "WithDecryption": True},
            f"kms:arn:aws:ssm:{HERE}:parameter/a",
            ["Decrypt"],
        ),
    ],
)
def test_messages_and_parameters_need_the_key_of_what_holds_them(
    service: str, operation: str, request_: dict[str, Any], key: str, actions: list[str]
) -> None:
    found = [need for need in needs(service, operation, request_, SCOPE) if need.action.startswith("kms:")]
    assert [need.action for need in found] == [f"kms:{action}" for action in actions]
    assert {need.resources for need in found} == {(key,)}


# --- condition keys -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("operation", "request_", "expected"), CASES["keys"], ids=_names("keys"))
def test_condition_keys_come_from_the_request(
    operation: str, request_: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    service, _, name = operation.partition(".")
    first = needs(service, name, request_, SCOPE)[0]
    assert {key: list(found) for key, found in first.context.items()} == expected


def test_a_key_that_the_action_does_not_know_is_not_set() -> None:
    assert called("s3", "HeadBucket", Bucket="b", ACL="private")[0].context == {}
