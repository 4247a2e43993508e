"""With localcloud's SageMaker and fake fleets."""

import pytest

from localcloud.services.autoscaling.service import AutoScaling
from localcloud.services.cloudwatch.service import CloudWatch
from localcloud.services.sagemaker.hosting.serverless_fleet import ServerlessFleet
from localcloud.services.sagemaker.service import SageMaker

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
NAMED = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/churn/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


class InstantFleet:
    def __init__(self, variant=None, **more):
        self.variant, self.size, self.variant_name = variant, 0, "AllTraffic"

    def start(self, count, done):
        self.size += count
        done("")

    def shrink(self, count):
        assert 0 < count <= self.size
        self.size -= count

    def stop(self):
        self.size = 0


class InstantServerlessFleet(ServerlessFleet):
    def __init__(self, variant=None, **more):
        self.variant_name = "AllTraffic"

    def start(self, count, done):
        done("")

    def resize(self, update, done):
        done("")

    def stop(self):
        pass


@pytest.fixture
def services():
    return [SageMaker, CloudWatch, AutoScaling]


@pytest.fixture
def sagemaker(cloud):
    """An endpoint of two instances, and configs "a" and, on another instance type, "b"."""
    cloud.services["sagemaker"].endpoints.new_fleet = InstantFleet
    s3, client = cloud.client("s3"), cloud.client("sagemaker")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=b"x")
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}
    client.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "AllTraffic", "ModelName": "m", "InitialInstanceCount": 2}
    for name, kind in (("a", "ml.m5.large"), ("b", "ml.c5.large")):
        client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{**variant, "InstanceType": kind}])
    client.create_endpoint(EndpointName="churn", EndpointConfigName="a")
    cloud.clock.advance(600)
    assert client.describe_endpoint(EndpointName="churn")["EndpointStatus"] == "InService"
    return client


def instances(sagemaker):
    (variant,) = sagemaker.describe_endpoint(EndpointName="churn")["ProductionVariants"]
    return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]


def test_traffic_scales_a_real_endpoint(cloud, sagemaker, scaling, target, tracking, minutes, activities):
    target(1, 6)
    tracking()
    minutes(6, 240)
    assert instances(sagemaker) == (5, 5)
    assert activities()[0]["StatusCode"] == "Successful"
    minutes(22, 10)
    assert instances(sagemaker) == (1, 1)


def test_scaling_waits_for_an_update_of_the_endpoint(cloud, sagemaker, target, tracking, minutes, activities):
    target(1, 6)
    tracking()
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 600}
    sagemaker.update_endpoint(
        EndpointName="churn", EndpointConfigName="a", DeploymentConfig={"BlueGreenUpdatePolicy": policy}
    )
    minutes(6, 240)
    assert instances(sagemaker)[1] == 2
    assert "Cannot update in-progress endpoint" in activities()[0]["StatusMessage"]
    minutes(30, 240)
    assert instances(sagemaker)[1] > 2


def test_another_instance_type_requires_deregistering(cloud, sagemaker, scaling, target, refused):
    target()
    update = {"EndpointName": "churn", "EndpointConfigName": "b"}
    assert "must be deregistered" in refused(sagemaker.update_endpoint, "ValidationException", **update)
    sagemaker.update_endpoint(EndpointName="churn", EndpointConfigName="a")
    cloud.clock.advance(3600)
    scaling.deregister_scalable_target(**NAMED)
    sagemaker.update_endpoint(**update)


CONCURRENCY = {**NAMED, "ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"}


@pytest.fixture
def serverless(cloud, sagemaker):
    """Returns the provisioned concurrency of an endpoint that may have up to 6."""
    cloud.services["sagemaker"].endpoints.new_fleet = InstantServerlessFleet
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 6, "ProvisionedConcurrency": 2}
    variant = {"VariantName": "AllTraffic", "ModelName": "m", "ServerlessConfig": config}
    sagemaker.create_endpoint_config(EndpointConfigName="serverless", ProductionVariants=[variant])
    sagemaker.delete_endpoint(EndpointName="churn")
    cloud.clock.advance(10)
    sagemaker.create_endpoint(EndpointName="churn", EndpointConfigName="serverless")

    def provisioned():
        (variant,) = sagemaker.describe_endpoint(EndpointName="churn")["ProductionVariants"]
        return variant["CurrentServerlessConfig"]["ProvisionedConcurrency"]

    return provisioned


def track(scaling, target=0.7, metric="SageMakerVariantProvisionedConcurrencyUtilization"):
    tracking = {"TargetValue": target, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}}
    more = {"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": tracking}
    return scaling.put_scaling_policy(**CONCURRENCY, PolicyName="use", **more)


def test_use_scales_provisioned_concurrency(cloud, serverless, scaling):
    scaling.register_scalable_target(**CONCURRENCY, MinCapacity=1, MaxCapacity=6)
    track(scaling)
    [target] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert target["ScalableDimension"] == CONCURRENCY["ScalableDimension"]

    def minutes(count, use):
        for _ in range(count):
            dimensions = {"EndpointName": "churn", "VariantName": "AllTraffic"}
            cloud.metric("AWS/SageMaker", "ServerlessProvisionedConcurrencyUtilization", use, dimensions)
            cloud.services["cloudwatch"].settle()
            cloud.clock.advance(60)
            cloud.services["cloudwatch"].settle()

    minutes(5, 1.0)
    assert serverless() == 3  # 2 * 1.0 / 0.7
    minutes(20, 0.2)
    assert serverless() == 1
    [newest, *_] = scaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    assert newest["Description"] == "Setting desired provisioned concurrency to 1."
    assert newest["StatusCode"] == "Successful"


def test_a_variant_has_either_dimension(serverless, scaling, refused):
    no_instances = {**NAMED, "MinCapacity": 1, "MaxCapacity": 2}
    assert "no variant AllTraffic with instances" in refused(
        scaling.register_scalable_target, "ValidationException", **no_instances
    )
    scaling.register_scalable_target(**CONCURRENCY, MinCapacity=3, MaxCapacity=6)
    assert serverless() == 3  # as its limits require
    with pytest.raises(scaling.exceptions.ValidationException, match="cannot be used with the dimension"):
        track(scaling, metric="SageMakerVariantInvocationsPerInstance")
    with pytest.raises(scaling.exceptions.ObjectNotFoundException):
        scaling.deregister_scalable_target(**NAMED)
    scaling.deregister_scalable_target(**CONCURRENCY)
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_without_provisioned_concurrency_there_is_nothing_to_scale(sagemaker, scaling, refused):
    request = {**CONCURRENCY, "MinCapacity": 1, "MaxCapacity": 2}
    message = refused(scaling.register_scalable_target, "ValidationException", **request)
    assert "no variant AllTraffic with provisioned concurrency" in message
