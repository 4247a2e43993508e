"""SageMaker of a cloud whose jobs and models run in containers, as tests use it."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from collections.abc import Callable
from typing import Any

from support.roles import create_role

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
CODE = "/opt/ml/processing/code"
HANDLER = """
import json, os, socket, ssl, urllib.request
MEMORY = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"
CREDENTIALS = "AWS4-HMAC-SHA256 Credential={}/20260101/eu-west-1/sts/aws4_request, SignedHeaders=host, Signature=0"

def model_fn(folder):
    print("loaded in a container:", os.path.exists("/.dockerenv"), flush=True)
    return os.environ["WORD"]

def reach(url, data=None):
    try:
        key, token = (os.environ.get(name, "") for name in ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"))
        headers = {"Authorization": CREDENTIALS.format(key), "X-Amz-Security-Token": token} if data else {}
        request = urllib.request.Request(url, data, headers)
        context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
        return urllib.request.urlopen(request, timeout=5, context=context).read().decode()
    except OSError as error:
        return str(error)

def input_fn(body, content_type):
    return body

def predict_fn(data, model):
    if "{" in data:  # another URL to look for
        endpoint, caller = os.environ.get("AWS_ENDPOINT_URL"), b"Action=GetCallerIdentity&Version=2011-06-15"
        return json.dumps({
            "endpoint": reach(f"{endpoint}/_localcloud/status") if endpoint else "none",
            "proxy": reach("https://sts.eu-west-1.amazonaws.com/", caller),
            "other": reach(json.loads(data)["url"]),
            "memory": [open(path).read().strip() for path in MEMORY if os.path.exists(path)],
        })
    return f"{model}{data.strip()}@{os.path.exists('/.dockerenv')}"

def output_fn(prediction, accept):
    return prediction
"""


class SageMaker:
    def __init__(self, cloud: Any, image: str = "image") -> None:
        self.cloud, self.client, self.image = cloud, cloud.client("sagemaker"), image
        self.s3 = cloud.client("s3")
        self.s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
        create_role(cloud.client("iam"), "churn-dev", "sagemaker.amazonaws.com", ("*",))

    def train(self, script: str = "", instances: int = 1, *, isolated: bool = False) -> dict[str, Any]:
        """Without a script by the image's own entrypoint."""
        self._put_script(script)
        entrypoint = {"ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/script.py"]} if script else {}
        code = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/code"}}
        self.client.create_training_job(
            TrainingJobName="job",
            RoleArn=ROLE,
            InputDataConfig=[{"ChannelName": "code", "DataSource": code}],
            AlgorithmSpecification={"TrainingImage": self.image, "TrainingInputMode": "File", **entrypoint},
            OutputDataConfig={"S3OutputPath": "s3://bucket/out"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
            EnableNetworkIsolation=isolated,
        )
        return self._wait(lambda: self.client.describe_training_job(TrainingJobName="job"), "TrainingJobStatus")

    def process(self, script: str) -> dict[str, Any]:
        self.start_processing(script)
        return self.wait_processing()

    def start_processing(self, script: str, **application: Any) -> None:
        self._put_script(script)
        entrypoint = {"ContainerEntrypoint": ["python3", f"{CODE}/script.py"]}
        code = {"S3Uri": "s3://bucket/code", "LocalPath": CODE, "S3DataType": "S3Prefix", "S3InputMode": "File"}
        cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        self.client.create_processing_job(
            ProcessingJobName="job",
            RoleArn=ROLE,
            AppSpecification={"ImageUri": self.image, **(application or entrypoint)},
            ProcessingInputs=[{"InputName": "code", "S3Input": code}],
            ProcessingResources={"ClusterConfig": cluster},
        )

    def wait_processing(self) -> dict[str, Any]:
        return self._wait(lambda: self.client.describe_processing_job(ProcessingJobName="job"), "ProcessingJobStatus")

    def _put_script(self, script: str) -> None:
        self.s3.put_object(Bucket="bucket", Key="code/script.py", Body=script.encode())

    def transform(self) -> dict[str, Any]:
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}
        self.s3.put_object(Bucket="bucket", Key="in/a.csv", Body=b"5")
        self.client.create_transform_job(
            TransformJobName="job",
            ModelName="model",
            TransformInput={"DataSource": source, "ContentType": "text/csv"},
            TransformOutput={"S3OutputPath": "s3://bucket/out"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
        return self._wait(lambda: self.client.describe_transform_job(TransformJobName="job"), "TransformJobStatus")

    def create_model(self, *, isolated: bool = False) -> None:
        packed, code = io.BytesIO(), HANDLER.encode()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            member = tarfile.TarInfo("code/inference.py")
            member.size = len(code)
            archive.addfile(member, io.BytesIO(code))
        self.s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=packed.getvalue())
        container = {"Image": self.image, "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": {"WORD": "word:"}}
        request = {"ModelName": "model", "ExecutionRoleArn": ROLE, "EnableNetworkIsolation": isolated}
        self.client.create_model(PrimaryContainer=container, **request)

    def create_endpoint(self, name: str = "endpoint", model: str = "model") -> dict[str, Any]:
        variant = {"VariantName": "one", "ModelName": model, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        self.client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        self.client.create_endpoint(EndpointName=name, EndpointConfigName=name)
        return self.wait_endpoint(name)

    def wait_endpoint(self, name: str) -> dict[str, Any]:
        return self._wait(lambda: self.client.describe_endpoint(EndpointName=name), "EndpointStatus")

    def logs(self, kind: str) -> str:
        logs, group = self.cloud.client("logs"), f"/aws/sagemaker/{kind}"
        self.cloud.logs.flush()
        return "\n".join(event["message"] for event in logs.filter_log_events(logGroupName=group)["events"])

    def _wait(self, describe: Callable[[], dict[str, Any]], status: str) -> dict[str, Any]:
        deadline = time.monotonic() + 120
        while (described := describe())[status] in ("InProgress", "Stopping", "Creating", "Updating"):
            assert time.monotonic() < deadline, described
            time.sleep(0.1)
        return described


def running(cloud: Any) -> set[str]:
    """The containers that have a folder of this cloud; other tests run beside these."""
    words = ["docker", "ps", "--all", "--no-trunc", "--format", "{{.Names}} {{.Mounts}}"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[0] for line in listed if str(cloud.folder.resolve()) in line}
