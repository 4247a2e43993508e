"""Endpoint configs over the API."""

import pytest
from support.policies import allow

from localcloud.core.refusal import Refusal

VARIANT = {"ModelName": "model-a", "VariantName": "v", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def test_a_config_is_described_listed_newest_first_and_deleted(cloud, endpoints):
    arn = endpoints.config("a", DataCaptureConfig=CAPTURE, Tags=[{"Key": "team", "Value": "churn"}])
    cloud.clock.advance(1)
    endpoints.config("b")
    config = endpoints.client.describe_endpoint_config(EndpointConfigName="a")
    assert config["EndpointConfigArn"] == arn and config["DataCaptureConfig"] == CAPTURE
    assert config["ProductionVariants"][0]["InitialVariantWeight"] == 1.0
    assert [each["EndpointConfigName"] for each in listed(endpoints)] == ["b", "a"]
    assert [each["EndpointConfigName"] for each in listed(endpoints, SortBy="Name", SortOrder="Ascending")] == [
        "a",
        "b",
    ]
    assert [each["EndpointConfigName"] for each in listed(endpoints, NameContains="a")] == ["a"]
    assert endpoints.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "churn"}]
    endpoints.client.delete_endpoint_config(EndpointConfigName="a")
    assert [each["EndpointConfigName"] for each in listed(endpoints)] == ["b"]
    events = endpoints.events("Endpoint Config")
    assert [event["EndpointConfigName"] for event in events] == ["a", "b", "a"]
    assert events[0]["EndpointConfigArn"] == arn and events[0]["Tags"] == {"team": "churn"}
    assert events[0]["CreationTime"] == int(config["CreationTime"].timestamp() * 1000)


CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


def listed(endpoints, **request):
    return endpoints.client.list_endpoint_configs(**request)["EndpointConfigs"]


def test_pages_follow_each_other(endpoints):
    for name in "abc":
        endpoints.config(name)
    pages = endpoints.client.get_paginator("list_endpoint_configs").paginate(PaginationConfig={"PageSize": 2})
    assert [[each["EndpointConfigName"] for each in page["EndpointConfigs"]] for page in pages] == [["c", "b"], ["a"]]


def test_missing_and_existing_resources_are_refused(endpoints, refused):
    endpoints.config("a")
    with refused("ValidationException", "Cannot create already existing endpoint configuration"):
        endpoints.config("a")
    for call in (endpoints.client.describe_endpoint_config, endpoints.client.delete_endpoint_config):
        with refused("ValidationException", "Could not find endpoint configuration"):
            call(EndpointConfigName="nobody")
    with refused("ValidationException", "Could not find model"):
        create(endpoints, [{**VARIANT, "ModelName": "nobody"}])
    with refused("ValidationException", "must be unique"):
        create(endpoints, [VARIANT, VARIANT])
    with refused("ValidationException", "InstanceType must be given"):
        create(endpoints, [{name: value for name, value in VARIANT.items() if name != "InstanceType"}])


def create(endpoints, variants, **more):
    endpoints.client.create_endpoint_config(EndpointConfigName="new", ProductionVariants=variants, **more)


@pytest.mark.parametrize(
    ("variant", "more", "words"),
    [
        ({}, {"AsyncInferenceConfig": {"OutputConfig": {}}}, "Asynchronous inference"),
        ({}, {"ShadowProductionVariants": [{**VARIANT, "VariantName": "shadow"}]}, "A shadow variant"),
        ({"ManagedInstanceScaling": {"Status": "ENABLED"}}, {}, "Managed instance scaling"),
    ],
)
def test_what_is_not_implemented_yet_is_refused_clearly(endpoints, refused, variant, more, words):
    endpoints.config("a")
    with refused("NotImplementedByLocalcloud", words):
        create(endpoints, [{**VARIANT, **variant}], **more)


def test_models_of_several_containers_or_models_are_refused_clearly(endpoints, refused):
    endpoints.config("a")
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}
    role = "arn:aws:iam::000000000000:role/churn-dev"
    endpoints.client.create_model(ModelName="two", ExecutionRoleArn=role, Containers=[container, container])
    multi = {**container, "Mode": "MultiModel"}
    endpoints.client.create_model(ModelName="multi", ExecutionRoleArn=role, PrimaryContainer=multi)
    with refused("NotImplementedByLocalcloud", "several containers"):
        create(endpoints, [{**VARIANT, "ModelName": "two"}])
    with refused("NotImplementedByLocalcloud", "MultiModel"):
        create(endpoints, [{**VARIANT, "ModelName": "multi"}])
    assert not [each for each in listed(endpoints) if each["EndpointConfigName"] == "new"]


@pytest.mark.roles
def test_an_endpoint_needs_the_key_of_its_config(cloud, endpoints, create_role, open_session):
    """The caller of CreateEndpoint gives the grant for the volumes."""
    create_role("churn-dev", allow("s3:*", "ecr:*"), trust={"Principal": {"Service": "sagemaker.amazonaws.com"}})
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    endpoints.config("plain")
    endpoints.config("encrypted", KmsKeyId=key)
    session = open_session("deploy", allow("sagemaker:*", "iam:*", "cloudwatch:*"))

    def create(config):
        cloud.access.authorize(
            session, "sagemaker", "CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": config}
        )

    create("plain")
    with pytest.raises(Refusal, match=f"kms:CreateGrant on resource: {key} "):
        create("encrypted")
