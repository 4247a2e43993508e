"""Serverless endpoints over the API, with real containers."""

import time

import pytest

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
CONFIG = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
INSTANCES = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
PROCESS = """
def model_fn(folder):
    return "here"

def transform_fn(model, body, content_type, accept):
    return model, accept
"""


@pytest.fixture
def serverless(cloud, aws):
    return Serverless(cloud, aws)


class Serverless:
    def __init__(self, cloud, aws):
        self.cloud, self.client, self.runtime, s3 = cloud, aws("sagemaker"), aws("sagemaker-runtime"), aws("s3")
        s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=self._archive())
        self.model("m")

    def _archive(self):
        import io
        import tarfile

        out, code = io.BytesIO(), PROCESS.encode()
        with tarfile.open(fileobj=out, mode="w:gz") as packed:
            member = tarfile.TarInfo("code/inference.py")
            member.size = len(code)
            packed.addfile(member, io.BytesIO(code))
        return out.getvalue()

    def model(self, name, **more):
        container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}
        self.client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container, **more)

    def config(self, name="a", variant=None, model="m", **more):
        """A serverless one, unless ``variant`` says otherwise."""
        kind = {"ServerlessConfig": CONFIG} if variant is None else variant
        variants = [{"VariantName": "AllTraffic", "ModelName": model, **kind}]
        self.client.create_endpoint_config(**{"EndpointConfigName": name, "ProductionVariants": variants, **more})

    def create(self, **concurrency):
        self.config(variant={"ServerlessConfig": {**CONFIG, **concurrency}})
        self.client.create_endpoint(EndpointName="churn", EndpointConfigName="a")
        return self.in_service()

    def in_service(self):
        end = time.monotonic() + 60
        while (endpoint := self.client.describe_endpoint(EndpointName="churn"))["EndpointStatus"] != "InService":
            assert time.monotonic() < end, endpoint
            time.sleep(0.02)
        return endpoint["ProductionVariants"][0]

    def resize(self, **update):
        desired = [{"VariantName": "AllTraffic", **update}]
        self.client.update_endpoint_weights_and_capacities(EndpointName="churn", DesiredWeightsAndCapacities=desired)

    def until_processes(self, count):
        end = time.monotonic() + 60
        while len(running := [each for each in self.cloud.processes.all() if each.alive]) != count:
            assert time.monotonic() < end, running
            time.sleep(0.02)


def test_it_is_described_by_its_concurrency_and_has_no_instances(serverless):
    variant = serverless.create()
    assert variant["CurrentServerlessConfig"] == variant["DesiredServerlessConfig"] == CONFIG
    assert not variant.keys() & {"CurrentInstanceCount", "DesiredInstanceCount", "InstanceType"}
    config = serverless.client.describe_endpoint_config(EndpointConfigName="a")["ProductionVariants"][0]
    assert config["ServerlessConfig"] == CONFIG
    assert serverless.runtime.invoke_endpoint(EndpointName="churn", Body=b"row")["Body"].read() == b"here"


def test_provisioned_concurrency_is_changed_without_a_new_config(serverless):
    serverless.create(ProvisionedConcurrency=1)
    serverless.until_processes(1)
    serverless.resize(ServerlessUpdateConfig={"ProvisionedConcurrency": 2})
    described = serverless.client.describe_endpoint(EndpointName="churn")["ProductionVariants"][0]
    assert described["DesiredServerlessConfig"]["ProvisionedConcurrency"] == 2
    assert serverless.in_service()["CurrentServerlessConfig"] == {**CONFIG, "ProvisionedConcurrency": 2}
    serverless.until_processes(2)
    serverless.resize(ServerlessUpdateConfig={"MaxConcurrency": 2, "ProvisionedConcurrency": 1})
    expected = {**CONFIG, "MaxConcurrency": 2, "ProvisionedConcurrency": 1}
    assert serverless.in_service()["CurrentServerlessConfig"] == expected
    serverless.until_processes(1)


def test_an_update_replaces_the_containers(serverless):
    serverless.create(ProvisionedConcurrency=1)
    serverless.config("b", {"ServerlessConfig": {**CONFIG, "ProvisionedConcurrency": 2}})
    serverless.client.update_endpoint(EndpointName="churn", EndpointConfigName="b")
    assert serverless.in_service()["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 2
    serverless.until_processes(2)
    serverless.client.delete_endpoint(EndpointName="churn")
    serverless.until_processes(0)


@pytest.mark.parametrize(
    ("variant", "more", "words"),
    [
        ({"MemorySizeInMB": 1536}, {}, "MemorySizeInMB must be a multiple of 1024"),
        (
            {"ProvisionedConcurrency": 6},
            {},
            "ProvisionedConcurrency (6) must be less than or equal to MaxConcurrency (5)",
        ),
        ({}, {"DataCaptureConfig": {}}, "DataCaptureConfig is not supported"),
        ({}, {"variant": INSTANCES}, "InstanceType cannot be given"),
        ({}, {"model": "isolated"}, "EnableNetworkIsolation of model isolated is not supported"),
        ({}, {"model": "inside"}, "VpcConfig of model inside is not supported"),
    ],
)
def test_what_serverless_endpoints_cannot_do_is_refused(serverless, refused, variant, more, words):
    serverless.model("isolated", EnableNetworkIsolation=True)
    serverless.model("inside", VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]})
    variant = {"ServerlessConfig": {**CONFIG, **variant}, **more.get("variant", {})}
    capture = {
        "InitialSamplingPercentage": 5,
        "DestinationS3Uri": "s3://b/c",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    config = {"DataCaptureConfig": capture} if "DataCaptureConfig" in more else {}
    with refused("ValidationException", words):
        serverless.config("bad", variant, more.get("model", "m"), **config)


def test_a_second_variant_beside_a_serverless_one_is_refused(serverless, refused):
    variants = [{"VariantName": name, "ModelName": "m", "ServerlessConfig": CONFIG} for name in ("one", "two")]
    with refused("ValidationException", "one production variant"):
        serverless.config(ProductionVariants=variants)


def test_instances_never_become_serverless_and_no_guardrail_is_taken(serverless, refused, configs):
    serverless.config("instances", INSTANCES)
    serverless.config("b")
    policy = configs.blue_green("ALL_AT_ONCE")
    del policy["AutoRollbackConfiguration"]
    update = serverless.client.update_endpoint
    serverless.client.create_endpoint(EndpointName="churn", EndpointConfigName="instances")
    serverless.in_service()
    with refused("ValidationException", "cannot be updated to a serverless endpoint"):
        update(EndpointName="churn", EndpointConfigName="b")
    with refused("ValidationException", "ServerlessUpdateConfig cannot be given for variant AllTraffic"):
        serverless.resize(ServerlessUpdateConfig={"MaxConcurrency": 2})
    serverless.client.delete_endpoint(EndpointName="churn")
    serverless.cloud.clock.advance(1)
    serverless.create()
    with refused("ValidationException", "DeploymentConfig is not supported for serverless endpoints"):
        update(EndpointName="churn", EndpointConfigName="b", DeploymentConfig=policy)
    for wrong in ({"DesiredInstanceCount": 2}, {"ServerlessUpdateConfig": {"ProvisionedConcurrency": 6}}):
        with refused("ValidationException"):
            serverless.resize(**wrong)
    update(EndpointName="churn", EndpointConfigName="instances")  # the other way is allowed
    assert serverless.in_service()["CurrentInstanceCount"] == 1
