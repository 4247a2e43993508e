"""Whose requests are accepted, in each protocol."""

from __future__ import annotations

from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.core.access.principal import ROLE, Principal
from localcloud.core.cloud import Cloud
from localcloud.services.events.service import Events
from localcloud.services.scheduler.service import Scheduler
from localcloud.services.sts.service import Sts

SESSION = Principal(ROLE, "arn:aws:sts::000000000000:assumed-role/jobs/one", "000000000000", user_id="AROAJOBS:one")


@pytest.fixture
def services() -> list[Any]:
    return [Events, Scheduler, Sts]


def client(cloud: Cloud, service: str, key: str, token: str | None = None, **options: Any) -> Any:
    keys = {"aws_access_key_id": key, "aws_secret_access_key": "x", "aws_session_token": token}
    return boto3.client(service, endpoint_url=cloud.url, region_name=cloud.region, **keys, **options)


def refusal(call: Any, **request: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


LISTS = {  # a call of each protocol, of localcloud's own services and of moto's
    "events": "list_rules",
    "scheduler": "list_schedules",
    "sts": "get_caller_identity",
    "iam": "list_roles",
    "ssm": "describe_parameters",
    "sqs": "list_queues",
    "s3": "list_buckets",
    "ec2": "describe_regions",
}
INVALID = {
    "events": ("UnrecognizedClientException", 400),
    "scheduler": ("UnrecognizedClientException", 403),
    "sts": ("InvalidClientTokenId", 403),
    "iam": ("InvalidClientTokenId", 403),
    "ssm": ("UnrecognizedClientException", 400),
    "sqs": ("InvalidClientTokenId", 403),
    "s3": ("InvalidAccessKeyId", 403),
    "ec2": ("AuthFailure", 401),
}
EXPIRED = {
    "events": ("ExpiredTokenException", 400),
    "scheduler": ("ExpiredTokenException", 403),
    "sts": ("ExpiredToken", 403),
    "iam": ("ExpiredToken", 403),
    "ssm": ("ExpiredTokenException", 400),
    "sqs": ("ExpiredToken", 403),
    "s3": ("ExpiredToken", 400),
    "ec2": ("RequestExpired", 400),
}


@pytest.mark.parametrize("service", LISTS)
def test_an_unknown_key_is_refused(cloud: Cloud, service: str) -> None:
    assert refusal(getattr(client(cloud, service, "AKIAIOSFODNN7EXAMPLE"), LISTS[service])) == INVALID[service]


@pytest.mark.parametrize("service", LISTS)
def test_an_expired_key_is_refused(cloud: Cloud, service: str) -> None:
    keys = cloud.credentials.issue(SESSION, -1)
    assert refusal(getattr(client(cloud, service, keys.access_key, keys.token), LISTS[service])) == EXPIRED[service]


@pytest.mark.parametrize("service", LISTS)
def test_another_token_than_the_key_s_is_refused(cloud: Cloud, service: str) -> None:
    keys = cloud.credentials.issue(SESSION)
    expected = ("InvalidToken", 400) if service == "s3" else INVALID[service]
    assert refusal(getattr(client(cloud, service, keys.access_key, "other"), LISTS[service])) == expected


@pytest.mark.parametrize("service", LISTS)
def test_a_session_s_keys_are_accepted(cloud: Cloud, service: str) -> None:
    keys = cloud.credentials.issue(SESSION)
    assert getattr(client(cloud, service, keys.access_key, keys.token), LISTS[service])()


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("", {"X-Amz-Target": "AWSEvents.ListRules"}, 400, "MissingAuthenticationTokenException"),
        ("?Action=ListUsers&Version=2010-05-08", {"Host": "iam.amazonaws.com"}, 403, "AccessDenied"),
        ("/bucket/key", {}, 403, "AccessDenied"),
    ],
)
def test_an_unsigned_request_is_refused(
    cloud: Cloud, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    response = httpx.get(f"{cloud.url}{path}", headers=headers)
    assert (response.status_code, code in response.text) == (status, True)


def test_a_browser_s_upload_by_form_is_refused(cloud: Cloud, aws: Any) -> None:
    _bucket(cloud, aws)
    form = aws("s3").generate_presigned_post("bucket", "key")
    response = httpx.post(form["url"], data=form["fields"], files={"file": b"x"})
    assert (response.status_code, "AccessDenied" in response.text) == (403, True)


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_presigned_url_is_its_signer_s(cloud: Cloud, aws: Any, version: str) -> None:
    _bucket(cloud, aws)
    aws("s3").put_object(Bucket="bucket", Key="key", Body=b"content")
    keys, config = cloud.credentials.issue(SESSION), Config(signature_version=version)

    def get(key: str, token: str | None) -> httpx.Response:
        s3 = client(cloud, "s3", key, token, config=config)
        return httpx.get(s3.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "key"}))

    assert get(keys.access_key, keys.token).content == b"content"
    assert "InvalidToken" in get(keys.access_key, None).text
    assert "InvalidAccessKeyId" in get("AKIAIOSFODNN7EXAMPLE", None).text


def test_the_old_signature_of_s3_is_read(cloud: Cloud) -> None:
    keys, config = cloud.credentials.issue(SESSION), Config(signature_version="s3")
    assert client(cloud, "s3", keys.access_key, keys.token, config=config).list_buckets()["Buckets"] == []
    assert refusal(client(cloud, "s3", "AKIAIOSFODNN7EXAMPLE", config=config).list_buckets)[0] == "InvalidAccessKeyId"


def test_a_presigned_call_of_sts_says_whose_it_is(cloud: Cloud) -> None:
    keys = cloud.credentials.issue(SESSION)
    url = client(cloud, "sts", keys.access_key, keys.token).generate_presigned_url("get_caller_identity")
    assert f"<Arn>{SESSION.arn}</Arn>" in httpx.get(url).text


def test_a_user_s_keys_are_accepted_while_they_are_active(cloud: Cloud, aws: Any) -> None:
    iam = aws("iam")
    arn = iam.create_user(UserName="ci", Path="/team/")["User"]["Arn"]
    key = iam.create_access_key(UserName="ci")["AccessKey"]["AccessKeyId"]
    sts = client(cloud, "sts", key)
    assert sts.get_caller_identity()["Arn"] == arn == "arn:aws:iam::000000000000:user/team/ci"
    iam.update_access_key(UserName="ci", AccessKeyId=key, Status="Inactive")
    assert refusal(sts.get_caller_identity) == INVALID["sts"]


def _bucket(cloud: Cloud, aws: Any) -> None:
    aws("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
