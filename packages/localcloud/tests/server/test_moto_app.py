"""The services that moto provides respond as AWS does."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from botocore.exceptions import ClientError

SQS = "{http://queue.amazonaws.com/doc/2012-11-05/}"


@pytest.fixture
def services() -> list[Any]:
    """None of localcloud's own: moto provides those of these tests."""
    return []


@pytest.fixture
def bucket(cloud: Any) -> str:
    cloud.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return "bucket"


def refusal(call: Any, **request: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("operation", "code", "status"),
    [
        ("get_bucket_policy", "NoSuchBucketPolicy", 404),
        ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration", 404),
        ("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError", 404),
    ],
)
def test_s3_s_status_of_what_a_bucket_does_not_have(
    cloud: Any, bucket: str, operation: str, code: str, status: int
) -> None:
    s3 = cloud.client("s3")
    if operation == "get_bucket_encryption":
        s3.delete_bucket_encryption(Bucket=bucket)
    assert refusal(getattr(s3, operation), Bucket=bucket) == (code, status)


def test_s3_s_status_of_a_precondition(cloud: Any, bucket: str) -> None:
    s3 = cloud.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    assert refusal(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*") == ("PreconditionFailed", 412)


def test_s3_s_lists_have_the_root_that_aws_s_have(cloud: Any, bucket: str) -> None:
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=local/20260105/eu-west-1/s3/aws4_request, Signature=0"}
    response = httpx.get(f"{cloud.url}/{bucket}?location", headers=headers)
    assert ElementTree.fromstring(response.text).tag.endswith("}LocationConstraint")  # noqa: S314 - of this server
    response = httpx.get(f"{cloud.url}/{bucket}?list-type=2", headers=headers)
    assert ElementTree.fromstring(response.text).tag.endswith("}ListBucketResult")  # noqa: S314


def test_sqs_over_the_query_protocol(cloud: Any) -> None:
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=local/20260105/eu-west-1/sqs/aws4_request, Signature=0"}
    request = {"Action": "CreateQueue", "QueueName": "q", "Version": "2012-11-05"}
    response = httpx.post(cloud.url, data=request, headers=headers)
    assert response.status_code == 200
    assert ElementTree.fromstring(response.text).tag == f"{SQS}CreateQueueResponse"  # noqa: S314
    request = {"Action": "GetQueueUrl", "QueueName": "none", "Version": "2012-11-05"}
    response = httpx.post(cloud.url, data=request, headers=headers)
    assert response.status_code == 400
    assert ElementTree.fromstring(response.text).find(f"{SQS}Error/{SQS}Code").text == (  # noqa: S314
        "AWS.SimpleQueueService.NonExistentQueue"
    )


def test_sqs_s_error_code_has_the_name_that_aws_s_has(cloud: Any) -> None:
    code = "AWS.SimpleQueueService.NonExistentQueue"
    assert refusal(cloud.client("sqs").get_queue_url, QueueName="none") == (code, 400)


def test_aws_s_managed_policies_exist(cloud: Any) -> None:
    with cloud.moto("iam") as backend:  # as a seed does, before the first call
        backend.roles.clear()
    iam = cloud.client("iam")
    arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]["Document"]
    assert any("sagemaker:*" in statement["Action"] for statement in document["Statement"])
    iam.create_role(RoleName="r", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    assert iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"] == [
        {"PolicyName": "AmazonSageMakerFullAccess", "PolicyArn": arn}
    ]
    assert refusal(iam.get_policy, PolicyArn=f"{arn}Ever") == ("NoSuchEntity", 404)
    assert iam.list_policies(Scope="Local")["Policies"] == []
    cloud.reset()
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0
