"""Jobs, transforms and endpoints in containers of JOB_IMAGE, which `make test-docker` sets."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.core.clock import Clock
from localcloud.runtime.jobs import containers
from localcloud.server.composition import compose
from localcloud.server.listening import listening
from localcloud.services.sagemaker import service as sagemaker_service

pytestmark = pytest.mark.docker
ROLE = "arn:aws:iam::000000000000:role/churn-dev"
CODE = "/opt/ml/processing/code"
HANDLER = """
import os, socket

def model_fn(folder):
    print("loaded in a container:", os.path.exists("/.dockerenv"), flush=True)
    return os.environ["WORD"]

def input_fn(body, content_type):
    return body

def predict_fn(data, model):
    return f"{model}{data.strip()}@{os.path.exists('/.dockerenv')}"

def output_fn(prediction, accept):
    return prediction
"""
# algo-1 sends a word to every other host, by its name.
TALK = """
import json, os, socket, sys
config = json.load(open("/opt/ml/input/config/resourceconfig.json"))
host, hosts = config["current_host"], config["hosts"]
assert socket.gethostname() == host
if host == hosts[0]:
    server = socket.create_server((socket.gethostbyname(host), 47111))
    for _ in hosts[1:]:
        server.accept()[0].sendall(b"hello from " + host.encode())
else:
    while True:
        try:
            connection = socket.create_connection((hosts[0], 47111), timeout=20)
            break
        except ConnectionRefusedError:
            pass
    print(host, "received", connection.recv(100).decode())
"""
PROXY = """
import os, ssl, urllib.request
body = b"Action=GetCallerIdentity&Version=2011-06-15"
context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
credentials = "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/sts/aws4_request, SignedHeaders=host, Signature=0"
request = urllib.request.Request("https://sts.eu-west-1.amazonaws.com/", body, {"Authorization": credentials})
print(urllib.request.urlopen(request, context=context).read().decode())
"""
LIMITS = """
import os
paths = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"
print("memory", *[open(path).read().strip() for path in paths if os.path.exists(path)])
shared = os.statvfs("/dev/shm")
print("shared", shared.f_blocks * shared.f_frsize)
"""


class SageMaker:
    def __init__(self, cloud: Any) -> None:
        self.cloud, self.client = cloud, cloud.client("sagemaker")
        self.s3 = cloud.client("s3")
        self.s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
        document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        document += '"Principal":{"Service":"sagemaker.amazonaws.com"}}]}'
        cloud.client("iam").create_role(RoleName="churn-dev", AssumeRolePolicyDocument=document)

    def train(self, script: str = "", instances: int = 1, *, isolated: bool = False) -> dict[str, Any]:
        """Without a script by the image's own entrypoint."""
        self._put_script(script)
        entrypoint = {"ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/script.py"]} if script else {}
        code = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/code"}}
        self.client.create_training_job(
            TrainingJobName="job",
            RoleArn=ROLE,
            InputDataConfig=[{"ChannelName": "code", "DataSource": code}],
            AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File", **entrypoint},
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
            AppSpecification={"ImageUri": "image", **(application or entrypoint)},
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

    def create_model(self) -> None:
        packed, code = io.BytesIO(), HANDLER.encode()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            member = tarfile.TarInfo("code/inference.py")
            member.size = len(code)
            archive.addfile(member, io.BytesIO(code))
        self.s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=packed.getvalue())
        container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": {"WORD": "word:"}}
        self.client.create_model(ModelName="model", ExecutionRoleArn=ROLE, PrimaryContainer=container)

    def create_endpoint(self) -> dict[str, Any]:
        variant = {"VariantName": "one", "ModelName": "model", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        self.client.create_endpoint_config(EndpointConfigName="config", ProductionVariants=[variant])
        self.client.create_endpoint(EndpointName="endpoint", EndpointConfigName="config")
        return self._wait(lambda: self.client.describe_endpoint(EndpointName="endpoint"), "EndpointStatus")

    def logs(self, kind: str) -> str:
        logs, group = self.cloud.client("logs"), f"/aws/sagemaker/{kind}"
        self.cloud.logs.flush()
        return "\n".join(event["message"] for event in logs.filter_log_events(logGroupName=group)["events"])

    def _wait(self, describe: Callable[[], dict[str, Any]], status: str) -> dict[str, Any]:
        deadline = time.monotonic() + 120
        while (described := describe())[status] in ("InProgress", "Stopping", "Creating"):
            assert time.monotonic() < deadline, described
            time.sleep(0.1)
        return described


@pytest.fixture
def sagemaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SageMaker]:
    """No container is left when its cloud has ended."""
    monkeypatch.setenv(containers.SWITCH, os.environ["JOB_IMAGE"])
    cloud = compose(tmp_path, clock=Clock(1.0))
    with listening(cloud, 0, with_proxy=True):
        yield SageMaker(cloud)
    assert not running()


