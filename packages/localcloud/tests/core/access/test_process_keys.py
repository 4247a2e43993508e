"""Processes fetch their keys as they do in a container on AWS."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.credentials import ContainerProvider
from botocore.exceptions import CredentialRetrievalError

from localcloud.core.access.principal import ROLE, Principal
from localcloud.core.cloud import Cloud
from localcloud.services.sts.service import Sts

SESSION = Principal(
    ROLE,
    "arn:aws:sts::000000000000:assumed-role/jobs/SageMaker",
    "000000000000",
    role_arn="arn:aws:iam::000000000000:role/jobs",
)


@pytest.fixture
def services() -> list[Any]:
    return [Sts]


def load(variables: dict[str, str]) -> Any:
    """The SDK's own credentials for a process with these variables."""
    return ContainerProvider(environ=variables).load()


def test_the_sdk_finds_the_keys_of_a_process(cloud: Cloud) -> None:
    with cloud.process_keys.during(SESSION) as token:
        keys = load(cloud.process_environment(token)).get_frozen_credentials()
        assert cloud.credentials.principal(keys.access_key, keys.token) == SESSION


def test_each_process_has_no_other_keys(cloud: Cloud) -> None:
    with cloud.process_keys.during(SESSION) as token:
        assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(cloud.process_environment(token))


def test_after_its_end_a_process_gets_none(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.RETRY_ATTEMPTS", 1)
    with cloud.process_keys.during(SESSION) as token:
        keys = load(cloud.process_environment(token)).get_frozen_credentials()
    with pytest.raises(CredentialRetrievalError, match="403"):
        load(cloud.process_environment(token))
    assert cloud.credentials.principal(keys.access_key, keys.token) == SESSION  # until they expire


def test_without_a_token_there_are_no_keys(cloud: Cloud) -> None:
    with cloud.process_keys.during(SESSION):
        for headers in ({}, {"Authorization": ""}, {"Authorization": "other"}):
            response = httpx.get(f"{cloud.url}/_localcloud/credentials", headers=headers)
            assert (response.status_code, response.json()["code"]) == (403, "AccessDenied")


def test_keys_are_described_as_on_aws(cloud: Cloud) -> None:
    with cloud.process_keys.during(SESSION) as token:
        keys = httpx.get(f"{cloud.url}/_localcloud/credentials", headers={"Authorization": token}).json()
    assert set(keys) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", "RoleArn"}
    assert keys["RoleArn"] == SESSION.role_arn
