"""Every operation that is used has a rule: its action, and resources that its request names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sample_requests import model, sample_request

from localcloud.core.access.call_table import table
from localcloud.core.access.calls import Scope, needs
from localcloud.core.access.reference import find_action, has_service
from localcloud.core.cloud import Cloud
from localcloud.services.cloudformation import resources

SCOPE = Scope("000000000000", "eu-west-1")
# What moto serves to the template, to builds and to CodePipeline, besides what CloudFormation's resource types call.
MOTO = {
    "ecr": "BatchCheckLayerAvailability BatchGetImage DescribeImages GetAuthorizationToken GetDownloadUrlForLayer",
    "iam": "CreateServiceLinkedRole GetRolePolicy",
    "kms": "CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey GetKeyPolicy ListAliases ReEncrypt",
    "logs": "CreateLogStream DescribeLogGroups DescribeLogStreams FilterLogEvents GetLogEvents PutLogEvents",
    "s3": "AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject DeleteObjects "
    "GetBucketEncryption GetBucketLocation GetBucketPolicy GetBucketVersioning GetObject GetObjectTagging HeadBucket "
    "HeadObject ListBuckets ListObjectVersions ListObjects ListObjectsV2 ListParts PutObject PutObjectTagging "
    "UploadPart UploadPartCopy",
    "secretsmanager": "GetSecretValue",
    "sns": "ListTopics Publish PublishBatch",
    "sqs": "DeleteMessage DeleteMessageBatch GetQueueAttributes GetQueueUrl PurgeQueue ReceiveMessage SendMessage "
    "SendMessageBatch",
    "ssm": "GetParameter GetParameters GetParametersByPath",
    "sts": "AssumeRole GetCallerIdentity",
}
# Their ids are AWS's, so that a request that creates one cannot name it.
GENERATED = {"cloudformation", "ec2"}
# No member names the resource: the action is checked on all.
ON_ALL = {"codeconnections.ListConnections", "codestar-connections.ListConnections", "ec2.DisassociateRouteTable"}
# Actions that AWS's model names in its sentences about permissions, and that are not demanded here.
NAMED_ONLY = {
    "cloudwatch.PutMetricAlarm": {"iam:CreateServiceLinkedRole", "cloudwatch:ListTagsForResource"},  # EC2's, filters'
    "logs.CreateLogGroup": {"logs:TagLogGroup"},  # the older name of TagResource: either is enough
    "s3.CompleteMultipartUpload": {"kms:Decrypt", "kms:GenerateDataKey"},  # decided about at the start of the upload
    "s3.CreateBucket": {"s3:PutBucketPublicAccessBlock"},  # of PutPublicAccessBlock
    "s3.GetObject": {"s3:ListBucket", "kms:GenerateDataKey"},  # 404 or 403 without the object; directory buckets
    "s3.HeadObject": {"s3:ListBucket", "kms:GenerateDataKey"},
    "s3.ListParts": {"kms:Decrypt"},
    "s3.PutBucketEncryption": {"kms:Decrypt", "kms:GenerateDataKey"},  # directory buckets
    "s3.PutBucketLifecycleConfiguration": {"s3:DeleteObject", "s3:DeleteObjectVersion"},  # what a policy may deny
    "s3.PutObject": {"kms:Decrypt"},  # directory buckets
    "s3.UploadPart": {"kms:Decrypt", "kms:GenerateDataKey"},
    "s3.UploadPartCopy": {"kms:GenerateDataKey"},
    "sagemaker.DescribeModelPackage": {"kms:Decrypt"},  # of an encrypted model card, which the request does not name
}
# Dependent actions of the reference that AWS does not demand of the calls here.
NOT_DEMANDED = {
    # roles that log the delivery of messages, which no request here sends
    "sns.CreateTopic": {"iam:PassRole"},
    "sns.SetTopicAttributes": {"iam:PassRole"},
    "kms.CreateKey": {"kms:PutKeyPolicy", "iam:CreateServiceLinkedRole"},  # of multi-region keys
    "ec2.CreateVpcEndpoint": {  # what the console shows
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "route53:AssociateVPCWithHostedZone",
    },
    "service-quotas.ListServiceQuotas": {  # of the services whose own limits it shows; SageMaker is none of them
        "autoscaling:DescribeAccountLimits",
        "cloudformation:DescribeAccountLimits",
        "dynamodb:DescribeLimits",
        "elasticloadbalancing:DescribeAccountLimits",
        "iam:GetAccountSummary",
        "kinesis:DescribeLimits",
        "rds:DescribeAccountAttributes",
        "route53:GetAccountLimit",
    },
}


def of_resource_types() -> Iterator[tuple[str, str]]:
    """The operations that CloudFormation's resource types call: a file names them with their services."""
    for file in Path(resources.__file__).parent.glob("*.py"):
        nodes = ast.walk(ast.parse(file.read_text()))
        texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        services = {text for text in texts if re.fullmatch("[a-z0-9-]+", text) and has_service(table().prefix(text))}
        if file.name == "s3_settings.py":
            services = {"s3"}
        for service in sorted(services & {*MOTO, "ec2"}):
            yield from ((service, name) for name in sorted(texts & set(model(service).operation_names)))


