"""A cloud that runs jobs, and short requests whose script is a line of Python or shell."""

import json
import time

import pytest

from localcloud.runtime.jobs.images import Image

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
OVER = ("Completed", "Failed", "Stopped")


@pytest.fixture
def services():
    from localcloud.services.sagemaker.service import SageMaker

    return [SageMaker]


def shell(script):
    """AWS takes no argument of several lines."""
    return ["/bin/bash", "-c", "; ".join(line.strip() for line in script.splitlines() if line.strip()) or "true"]


class Jobs:
    """What these tests do with jobs, over the API."""

    def __init__(self, cloud, aws):
        self.cloud, self.s3, self.client = cloud, aws("s3"), aws("sagemaker")
        cloud.images.replace([Image("*")])
        self.service = cloud.services["sagemaker"]
        self.service.job_runner.grace_seconds = 30.0  # enough for a script that handles SIGTERM
        self.end_calls = []
        self.service.jobs.on_end(lambda *job: self.end_calls.append(job))
        self.s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def put(self, key, body=b"x"):
        self.s3.put_object(Bucket="bucket", Key=key, Body=body)

    def get(self, key):
        return self.s3.get_object(Bucket="bucket", Key=key)["Body"].read()

    def keys(self, prefix=""):
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket="bucket", Prefix=prefix).get("Contents", [])]

    def processing(self, script, name="job", instances=1, **more):
        cluster = {"InstanceCount": instances, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        request = {
            "ProcessingJobName": name,
            "RoleArn": ROLE,
            "ProcessingResources": {"ClusterConfig": cluster},
            "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": shell(script)},
            **more,
        }
        return self.client.create_processing_job(**request)["ProcessingJobArn"]

    def training(self, script, name="job", instances=1, metrics=(), **more):
        resources = {"InstanceCount": instances, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        algorithm = {
            "TrainingImage": "image",
            "TrainingInputMode": "File",
            "ContainerEntrypoint": shell(script),
            "MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in metrics],
        }
        request = {
            "TrainingJobName": name,
            "RoleArn": ROLE,
            "AlgorithmSpecification": algorithm,
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
            "ResourceConfig": resources,
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **more,
        }
        return self.client.create_training_job(**request)["TrainingJobArn"]

    def source(self, name, uri, **more):
        place = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{name}", "S3DataType": "S3Prefix", **more}
        return {"InputName": name, "S3Input": {"S3InputMode": "File", **place}}

    def target(self, name, mode="EndOfJob"):
        place = {"S3Uri": f"s3://bucket/{name}", "LocalPath": f"/opt/ml/processing/{name}", "S3UploadMode": mode}
        return {"Outputs": [{"OutputName": name, "S3Output": place}]}

    def channel(self, name, uri, **more):
        return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri, **more}}}

    def job(self, kind="Processing", name="job"):
        return getattr(self.client, f"describe_{kind.lower()}_job")(**{f"{kind}JobName": name})

    def over(self, kind="Processing", name="job"):
        self.until(lambda: self.job(kind, name)[f"{kind}JobStatus"] in OVER)
        return self.job(kind, name)

    def until(self, true, seconds=60):
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it took too long"
            time.sleep(0.02)

    def lines(self, kind="Processing", name="job"):
        """Of its log streams so far, by the name of the stream without its time."""
        self.cloud.logs.flush()
        logs, group = self.cloud.client("logs"), f"/aws/sagemaker/{kind}Jobs"
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
        read = {}
        for stream in streams:
            events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
            read[stream["logStreamName"].rpartition("-")[0]] = [event["message"] for event in events]
        return read

    def wait_for_line(self, line, kind="Processing", name="job"):
        """Waits until a running job has printed this."""

        def printed():
            try:
                return any(line in lines for lines in self.lines(kind, name).values())
            except self.cloud.client("logs").exceptions.ResourceNotFoundException:
                return False

        self.until(printed)

    def events(self, kind="Processing"):
        detail_type = f"SageMaker {kind} Job State Change"
        return [event for event in self.cloud.events.recent if event["detail-type"] == detail_type]

    def manifest(self, key, *names, prefix="s3://bucket/"):
        self.put(key, json.dumps([{"prefix": prefix}, *names]).encode())


@pytest.fixture
def jobs(cloud, aws):
    return Jobs(cloud, aws)
