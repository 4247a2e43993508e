"""What is encrypted with a key of the account is out of reach without the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.policies import ACCOUNT, allow, document

from localcloud.core.refusal import Refusal

pytestmark = pytest.mark.roles
OBJECT = {"Bucket": "one", "Key": "a"}


@pytest.fixture
def services() -> list[str]:
    return []


@pytest.fixture
def key(aws: Any) -> str:
    kms = aws("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/team", TargetKeyId=arn)
    return str(arn)


@pytest.fixture
def bucket(aws: Any, key: str) -> str:
    s3 = aws("s3")
    s3.create_bucket(Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket="one", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket="one", Key="a", Body=b"1")
    return "one"


@pytest.fixture
def denied_action(cloud: Any) -> Callable[..., str]:
    """The action that a call lacks; "" if it is allowed."""

    def authorize(principal: Any, service: str, operation: str, request: dict[str, Any]) -> str:
        try:
            cloud.access.authorize(principal, service, operation, request)
        except Refusal as refusal:
            return refusal.message.partition("to perform: ")[2].partition(" ")[0]
        return ""

    return authorize


@pytest.mark.usefixtures("bucket")
def test_objects_need_their_key(open_session: Any, denied_action: Any, key: str) -> None:
    without = open_session("without", allow("s3:*"))
    assert denied_action(without, "s3", "PutObject", OBJECT) == "kms:GenerateDataKey"
    assert denied_action(without, "s3", "GetObject", OBJECT) == "kms:Decrypt"
    reader = open_session("reader", allow("s3:*"), allow("kms:Decrypt", resource=key))
    assert denied_action(reader, "s3", "GetObject", OBJECT) == ""
    assert denied_action(reader, "s3", "PutObject", OBJECT) == "kms:GenerateDataKey"


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("condition", "action"),
    [
        ({"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/te*"}}, ""),
        ({"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/other"}}, "kms:Decrypt"),
        ({"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}, ""),
        ({"StringEquals": {"kms:ViaService": "sqs.eu-west-1.amazonaws.com"}}, "kms:Decrypt"),
        ({"StringEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::one"}}, ""),
        ({"StringEquals": {"kms:CallerAccount": ACCOUNT}}, ""),
    ],
)
def test_conditions_on_keys(open_session: Any, denied_action: Any, condition: Any, action: str) -> None:
    reader = open_session("reader", allow("s3:*"), allow("kms:Decrypt", Condition=condition))
    assert denied_action(reader, "s3", "GetObject", OBJECT) == action


@pytest.mark.usefixtures("bucket")
def test_a_key_policy_without_the_account_leaves_nothing_to_roles(
    aws: Any, open_session: Any, denied_action: Any, key: str
) -> None:
    reader = open_session("reader", allow("s3:*", "kms:*"))
    assert denied_action(reader, "s3", "GetObject", OBJECT) == ""
    nobody = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"})
    aws("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=document(nobody))
    assert denied_action(reader, "s3", "GetObject", OBJECT) == "kms:Decrypt"
    own = allow("kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/reader"})
    aws("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=document(own))
    assert denied_action(reader, "s3", "GetObject", OBJECT) == ""


def test_objects_without_a_key_need_none(aws: Any, open_session: Any, denied_action: Any) -> None:
    aws("s3").create_bucket(Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert denied_action(open_session("plain", allow("s3:*")), "s3", "PutObject", OBJECT) == ""


def test_the_key_of_a_request_counts_before_the_buckets(open_session: Any, denied_action: Any, bucket: str) -> None:
    writer = open_session("writer", allow("s3:*"))
    own_key = {"Bucket": bucket, "Key": "a", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/none"}
    assert denied_action(writer, "s3", "PutObject", own_key) == "kms:GenerateDataKey"
    managed = {"Bucket": bucket, "Key": "a", "ServerSideEncryption": "AES256"}
    assert denied_action(writer, "s3", "PutObject", managed) == ""


def test_messages_of_encrypted_queues_and_topics_need_the_key(
    cloud: Any, aws: Any, open_session: Any, denied_action: Any, key: str
) -> None:
    url = aws("sqs").create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    topic = aws("sns").create_topic(Name="t", Attributes={"KmsMasterKeyId": "alias/team"})["TopicArn"]
    sender = open_session("sender", allow("sqs:*", "sns:*"))
    assert denied_action(sender, "sqs", "SendMessage", {"QueueUrl": url, "MessageBody": "x"}) == "kms:GenerateDataKey"
    assert denied_action(sender, "sqs", "ReceiveMessage", {"QueueUrl": url}) == "kms:Decrypt"
    assert denied_action(sender, "sns", "Publish", {"TopicArn": topic, "Message": "x"}) == "kms:GenerateDataKey"
    cloudwatch = cloud.access.service("cloudwatch.amazonaws.com", cloud.arn("cloudwatch", "alarm:a"))
    assert denied_action(cloudwatch, "sns", "Publish", {"TopicArn": topic, "Message": "x"}) == "kms:GenerateDataKey"
    alarms = allow("kms:Decrypt", "kms:GenerateDataKey*", Principal={"Service": "cloudwatch.amazonaws.com"})
    aws("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=document(alarms))
    assert denied_action(cloudwatch, "sns", "Publish", {"TopicArn": topic, "Message": "x"}) == ""