def of_moto() -> list[tuple[str, str]]:
    named = [(service, name) for service, names in MOTO.items() for name in names.split()]
    return sorted({*named, *of_resource_types()})


def check(service: str, operation: str) -> None:
    """Fails for an operation without a rule: see calls.toml."""
    name = f"{service}.{operation}"
    rows = table().rows.get(name, ())
    first = next((row.action for row in rows if row.called), f"{table().prefix(service)}:{operation}")
    found = needs(service, operation, sample_request(service, operation, first), SCOPE)
    assert found or not first
    for need in found:
        action = find_action(need.action)
        assert action, need.action
        prefix, _, _ = need.action.partition(":")
        patterns = " ".join(table().patterns.get(f"{prefix}:{kind}", "") for kind in action.resources)
        by_table = "*" in patterns or any("*" in row.resource for row in rows if row.action == need.action)
        if action.resources and not by_table and name not in ON_ALL:
            unnamed = [resource for resource in need.resources if "*" in resource]
            assert not unnamed or (prefix in GENERATED and unnamed != ["*"]), f"{name}: no member names {unnamed}"


@pytest.mark.parametrize(("service", "operation"), of_moto())
def test_every_operation_of_motos_that_is_used_has_a_rule(service: str, operation: str) -> None:
    check(service, operation)


def test_every_operation_of_localcloud_has_a_rule(cloud: Cloud) -> None:
    assert len(cloud.services) > 10
    for service in cloud.services.values():
        assert service.operations
        for operation in service.operations:
            check(service.name, operation)


def test_what_the_reference_says_of_dependent_actions_is_in_the_table(cloud: Cloud) -> None:
    own = [(service.name, name) for service in cloud.services.values() for name in service.operations]
    for service, operation in own + of_moto():
        action = find_action(f"{table().prefix(service)}:{operation}")
        rows = table().rows.get(f"{service}.{operation}", ())
        demanded = {row.action for row in rows} | NOT_DEMANDED.get(f"{service}.{operation}", set())
        assert not action or set(action.dependents) <= demanded, f"{service}.{operation}"


def sentences(service: str, operation: str) -> Iterator[str]:
    """About permissions, in AWS's model: of the operation and of its members."""
    described = model(service).operation_model(operation)
    members = getattr(described.input_shape, "members", {}).values()
    for text in (described.documentation, *(member.documentation for member in members)):
        plain = re.sub("<[^>]+>", "", text)
        yield from (sentence for sentence in re.split(r"(?<=\.)\s", plain) if "permission" in sentence)


def test_what_aws_says_of_permissions_in_its_model_is_in_the_table(cloud: Cloud) -> None:
    own = [(service.name, name) for service in cloud.services.values() for name in service.operations]
    missing = {}
    for service, operation in own + of_moto():
        name = f"{service}.{operation}"
        named = re.findall(r"\b[a-z0-9-]+:[A-Z][A-Za-z]+\b", " ".join(sentences(service, operation)))
        demanded = {row.action for row in table().rows.get(name, ())} | {f"{table().prefix(service)}:{operation}"}
        missing[name] = {action for action in named if find_action(action)} - demanded - NAMED_ONLY.get(name, set())
    assert not {name: actions for name, actions in missing.items() if actions}
