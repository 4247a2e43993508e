"""Jobs, transforms and endpoints in containers."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from support.containers import SageMaker, running

from localcloud.runtime.jobs import containers, engine
from localcloud.services.sagemaker import service as sagemaker_service

pytestmark = pytest.mark.docker
NETWORK = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}"
# algo-1 sends a word to every other host, by its name.
TALK = """
import fcntl, json, os, socket, struct, sys
config = json.load(open("/opt/ml/input/config/resourceconfig.json"))
host, hosts = config["current_host"], config["hosts"]
assert socket.gethostname() == host
name = config["network_interface_name"].encode()
with socket.socket() as probe:  # SIOCGIFADDR
    address = socket.inet_ntoa(fcntl.ioctl(probe, 0x8915, struct.pack("256s", name))[20:24])
own = socket.gethostbyname(host)
assert own == address or own.startswith("127.") and address.startswith("127."), (name, address, own)
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
    while not running(sagemaker.cloud):
        assert time.monotonic() < deadline
    sagemaker.client.stop_processing_job(ProcessingJobName="job")
    assert sagemaker.wait_processing()["ProcessingJobStatus"] == "Stopped"
    assert not running(sagemaker.cloud)


def test_an_endpoint_serves_from_a_container(sagemaker: SageMaker) -> None:
    sagemaker.create_model()
    endpoint = sagemaker.create_endpoint()
    assert endpoint["EndpointStatus"] == "InService", endpoint
    runtime = sagemaker.cloud.client("sagemaker-runtime")
    response = runtime.invoke_endpoint(EndpointName="endpoint", Body=b"1", ContentType="text/csv")
    assert response["Body"].read() == b"word:1@True"
    assert "loaded in a container: True" in sagemaker.logs("Endpoints/endpoint")
    (process,) = sagemaker.cloud.processes.all()
    assert {process.container} == running(sagemaker.cloud)  # it ends even if the server is killed


@pytest.mark.parametrize("isolated", [False, True], ids=("open", "isolated"))
def test_a_model_reaches_this_cloud_unless_it_is_isolated(sagemaker: SageMaker, isolated: bool) -> None:
    """And has its instance's memory. Isolated, it does not know where this cloud is, and could not reach it."""
    cloud = sagemaker.cloud
    sagemaker.create_model(isolated=isolated)
    endpoint = sagemaker.create_endpoint()
    assert endpoint["EndpointStatus"] == "InService", endpoint
    url = cloud.model_networks.variables(cloud.environment())["AWS_ENDPOINT_URL"]
    body = json.dumps({"url": f"{url}/_localcloud/status"})
    response = cloud.client("sagemaker-runtime").invoke_endpoint(EndpointName="endpoint", Body=body)
    found = json.loads(response["Body"].read())
    assert found["memory"] == [str(8 << 30)]
    here = {"endpoint": f'"url": "{cloud.url}"', "other": f'"url": "{cloud.url}"', "proxy": ":assumed-role/churn-dev/"}
    assert {name: text in found[name] for name, text in here.items()} == dict.fromkeys(here, not isolated), found
    assert (found["endpoint"] == "none") is isolated
    network = engine.output("inspect", "inspect", "--format", NETWORK, running(sagemaker.cloud).pop())
    assert network == f"{cloud.model_networks.name}{'-isolated' if isolated else ''}"
    assert engine.output("inspect", "network", "inspect", "--format", "{{.Internal}}", network) == str(isolated).lower()


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
