"""State as AWS tells it: what is there, what is not, and what stays an error. Reads only."""

import pytest
from botocore.exceptions import ClientError

from release.operations import READS
from release.plan.plan import plan
from release.state.read import read
from settings.loader import load

BUCKET = "churn-prod-000000000000-eu-west-1"
AWS_IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"
OUR_IMAGE = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/churn"


@pytest.fixture
def settings():
    return load("prod+local")


@pytest.fixture
def reading(aws):
    """A client of which every call is noted: ``reading.calls``."""

    class Noting:
        def __init__(self, service):
            self.service, self.client = service, aws(service)

        def __getattr__(self, name):
            reading.calls.add((self.service, name))
            if name == "get_paginator":
                return lambda operation: self._pages(operation)
            return getattr(self.client, name)

        def _pages(self, operation):
            reading.calls ^= {(self.service, "get_paginator"), (self.service, operation)}
            return self.client.get_paginator(operation)

    def reading(service):
        return Noting(service)

    reading.calls = set()
    return reading


@pytest.fixture
def registered(aws, settings):
    """Registers an approved package and gives its ARN."""

    def made(image=AWS_IMAGE, key="churn/runs/1/model.tar.gz", put=True):
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

    return made


def test_nothing_is_there(settings, reading):
    state = read(settings, "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/1", reading)
    assert (state.package, state.artifact_there, state.image_there) == ({}, False, None)
    assert (state.endpoint, state.config, state.target) == (None, None, None)
    assert (state.existing, state.alarms) == (frozenset(), {})
    assert state.now is not None
    assert reading.calls <= READS


def test_the_package_its_artifact_and_aws_s_time(settings, reading, registered, cloud):
    state = read(settings, registered(), reading)
    assert state.package["ModelApprovalStatus"] == "Approved"
    assert (state.artifact_there, state.image_there) == (True, None)
    assert abs((state.now - cloud.clock.now()).total_seconds()) < 5
    assert reading.calls <= READS


@pytest.mark.parametrize(
    ("key", "there"), [("churn/runs/2/model.tar.gz", False), ("churn/runs/1/", True), ("x/", False)]
)
def test_an_artifact_may_be_gone_or_a_folder(settings, aws, registered, key, there):
    assert read(settings, registered(key=key), aws).artifact_there is there


def test_an_artifact_whose_bucket_is_gone(settings, aws, registered):
    assert read(settings, registered(put=False), aws).artifact_there is False


def test_an_image_of_ours_is_looked_for(settings, aws, registered):
    arn = registered(image=f"{OUR_IMAGE}:1")
    assert read(settings, arn, aws).image_there is False  # no repository
    aws("ecr").create_repository(repositoryName="churn")
    assert read(settings, arn, aws).image_there is False  # no image
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}'
    aws("ecr").put_image(repositoryName="churn", imageManifest=manifest, imageTag="1")
    assert read(settings, arn, aws).image_there is True


def test_what_a_plan_has_made_is_found_again(settings, aws, reading, registered):
    arn = registered()
    before = plan(settings, read(settings, arn, aws))
    assert before.kind == "first"
    for call in before.calls:
        if call.operation != "create_endpoint":
            getattr(aws(call.service), call.operation)(**call.request)
    state = read(settings, arn, reading)
    alarms = {call.request["AlarmName"] for call in before.calls if call.operation == "put_metric_alarm"}
    assert state.existing == {before.model_name, before.config_name, *alarms}
    assert set(state.alarms) == alarms
    assert [call.operation for call in plan(settings, state).calls] == ["create_endpoint"]
    assert reading.calls <= READS


class Answering:
    """Says what it is told to, for every operation."""

    def __init__(self, code, message=""):
        self.error = ClientError({"Error": {"Code": code, "Message": message}}, "Anything")

    def __getattr__(self, _):
        def call(**_):
            raise self.error

        return call


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ValidationException"])
def test_what_aws_refuses_otherwise_is_raised(settings, code):
    with pytest.raises(ClientError, match=code):
        read(settings, "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/1", lambda _: Answering(code))


def test_a_registry_that_we_may_not_ask_is_not_held_against_the_image(settings, aws, registered):
    def client(service):
        return Answering("AccessDeniedException") if service == "ecr" else aws(service)

    assert read(settings, registered(image=f"{OUR_IMAGE}:1"), client).image_there is None


def test_the_live_endpoint_with_its_config(settings, aws, registered, cloud):
    """Whether its instances have come up by now is not the question: the artifact is none."""
    arn = registered()
    before = plan(settings, read(settings, arn, aws))
    for call in before.calls:
        getattr(aws(call.service), call.operation)(**call.request)
    state = read(settings, arn, aws)
    assert state.status in ("Creating", "Failed")
    assert state.live_config == before.config_name
    assert state.live_variant["ModelName"] == before.model_name
