"""Jobs on a full disk, and jobs that fill it, fail with the sentence as their reason."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.full_disk
ROLE = "arn:aws:iam::000000000000:role/churn-dev"
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
HANDLER = b"""
def model_fn(folder):
    return folder

def transform_fn(model, body, content_type, accept):
    return body, accept
"""
FILL = "head -c 99M /dev/zero > /opt/ml/filler"


def archive(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as target:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def run(cloud: Any, s3: Any, eventually: Any) -> Callable[..., dict[str, Any]]:
    """Runs a processing job and returns it when it has ended."""
    client = cloud.client("sagemaker")

    def job(script: str, name: str = "job", **more: Any) -> dict[str, Any]:
        application = {"ImageUri": "image", "ContainerEntrypoint": ["/bin/bash", "-c", script]}
        resources = {"ProcessingResources": {"ClusterConfig": CLUSTER}, "RoleArn": ROLE}
        client.create_processing_job(ProcessingJobName=name, AppSpecification=application, **resources, **more)
        describe = lambda: client.describe_processing_job(ProcessingJobName=name)  # noqa: E731
        eventually(lambda: describe()["ProcessingJobStatus"] in ("Completed", "Failed"))
        return describe()

    return job


@pytest.mark.parametrize("free", [15, 2, 0])
def test_a_job_does_not_start_on_a_full_disk(disk: Any, run: Any, is_sentence: Any, free: int) -> None:
    disk.fill(free)
    assert is_sentence(run("true")["FailureReason"])
    disk.empty()
    assert run("true", "again")["ProcessingJobStatus"] == "Completed"


def test_a_job_that_fills_the_disk_fails_for_that_reason(disk: Any, run: Any, is_sentence: Any) -> None:
    before = disk.free
    assert is_sentence(run(FILL)["FailureReason"])
    assert disk.free > before - 1
    assert run("true", "again")["ProcessingJobStatus"] == "Completed"


def test_a_job_that_cleans_up_after_it_has_filled_the_disk(disk: Any, run: Any) -> None:
    job = run(f"errors=$({FILL.replace('>', '2>&1 >')}); rm /opt/ml/filler; echo $errors; exit 1")
    assert '"No space left on device" is in its log: free some space' in job["FailureReason"]


def test_a_job_whose_log_fills_the_disk_does_not_hang(disk: Any, run: Any, cloud: Any) -> None:
    """It writes no file of its own, and ends well; all of its output is in CloudWatch."""
    job = run("head -c 70M /dev/zero | tr '\\0' x | fold -w 1000; echo; echo the end")
    assert job["ProcessingJobStatus"] == "Completed"
    assert cloud.logs.flush(60)
    group = "/aws/sagemaker/ProcessingJobs"
    logs = cloud.client("logs")
    [stream] = logs.describe_log_streams(logGroupName=group)["logStreams"]
    last = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], limit=1)["events"]
    assert [event["message"] for event in last] == ["the end"]


def test_an_input_that_is_larger_than_the_disk(disk: Any, run: Any, s3: Any, is_sentence: Any) -> None:
    for number in range(8):  # objects that localcloud has in memory
        s3.put_object(Bucket="bucket", Key=f"in/{number}", Body=bytes(4 << 20))
    source = {"S3Uri": "s3://bucket/in", "LocalPath": "/opt/ml/in", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    disk.fill(25)
    job = run("true", ProcessingInputs=[{"InputName": "in", "S3Input": source}])
    assert is_sentence(job["FailureReason"])
    disk.empty()


@pytest.fixture
def model(cloud: Any, s3: Any) -> str:
    content = {"code/inference.py": HANDLER, "weights": bytes(30 << 20)}
    s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=archive(content))
    s3.put_object(Bucket="bucket", Key="in/a.csv", Body=b"1\n")
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}
    cloud.client("sagemaker").create_model(ModelName="model", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    return "model"


@pytest.mark.parametrize("free", [40, 25, 10, 0])  # 40: while it runs; 25: while the model is unpacked
def test_a_transform_job(disk: Any, cloud: Any, model: str, eventually: Any, is_sentence: Any, free: int) -> None:
    client = cloud.client("sagemaker")
    source = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}}

    def transform(name: str) -> dict[str, Any]:
        client.create_transform_job(
            TransformJobName=name,
            ModelName=model,
            TransformInput=source | {"ContentType": "text/csv"},
            TransformOutput={"S3OutputPath": "s3://bucket/out"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
        describe = lambda: client.describe_transform_job(TransformJobName=name)  # noqa: E731
        eventually(lambda: describe()["TransformJobStatus"] in ("Completed", "Failed"))
        return describe()

    disk.fill(free)
    job = transform("job")
    if free == 40:  # there is just space for it
        assert job["TransformJobStatus"] == "Completed"
        return
    assert is_sentence(job["FailureReason"])
    assert not list(Path(cloud.folder).rglob("weights"))
    disk.empty()
    assert transform("again").get("FailureReason") is None


@pytest.mark.parametrize("free", [25, 10, 0])  # 25: while the model is unpacked
def test_an_endpoint(disk: Any, cloud: Any, model: str, eventually: Any, is_sentence: Any, free: int) -> None:
    client, runtime = cloud.client("sagemaker"), cloud.client("sagemaker-runtime")
    variant = {"VariantName": "AllTraffic", "ModelName": model, "InstanceType": "ml.m5.large"}
    client.create_endpoint_config(EndpointConfigName="a", ProductionVariants=[{**variant, "InitialInstanceCount": 1}])

    def create(name: str) -> dict[str, Any]:
        client.create_endpoint(EndpointName=name, EndpointConfigName="a")
        describe = lambda: client.describe_endpoint(EndpointName=name)  # noqa: E731
        eventually(lambda: describe()["EndpointStatus"] in ("InService", "Failed"))
        return describe()

    disk.fill(free)
    assert is_sentence(create("full")["FailureReason"])
    eventually(lambda: not list(Path(cloud.folder).rglob("weights")))
    disk.empty()
    assert create("again").get("FailureReason") is None
    disk.fill()  # which serves all the same
    response = runtime.invoke_endpoint(EndpointName="again", ContentType="text/csv", Body=b"1")
    assert response["Body"].read() == b"1"


def test_captured_data_that_has_no_space_is_reported(
    disk: Any, cloud: Any, model: str, eventually: Any, is_sentence: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client, runtime = cloud.client("sagemaker"), cloud.client("sagemaker-runtime")
    variant = {"VariantName": "AllTraffic", "ModelName": model, "InstanceType": "ml.m5.large"}
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://bucket/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    variants = [{**variant, "InitialInstanceCount": 1}]
    client.create_endpoint_config(EndpointConfigName="a", ProductionVariants=variants, DataCaptureConfig=capture)
    client.create_endpoint(EndpointName="full", EndpointConfigName="a")
    eventually(lambda: client.describe_endpoint(EndpointName="full")["EndpointStatus"] == "InService")
    disk.fill()
    runtime.invoke_endpoint(EndpointName="full", ContentType="text/csv", Body=b"1" * 400_000)
    runtime.invoke_endpoint(EndpointName="full", ContentType="text/csv", Body=b"1" * 400_000)
    client.delete_endpoint(EndpointName="full")
    eventually(lambda: "2 captured requests are dropped" in caplog.text)
    assert is_sentence(next(each.getMessage() for each in caplog.records if "dropped" in each.getMessage()))
