"""Bucket policies are stored, not enforced: a TLS-only bucket can be used here as on AWS over TLS."""

import json

import pytest


@pytest.fixture
def services():
    return []


def test_a_bucket_with_a_tls_only_policy_accepts_objects(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket="closed", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::closed", "arn:aws:s3:::closed/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket="closed", Policy=policy)
    s3.put_object(Bucket="closed", Key="key", Body=b"content")
    assert s3.get_object(Bucket="closed", Key="key")["Body"].read() == b"content"
    assert json.loads(s3.get_bucket_policy(Bucket="closed")["Policy"]) == json.loads(policy)