def running() -> set[str]:
    listed = subprocess.run(
        ["docker", "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    )
    prefixes = ("localcloud-job-", "localcloud-model-")  # other tests run beside these
    return {name for name in listed.stdout.split() if name.startswith(prefixes)}


def test_a_training_job_without_entrypoint_runs_the_images_own(sagemaker: SageMaker) -> None:
    job = sagemaker.train()
    assert job["TrainingJobStatus"] == "Completed", (job, sagemaker.logs("TrainingJobs"))
    assert "the image's own entrypoint: train" in sagemaker.logs("TrainingJobs")
    content = sagemaker.s3.get_object(Bucket="bucket", Key="out/job/output/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert archive.getnames() == ["weights"]


def test_a_processing_job_without_entrypoint_gives_the_image_its_arguments(sagemaker: SageMaker) -> None:
    sagemaker.start_processing("", ContainerArguments=["python3", "-c", "print('arguments only')"])
    job = sagemaker.wait_processing()
    assert job["ProcessingJobStatus"] == "Completed", (job, sagemaker.logs("ProcessingJobs"))
    assert "arguments only" in sagemaker.logs("ProcessingJobs")


@pytest.mark.parametrize("isolated", [False, True], ids=("open", "isolated"))
def test_hosts_of_a_job_reach_each_other_by_name(sagemaker: SageMaker, isolated: bool) -> None:
    job = sagemaker.train(TALK, instances=3, isolated=isolated)
    log = sagemaker.logs("TrainingJobs")
    assert job["TrainingJobStatus"] == "Completed", (job, log)
    assert {"algo-2 received hello from algo-1", "algo-3 received hello from algo-1"} <= set(log.splitlines())
    networks = subprocess.run(["docker", "network", "ls"], capture_output=True, text=True, check=True).stdout
    assert "localcloud" not in networks


def test_a_job_has_its_instances_memory_and_shared_memory(sagemaker: SageMaker) -> None:
    sagemaker.process(LIMITS)
    lines = sagemaker.logs("ProcessingJobs").splitlines()
    assert {f"memory {8 << 30}", f"shared {1 << 30}"} <= set(lines), lines


def test_a_job_reaches_hosts_of_aws_through_the_proxy(sagemaker: SageMaker) -> None:
    job = sagemaker.process(PROXY)
    assert job["ProcessingJobStatus"] == "Completed", (job, sagemaker.logs("ProcessingJobs"))
    assert "<Account>000000000000</Account>" in sagemaker.logs("ProcessingJobs")


def test_a_stopped_job_leaves_no_container(sagemaker: SageMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even one whose program ignores SIGTERM, as the first process of a container does by default."""
    monkeypatch.setattr(sagemaker.cloud.service(sagemaker_service.SageMaker).job_runner, "grace_seconds", 1.0)
    sagemaker.start_processing("import time; time.sleep(100)")
    deadline = time.monotonic() + 30
    while not running():
        assert time.monotonic() < deadline
    sagemaker.client.stop_processing_job(ProcessingJobName="job")
    assert sagemaker.wait_processing()["ProcessingJobStatus"] == "Stopped"
    assert not running()


def test_an_endpoint_serves_from_a_container(sagemaker: SageMaker) -> None:
    sagemaker.create_model()
    endpoint = sagemaker.create_endpoint()
    assert endpoint["EndpointStatus"] == "InService", endpoint
    runtime = sagemaker.cloud.client("sagemaker-runtime")
    response = runtime.invoke_endpoint(EndpointName="endpoint", Body=b"1", ContentType="text/csv")
    assert response["Body"].read() == b"word:1@True"
    assert "loaded in a container: True" in sagemaker.logs("Endpoints/endpoint")
    (process,) = sagemaker.cloud.processes.all()
    assert {process.container} == running()  # it ends even if the server is killed


def test_a_transform_job_runs_in_a_container(sagemaker: SageMaker) -> None:
    sagemaker.create_model()
    job = sagemaker.transform()
    assert job["TransformJobStatus"] == "Completed", (job, sagemaker.logs("TransformJobs"))
    assert sagemaker.s3.get_object(Bucket="bucket", Key="out/a.csv.out")["Body"].read() == b"word:5@True"


def test_files_of_a_containers_root_become_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = os.getuid() or 12345  # root looks on as if it were a user
    monkeypatch.setattr("os.getuid", lambda: user)
    write = ["--entrypoint", "sh", os.environ["JOB_IMAGE"], "-c", "mkdir /opt/ml/a && echo 1 > /opt/ml/a/b"]
    subprocess.run(["docker", "run", "--rm", "--volume", f"{tmp_path}:/opt/ml", *write], check=True)
    assert (tmp_path / "a/b").stat().st_uid != user
    containers.take_ownership(tmp_path, os.environ["JOB_IMAGE"])
    assert {(tmp_path / name).stat().st_uid for name in ("a", "a/b")} == {user}
