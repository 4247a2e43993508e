"""The state as AWS returns it: what exists, what does not, and what stays an error. Only reads."""

import hashlib

import pytest
from botocore.exceptions import ClientError

from release.operations import READS
from release.plan.inputs import read_inputs
from release.plan.plan import plan
from settings.loader import load

BUCKET = "churn-prod-000000000000-eu-west-1"
AWS_IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"
OWN_IMAGE = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/churn"


@pytest.fixture
def enforced():
    return False  # there is no execution role without a foundation; what is read here, an administrator reads


@pytest.fixture
def settings():
    return load("prod+local")


@pytest.fixture
def recording(aws):
    """A client that records every call in ``recording.calls``."""

    class Recording:
        def __init__(self, service):
            self.service, self.client = service, aws(service)

        def __getattr__(self, name):
            recording.calls.add((self.service, name))
            if name == "get_paginator":
                return lambda operation: self._pages(operation)
            return getattr(self.client, name)

        def _pages(self, operation):
            recording.calls ^= {(self.service, "get_paginator"), (self.service, operation)}
            return self.client.get_paginator(operation)

    def recording(service):
        return Recording(service)

    recording.calls = set()
    return recording


@pytest.fixture
def register(aws, settings):
    """Registers an approved package and returns its ARN."""

    def register(image=AWS_IMAGE, key="churn/runs/1/model.tar.gz", put=True):
        if put:
            aws("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
            aws("s3").put_object(Bucket=BUCKET, Key="churn/runs/1/model.tar.gz", Body=b"model")
        sagemaker = aws("sagemaker")
        sagemaker.create_model_package_group(ModelPackageGroupName="churn")
        specification = {
            "Containers": [{"Image": image, "ModelDataUrl": f"s3://{BUCKET}/{key}"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }
        return sagemaker.create_model_package(
            ModelPackageGroupName="churn", ModelApprovalStatus="Approved", InferenceSpecification=specification
        )["ModelPackageArn"]

    return register


def test_nothing_exists(settings, recording):
    state = read_inputs(settings, "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/1", recording)
    assert (state.package, state.archive, state.image_exists) == ({}, None, None)
    assert (state.endpoint, state.config, state.target) == (None, None, None)
    assert (state.existing, state.alarms) == (frozenset(), {})
    assert state.now is not None
    assert recording.calls <= READS


def test_the_package_its_artifact_and_the_time_of_aws(settings, recording, register, cloud):
    state = read_inputs(settings, register(), recording)
    assert state.package["ModelApprovalStatus"] == "Approved"
    assert (state.archive.sha256, state.image_exists) == (hashlib.sha256(b"model").hexdigest(), None)
    assert abs((state.now - cloud.clock.now()).total_seconds()) < 5
    assert recording.calls <= READS


@pytest.mark.parametrize(
    ("key", "exists"), [("churn/runs/2/model.tar.gz", False), ("churn/runs/1/", True), ("x/", False)]
)
def test_an_artifact_may_be_missing_or_a_folder(settings, aws, register, key, exists):
    assert (read_inputs(settings, register(key=key), aws).archive is not None) is exists


def test_an_artifact_whose_bucket_is_missing(settings, aws, register):
    assert read_inputs(settings, register(put=False), aws).archive is None


def test_an_image_of_this_account_is_looked_up(settings, aws, register):
    arn = register(image=f"{OWN_IMAGE}:1")
    assert read_inputs(settings, arn, aws).image_exists is False  # no repository
    aws("ecr").create_repository(repositoryName="churn")
    assert read_inputs(settings, arn, aws).image_exists is False  # no image
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}'
    aws("ecr").put_image(repositoryName="churn", imageManifest=manifest, imageTag="1")
    assert read_inputs(settings, arn, aws).image_exists is True


@pytest.mark.slow
def test_what_a_plan_has_created_is_found_again(settings, aws, recording, register):
    arn = register()
    before = plan(settings, read_inputs(settings, arn, aws))
    assert before.change == "first"
    for call in before.calls:
        if call.operation != "create_endpoint":
            getattr(aws(call.service), call.operation)(**call.request)
    state = read_inputs(settings, arn, recording)
    alarms = {call.request["AlarmName"] for call in before.calls if call.operation == "put_metric_alarm"}
    assert state.existing == {before.model_name, before.config_name, *alarms}
    assert set(state.alarms) == alarms
    assert [call.operation for call in plan(settings, state).calls] == ["put_object_tagging", "create_endpoint"]
    assert recording.calls <= READS


class Failing:
    """Raises the same error for every operation."""

    def __init__(self, code, message=""):
        self.error = ClientError({"Error": {"Code": code, "Message": message}}, "Anything")

    def __getattr__(self, _):
        def call(**_):
            raise self.error

        return call


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ValidationException"])
def test_every_other_error_of_aws_is_raised(settings, code):
    with pytest.raises(ClientError, match=code):
        read_inputs(settings, "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/1", lambda _: Failing(code))


def test_an_image_whose_registry_denies_access_is_unknown(settings, aws, register):
    def client(service):
        return Failing("AccessDeniedException") if service == "ecr" else aws(service)

    assert read_inputs(settings, register(image=f"{OWN_IMAGE}:1"), client).image_exists is None


def test_the_live_endpoint_with_its_config(settings, aws, register, cloud):
    """Creating or Failed: the artifact is not a model, and its instances may have failed already."""
    arn = register()
    before = plan(settings, read_inputs(settings, arn, aws))
    for call in before.calls:
        getattr(aws(call.service), call.operation)(**call.request)
    state = read_inputs(settings, arn, aws)
    assert state.status in ("Creating", "Failed")
    assert state.live_config == before.config_name
    assert state.live_variant["ModelName"] == before.model_name
