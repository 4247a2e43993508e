"""Endpoints with real processes behind them, as a client sees them during a deployment."""

from __future__ import annotations

import io
import tarfile
import time

import pytest

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
HANDLER = """
import os

def model_fn(folder):
    if os.environ.get("AT_START"):
        raise ValueError("no model.json")
    return os.environ["COLOUR"]

def input_fn(body, content_type):
    return body

def predict_fn(data, model):
    if os.environ.get("BROKEN"):
        raise ValueError("broken tree")
    return model

def output_fn(prediction, accept):
    return prediction, accept
"""


def archive():
    out, code = io.BytesIO(), HANDLER.encode()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(code)
        packed.addfile(member, io.BytesIO(code))
    return out.getvalue()


class Real:
    def __init__(self, cloud, aws):
        self.cloud, self.client, self.runtime, self.s3 = cloud, aws("sagemaker"), aws("sagemaker-runtime"), aws("s3")
        self.s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=archive())

    def config(self, name, count=2, key="model.tar.gz", **environment):
        container = {"Image": "image", "ModelDataUrl": f"s3://bucket/{key}"}
        container["Environment"] = {"COLOUR": name, **environment}
        self.client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.m5.large"}
        variants = [{**variant, "InitialInstanceCount": count}]
        self.client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)

    def create(self, name="a", count=2, **environment):
        self.config(name, count, **environment)
        self.client.create_endpoint(EndpointName="churn", EndpointConfigName=name)

    def update(self, name, policy=None):
        more = {"DeploymentConfig": policy} if policy else {}
        self.client.update_endpoint(EndpointName="churn", EndpointConfigName=name, **more)

    def endpoint(self):
        return self.client.describe_endpoint(EndpointName="churn")

    def until(self, status, stage=""):
        end = time.monotonic() + 60
        while True:
            endpoint = self.endpoint()
            pending = endpoint.get("PendingDeploymentSummary", {}).get("ProductionVariants", [{}])[0]
            stages = [each["Status"] for each in pending.get("VariantStatus", [])]
            if endpoint["EndpointStatus"] == status and (not stage or stage in stages):
                return endpoint
            assert time.monotonic() < end, endpoint
            time.sleep(0.02)

    def ask(self, times=8):
        """The colours of so many responses."""
        responses = [self.runtime.invoke_endpoint(EndpointName="churn", Body=b"row") for _ in range(times)]
        return [response["Body"].read().decode() for response in responses]

    def processes(self):
        return [process for process in self.cloud.processes.all() if process.alive]

    def until_processes(self, count):
        end = time.monotonic() + 60
        while len(self.processes()) != count:
            assert time.monotonic() < end, self.processes()
            time.sleep(0.02)


@pytest.fixture
def real(cloud, aws):
    return Real(cloud, aws)


def test_a_canary_gets_its_share_and_ships(cloud, real, configs):
    real.create()
    real.until("InService")
    assert real.ask(4) == ["a"] * 4
    real.config("b")
    policy = configs.blue_green("CANARY", CanarySize=configs.size(1))
    del policy["AutoRollbackConfiguration"]
    real.update("b", policy)
    real.until("Updating", "Baking")
    colours = real.ask(20)
    assert 9 <= colours.count("b") <= 11 and set(colours) == {"a", "b"}
    cloud.clock.advance(300)
    assert set(real.ask()) == {"b"} and len(real.processes()) == 4
    cloud.clock.advance(120)
    assert real.until("InService")["EndpointConfigName"] == "b"
    assert set(real.ask()) == {"b"}
    real.until_processes(2)


def test_rolling_goes_batch_by_batch(cloud, real, configs):
    real.create()
    real.until("InService")
    real.config("b")
    policy = configs.rolling()
    del policy["AutoRollbackConfiguration"]
    real.update("b", policy)
    real.until("Updating", "Baking")
    assert len(real.processes()) == 3 and set(real.ask()) == {"a", "b"}
    cloud.clock.advance(60)
    real.until("Updating", "Baking")
    assert set(real.ask()) == {"b"}
    cloud.clock.advance(60)
    assert real.until("InService")["EndpointConfigName"] == "b"
    real.until_processes(2)


def test_a_model_that_crashes_at_start_never_gets_traffic(real):
    real.create(count=1)
    real.until("InService")
    real.config("b", 1, AT_START="crash")
    real.update("b")
    endpoint = real.until("InService")
    assert endpoint["EndpointConfigName"] == "a"
    assert endpoint["FailureReason"].startswith(
        "The primary container for production variant AllTraffic did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )
    assert real.ask(4) == ["a"] * 4
    real.until_processes(1)


def test_a_corrupt_or_missing_archive_fails_the_creation(real):
    real.s3.put_object(Bucket="bucket", Key="corrupt", Body=b"not an archive")
    real.s3.put_object(Bucket="bucket", Key="gone", Body=archive())
    real.config("corrupt", key="corrupt")
    real.config("gone", key="gone")
    real.s3.delete_object(Bucket="bucket", Key="gone")
    for name, words in (("corrupt", "Failed to extract model data"), ("gone", "Failed to download model data")):
        real.client.create_endpoint(EndpointName=name, EndpointConfigName=name)
        end = time.monotonic() + 60
        while (endpoint := real.client.describe_endpoint(EndpointName=name))["EndpointStatus"] == "Creating":
            assert time.monotonic() < end
            time.sleep(0.02)
        assert endpoint["EndpointStatus"] == "Failed" and endpoint["FailureReason"].startswith(words)


def test_errors_of_the_new_fleet_alone_trip_its_alarm_and_bring_the_old_one_back(cloud, real, configs):
    real.create()
    real.until("InService")
    real.config("b", BROKEN="yes")
    dimensions = {"EndpointName": "churn", "VariantName": "AllTraffic", "EndpointConfigName": "b"}
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    real.update("b", configs.blue_green("CANARY", CanarySize=configs.size(1)))
    real.until("Updating", "Baking")
    failed = 0
    for _ in range(10):
        try:
            assert real.ask(1) == ["a"]
        except real.runtime.exceptions.ModelError:
            failed += 1
    assert 4 <= failed <= 6
    cloud.clock.advance(130)
    endpoint = real.until("InService")
    assert endpoint["EndpointConfigName"] == "a" and endpoint["FailureReason"].endswith("in ALARM: errors.")
    assert real.ask(6) == ["a"] * 6
    real.until_processes(2)


def test_deleting_midway_and_reset_leave_no_process(cloud, real, configs):
    real.create(count=1)
    real.until("InService")
    real.config("b", 1)
    policy = configs.blue_green("ALL_AT_ONCE")
    del policy["AutoRollbackConfiguration"]
    real.update("b", policy)
    real.until("Updating", "Baking")
    real.client.delete_endpoint(EndpointName="churn")
    real.until_processes(0)
    with pytest.raises(real.runtime.exceptions.ClientError, match="not found"):
        real.ask(1)
    cloud.clock.advance(1)
    real.client.create_endpoint(EndpointName="churn", EndpointConfigName="a")
    real.until("InService")
    cloud.reset()
    real.until_processes(0)


def test_more_instances_are_more_processes(real):
    real.create(count=1)
    real.until("InService")
    for count in (3, 1):
        desired = [{"VariantName": "AllTraffic", "DesiredInstanceCount": count}]
        real.client.update_endpoint_weights_and_capacities(EndpointName="churn", DesiredWeightsAndCapacities=desired)
        real.until("InService")
        real.until_processes(count)
        assert set(real.ask(6)) == {"a"}
