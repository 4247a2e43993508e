"""Models act in a session of their execution role: their processes, and what SageMaker reads and writes for them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.roles import create_role

from localcloud.runtime.jobs.model_container import Launcher
from localcloud.runtime.jobs.model_server import ModelServerError

pytestmark = pytest.mark.roles
SERVICE, NAME = "sagemaker.amazonaws.com", "churn-dev"
READ, LOGS = ("s3:GetObject",), ("logs:*",)
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:1.15.2-gpu"

STATEMENT = {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}
OTHER_TRUST = {"Version": "2012-10-17", "Statement": [STATEMENT]}


@pytest.fixture
def role(aws: Any) -> Any:
    """Creates the models' role with these permissions."""
    return lambda *statements: create_role(aws("iam"), NAME, SERVICE, *statements)


def test_a_model_has_the_keys_of_its_role_while_it_runs(role: Any, hosting: Any) -> None:
    arn = role(READ, LOGS)
    fleet = hosting.started()
    token = hosting.send(fleet, "environment AWS_CONTAINER_AUTHORIZATION_TOKEN").body.decode()
    assert hosting.cloud.process_keys.fetch(token)["RoleArn"] == arn
    assert hosting.send(fleet, "environment AWS_ACCESS_KEY_ID").body == b""
    assert hosting.send(fleet, "environment AWS_SHARED_CREDENTIALS_FILE").body == b"/dev/null"
    fleet.close()
    assert hosting.cloud.process_keys.fetch(token) is None


def test_a_model_that_its_role_may_not_read_does_not_start(role: Any, hosting: Any) -> None:
    role(LOGS)
    reason = hosting.failed()
    assert "ensure that there is an object located at the URL and that the role passed to CreateModel has" in reason
    assert "AccessDenied" in reason


def test_a_role_that_no_longer_trusts_sagemaker_starts_nothing(aws: Any, role: Any, hosting: Any) -> None:
    arn = role(READ, LOGS)
    aws("iam").update_assume_role_policy(RoleName=NAME, PolicyDocument=json.dumps(OTHER_TRUST))
    assert hosting.failed().startswith(f"Could not assume role {arn}. ")


def test_an_image_that_the_role_may_not_pull_starts_nothing(role: Any, hosting: Any) -> None:
    others = ("ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer")
    arn = role(READ, LOGS, others)
    fleet, reasons = hosting.fleet(), []
    fleet._image = IMAGE
    fleet.start(1, reasons.append)
    hosting.until(lambda: reasons)
    assert reasons == [f"The role '{arn}' does not have BatchGetImage permission for the image: '{IMAGE}'."]


def test_a_model_that_may_not_write_its_log_serves_without_one(role: Any, hosting: Any) -> None:
    role(READ)
    assert hosting.send(hosting.started()).status == 200
    assert hosting.cloud.logs.flush()
    assert hosting.cloud.client("logs").describe_log_groups()["logGroups"] == []


@pytest.mark.parametrize("may", [True, False])
def test_data_is_captured_as_far_as_the_role_may_write(role: Any, hosting: Any, may: bool) -> None:
    role(READ, LOGS, *([("s3:PutObject", "on", "arn:aws:s3:::bucket/captured/*")] if may else []))
    fleet = hosting.started(capture=CAPTURE)
    assert hosting.send(fleet).status == 200
    fleet.close()
    assert hosting.s3.list_objects_v2(Bucket="bucket", Prefix="captured")["KeyCount"] == may


def test_a_model_whose_data_the_role_may_not_read_is_refused(role: Any, hosting: Any) -> None:
    arn = role(LOGS)
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}
    words = f'Could not access model data at s3://bucket/model.tar.gz. Please ensure that the role "{arn}" exists'
    with pytest.raises(ClientError, match=words):
        hosting.client("sagemaker").create_model(ModelName="m", ExecutionRoleArn=arn, PrimaryContainer=container)


def test_a_model_in_a_container_has_keys_that_last_as_long_as_a_session_can(
    role: Any, hosting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its network the server has another address than the SDKs fetch keys from."""
    given: list[dict[str, str]] = []

    def start(_self: Any, _model: Any, _variables: Any, own: dict[str, str], *_: Any) -> Any:
        given.append(own)
        raise ModelServerError("not here")

    role(READ, LOGS)
    monkeypatch.setenv("LOCALCLOUD_DOCKER", "any")
    monkeypatch.setattr(Launcher, "start", start)
    assert "not here" in hosting.failed()
    credentials = hosting.cloud.credentials
    key, token = given[0]["AWS_ACCESS_KEY_ID"], given[0]["AWS_SESSION_TOKEN"]
    assert credentials.principal(key, token).arn == "arn:aws:sts::000000000000:assumed-role/churn-dev/SageMaker"
    later = time.time() + 43_100
    monkeypatch.setattr(credentials, "_now", lambda: later)
    assert credentials.principal(key, token)
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" not in given[0]
