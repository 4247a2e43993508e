"""S3 URIs and the check for an object."""

import pytest
from botocore.exceptions import ClientError

from aws.s3 import object_exists, split_uri


class S3:
    def __init__(self, refusal=""):
        self.refusal, self.requests = refusal, []

    def head_object(self, **request):
        self.requests.append(request)
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal, "Message": ""}}, "HeadObject")


@pytest.mark.parametrize(
    ("uri", "parts"),
    [("s3://b/a/b.csv", ("b", "a/b.csv")), ("s3://b/a/", ("b", "a/")), ("s3://b", ("b", "")), ("s3://b/", ("b", ""))],
)
def test_a_uri_has_a_bucket_and_a_key(uri, parts):
    assert split_uri(uri) == parts


@pytest.mark.parametrize(("refusal", "exists"), [("", True), ("404", False), ("403", False)])
def test_an_object_that_is_missing_or_denied_does_not_exist(refusal, exists):
    s3 = S3(refusal)
    assert object_exists(s3, "s3://b/a.csv") is exists
    assert s3.requests == [{"Bucket": "b", "Key": "a.csv"}]


def test_any_other_error_is_raised():
    with pytest.raises(ClientError):
        object_exists(S3("ExpiredToken"), "s3://b/a.csv")
