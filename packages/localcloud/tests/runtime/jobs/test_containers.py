"""``docker run`` of jobs and model servers, with a docker command that only records its arguments."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.runtime.jobs import containers, engine, training
from localcloud.runtime.jobs.containers import Network
from localcloud.runtime.jobs.images import Images
from localcloud.runtime.jobs.job import Job
from localcloud.runtime.jobs.model_container import Launcher, Machine, ModelContainer
from localcloud.runtime.jobs.model_networks import ModelNetworks
from localcloud.runtime.jobs.model_server import ModelServerError
from localcloud.runtime.jobs.runtimes import docker

Docker = Callable[[str], Callable[[], list[str]]]


@pytest.fixture
def fake_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """``fake_docker(script)`` puts one on the PATH; returns a function that reads its calls."""

    def create(script: str = "exit 0") -> Callable[[], list[str]]:
        file, calls = tmp_path / "bin/docker", tmp_path / "calls"
        file.parent.mkdir()
        file.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n{script}\n')
        file.chmod(0o755)
        monkeypatch.setenv("PATH", f"{file.parent}{os.pathsep}{os.environ['PATH']}")
        return lambda: calls.read_text().splitlines() if calls.exists() else []

    return create


def job(**values: object) -> Job:
    return Job("job", "training", "image", ("python3", "x.py"), "", 60, **values)  # type: ignore[arg-type]


def test_no_engine_and_no_image_are_one_sentence(fake_docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_docker('[ "$1 $2" != "image inspect" ]')
    assert containers.problem("") == containers.problem("1") == ""
    assert containers.problem("mine:1") == (
        "the image mine:1 is not on this machine: `docker pull` or `docker build` it first"
    )
    monkeypatch.setenv("PATH", "/nowhere")
    no_engine = "--docker needs a Docker engine, and none answers: start one, or leave --docker out"
    assert containers.problem("1") == containers.problem("mine:1") == no_engine
    assert containers.problem("") == ""


def test_no_two_containers_have_the_same_name(tmp_path: Path) -> None:
    names = {docker()(job(host=host), tmp_path).container for host in ("algo-1", "algo-1", "algo-2")}
    assert len(names) == 3
    assert all(name.startswith("localcloud-job-algo-") for name in names)


@pytest.mark.parametrize(
    ("instance_type", "memory", "cpus"),
    [
        ("ml.m5.large", "8192m", "2"),
        ("ml.m5.xlarge", "16384m", "4"),
        ("ml.c7i.2xlarge", "16384m", "8"),
        ("ml.r6g.4xlarge", "131072m", "16"),
        ("ml.m7i-flex.large", "8192m", "2"),
        ("ml.c4.xlarge", "7680m", "4"),
        ("ml.c4.8xlarge", "61440m", "36"),
        ("ml.t3.medium", "4096m", "2"),
        ("ml.t3.2xlarge", "32768m", "8"),
        ("ml.r5.24xlarge", "200000m", "40"),  # as much as the machine has
        ("ml.g5.xlarge", "", ""),
        ("local", "", ""),
    ],
)
def test_the_limits_are_those_of_the_instance_type_and_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance_type: str, memory: str, cpus: str
) -> None:
    monkeypatch.setattr(engine, "size", lambda: (40, 200_000 << 20))
    argv = docker()(job(instance_type=instance_type), tmp_path).argv
    assert (argv[argv.index("--memory") + 1] if "--memory" in argv else "") == memory
    assert (argv[argv.index("--cpus") + 1] if "--cpus" in argv else "") == cpus
    assert argv[argv.index("--shm-size") + 1] == "1g"


def test_the_proxy_and_its_certificate_are_passed(tmp_path: Path) -> None:
    variables = {"HTTPS_PROXY": "http://127.0.0.1:1", "AWS_CA_BUNDLE": "/here/ca.pem"}
    argv = docker(variables=variables)(job(), tmp_path).argv
    assert "HTTPS_PROXY=http://127.0.0.1:1" in argv
    assert "AWS_CA_BUNDLE=/etc/localcloud/ca.pem" in argv
    assert "/here/ca.pem:/etc/localcloud/ca.pem:ro" in argv
    isolated = docker(variables=variables)(job(isolated=True), tmp_path).argv
    assert not any("127.0.0.1" in word or "ca.pem" in word for word in isolated)


def test_an_image_has_its_own_entrypoint(tmp_path: Path) -> None:
    argv = docker()(job(image_entrypoint=True), tmp_path).argv
    assert "--entrypoint" not in argv
    assert argv[-3:] == ["image", "python3", "x.py"]


def test_hosts_have_addresses_on_this_machine(tmp_path: Path) -> None:
    argv = docker()(job(host="algo-2", hosts=("algo-1", "algo-2")), tmp_path).argv
    assert argv[argv.index("--network") + 1] == "host"
    assert argv[argv.index("--hostname") + 1] == "algo-2"
    assert {"--add-host=algo-1:127.0.0.1", "--add-host=algo-2:127.0.0.2"} <= set(argv)


@pytest.mark.parametrize(
    ("containers", "instances", "isolated", "interface"),
    [(True, 2, True, "eth0"), (True, 2, False, "lo"), (True, 1, True, "lo"), (False, 2, True, "lo")],
)
def test_hosts_know_the_interface_that_the_others_are_at(
    containers: bool, instances: int, isolated: bool, interface: str
) -> None:
    request = {
        "TrainingJobName": "job",
        "AlgorithmSpecification": {"TrainingImage": "image", "ContainerEntrypoint": ["x"]},
        "OutputDataConfig": {"S3OutputPath": "s3://bucket"},
        "ResourceConfig": {"InstanceCount": instances},
        "EnableNetworkIsolation": isolated,
    }
    for each in training.instances(request, containers=containers):
        config = json.loads(each.files["/opt/ml/input/config/resourceconfig.json"])
        assert config["network_interface_name"] == interface


def test_isolated_hosts_share_a_network_while_one_of_them_runs(fake_docker: Docker) -> None:
    calls = fake_docker("exit 0")
    first, second = (Network("net", host, ("algo-1", "algo-2"), isolated=True) for host in ("algo-1", "algo-2"))
    first.join()
    second.join()
    first.leave()
    assert calls() == ["network create --internal net"]
    second.leave()
    assert calls()[1:] == ["network rm net"]
    assert second.options == ["--network", "net", "--network-alias", "algo-2", "--hostname", "algo-2"]


def test_a_container_is_removed_until_it_is_gone(fake_docker: Docker, tmp_path: Path) -> None:
    """The engine refuses to remove one that it is just creating."""
    counted = f"echo >> {tmp_path}/count; [ $(wc -l < {tmp_path}/count) -lt 3 ]"  # the third inspection fails
    calls = fake_docker(f'if [ "$1" = rm ]; then exit 1; fi; {counted}')
    containers.remove("one")
    assert calls() == ["rm --force one", "container inspect one"] * 3


def test_files_of_others_become_the_users(fake_docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_docker("exit 0")
    folder = tmp_path / "opt/ml"
    folder.mkdir(parents=True)
    containers.take_ownership(folder, "image")
    assert calls() == []
    monkeypatch.setattr("os.getuid", lambda: 12345)
    containers.take_ownership(folder, "image")
    (call,) = calls()
    assert call.endswith(f"--volume {folder}:/owned --entrypoint chown image -R 12345:{os.getgid()} /owned")


def test_models_have_a_network_of_their_server(fake_docker: Docker, tmp_path: Path) -> None:
    calls = fake_docker('[ "$2" != inspect ]')
    networks = ModelNetworks(tmp_path)
    assert networks.isolated() == networks.isolated() == f"{networks.name}-isolated"
    assert [call for call in calls() if "create" in call] == [
        f"network create --opt com.docker.network.bridge.enable_icc=false --internal {networks.name}-isolated"
    ]
    assert ModelNetworks(tmp_path / "other").name != networks.name
    networks.close()
    assert calls()[-1] == f"network rm {networks.name}-isolated"


def test_an_isolated_model_has_no_published_port_and_no_variables_of_this_cloud(
    fake_docker: Docker, tmp_path: Path
) -> None:
    fake_docker()
    networks = ModelNetworks(tmp_path)
    machine = Machine("", isolated=True, networks=networks)
    assert machine.options("127.0.0.1:1") == ["--network", f"{networks.name}-isolated"]
    assert machine.variables({"A": "B"}, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}) == {"A": "B"}


def test_an_image_that_cannot_be_pulled_is_a_reason(fake_docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_docker('[ "$1" = context ] && echo unix:///there && exit; echo why not >&2; exit 1')
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with pytest.raises(engine.EngineError, match="^127.0.0.1:1/a cannot be pulled: why not$"):
        engine.pull("127.0.0.1:1/a", "127.0.0.1:1", "secret")
    assert calls()[-1].endswith("pull --quiet 127.0.0.1:1/a")
    assert not any("secret" in call for call in calls())


@pytest.mark.parametrize(
    ("switch", "image"), [("", ""), ("1", "models:1"), ("stand-in", "stand-in")], ids=("process", "own", "stand-in")
)
def test_a_model_is_served_by_the_image_of_the_switch(switch: str, image: str) -> None:
    assert Launcher.select({"LOCALCLOUD_DOCKER": switch}, "models:1", Images()).container_image == image


def test_a_model_container_that_ends_is_a_reason(fake_docker: Docker, tmp_path: Path) -> None:
    calls = fake_docker('[ "$1" = run ] && echo "no serve here" && exit 127')
    server = ModelContainer(tmp_path, {"A": "B"}, {}, lambda _: None, "models:1")
    try:
        with pytest.raises(ModelServerError, match="the model did not start: no serve here"):
            server.wait_ready(20)
    finally:
        server.close()
    assert calls()[0].endswith("--env A=B models:1 serve")
    assert f"--volume {tmp_path.resolve()}:/opt/ml/model" in calls()[0]
    assert calls()[-2:] == [f"rm --force {server.container}", f"container inspect {server.container}"]
