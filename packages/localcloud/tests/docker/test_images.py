"""Images of this account: pushed with docker, described by ECR, pulled by digest for jobs and models."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.containers import ROLE, SageMaker

from localcloud.runtime.jobs import containers

pytestmark = pytest.mark.docker
WORD = Path(__file__).with_name("word.py")
AWS = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/words"
UNKNOWN = f"sha256:{'0' * 64}"


class Repository:
    """The repository ``words`` and a docker command that has a configuration of its own."""

    def __init__(self, cloud: Any, folder: Path, context: Path) -> None:
        self.ecr, self._folder, self._context = cloud.client("ecr"), folder, context
        self.uri = self.ecr.create_repository(repositoryName="words")["repository"]["repositoryUri"]

    def login(self) -> None:
        self.docker("login", "--username", "AWS", "--password-stdin", self.endpoint, text=self.password)

    @property
    def endpoint(self) -> str:
        endpoint: str = self.ecr.get_authorization_token()["authorizationData"][0]["proxyEndpoint"]
        return endpoint

    @property
    def password(self) -> str:
        from base64 import b64decode

        token = self.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        return b64decode(token).decode().partition(":")[2]

    def push(self, word: str, tag: str) -> str:
        """An image that says the word; returns the digest that the engine prints. Nothing of it stays on the engine."""
        self.build(word, tag)
        output = self.docker("push", f"{self.uri}:{tag}")
        self.docker("rmi", f"{self.uri}:{tag}")
        return digest_in(output)

    def build(self, word: str, tag: str) -> None:
        arguments = ("--build-arg", f"WORD={word}", "--tag", f"{self.uri}:{tag}")
        self.docker("build", "--quiet", *arguments, str(self._context))

    def docker(self, *words: str, text: str = "", fails: bool = False) -> str:
        words = ("docker", "--config", str(self._folder), *words)
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=300, check=False)
        assert bool(done.returncode) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(autouse=True)
def no_image_is_left() -> Iterator[None]:
    """Once the cloud has ended."""
    yield
    listed = subprocess.run(["docker", "images", "--digests"], capture_output=True, text=True, check=True).stdout
    assert "/words" not in listed, listed


@pytest.fixture
def own_images(no_image_is_left: None, sagemaker: SageMaker, monkeypatch: pytest.MonkeyPatch) -> SageMaker:
    """The cloud's models and jobs run in the images that they name."""
    monkeypatch.setenv(containers.SWITCH, containers.OWN_IMAGE)
    return sagemaker


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the build of a small image, with the Python of JOB_IMAGE."""
    folder = tmp_path_factory.mktemp("context")
    (folder / "root").mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY root /\nARG WORD\nENV WORD=${WORD}\n")
    words = ["docker", "run", "--rm", "--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{WORD}:/word.py:ro"]
    words += ["--volume", f"{folder}/root:/files", "--entrypoint", "python3", os.environ["JOB_IMAGE"]]
    subprocess.run([*words, "-B", "/word.py", "/files"], check=True)
    return folder


@pytest.fixture
def repository(own_images: SageMaker, context: Path, tmp_path: Path) -> Iterator[Repository]:
    repository = Repository(own_images.cloud, tmp_path / "docker", context)
    yield repository
    for tag in repository.docker("images", "--format", "{{.Tag}}", repository.uri).split():
        if tag != "<none>":
            repository.docker("rmi", f"{repository.uri}:{tag}")


@pytest.fixture
def invoke(own_images: SageMaker) -> Callable[[str], str]:
    runtime = own_images.cloud.client("sagemaker-runtime")
    return lambda endpoint: runtime.invoke_endpoint(EndpointName=endpoint, Body=b"1")["Body"].read().decode()


def test_a_release_by_digest_stays_when_the_tag_moves(
    own_images: SageMaker, repository: Repository, invoke: Callable[[str], str]
) -> None:
    repository.login()
    digest = repository.push("one", "prod")
    (detail,) = repository.ecr.describe_images(repositoryName="words", imageIds=[{"imageTag": "prod"}])["imageDetails"]
    assert detail["imageDigest"] == digest
    release(own_images, "by-digest", f"{AWS}@{digest}")
    assert invoke("by-digest") == "one"

    moved = repository.push("two", "prod")
    assert moved != digest
    deployed = release(own_images, "by-tag", f"{AWS}:prod")
    assert deployed == {"SpecifiedImage": f"{AWS}:prod", "ResolvedImage": f"{AWS}@{moved}"}
    assert (invoke("by-tag"), invoke("by-digest")) == ("two", "one")

    third = repository.push("three", "prod")
    for name in ("by-digest", "by-tag"):
        grow(own_images, name)
    assert [{invoke(name) for _ in range(4)} for name in ("by-digest", "by-tag")] == [{"one"}, {"two"}]
    assert release(own_images, "again", f"{repository.uri}@{digest}")["ResolvedImage"] == f"{repository.uri}@{digest}"
    assert invoke("again") == "one"
    assert third not in (digest, moved)


def test_an_unknown_digest_or_tag_is_refused(own_images: SageMaker, repository: Repository) -> None:
    repository.login()
    repository.push("one", "1")
    for image in (f"{AWS}@{UNKNOWN}", f"{AWS}:2", f"{repository.uri}@{UNKNOWN}"):
        with pytest.raises(ClientError, match=f"Requested image {re.escape(image)} not found"):
            own_images.client.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image})
    own_images.image = f"{AWS}:2"
    job = own_images.train()
    assert (job["TrainingJobStatus"], job["FailureReason"]) == (
        "Failed",
        f"ClientError: Requested image {AWS}:2 not found.",
    )


def test_a_job_runs_in_the_image_of_its_tag(own_images: SageMaker, repository: Repository) -> None:
    repository.login()
    repository.push("one", "1")
    own_images.image = f"{AWS}:1"
    job = own_images.train()
    assert job["TrainingJobStatus"] == "Completed", (job, own_images.logs("TrainingJobs"))
    assert "trained by one" in own_images.logs("TrainingJobs")
    assert job["AlgorithmSpecification"]["TrainingImage"] == f"{AWS}:1"


def test_pushes_and_pulls_need_a_login_and_immutable_tags_stay(own_images: SageMaker, repository: Repository) -> None:
    repository.build("one", "1")
    assert "no basic auth credentials" in repository.docker("push", f"{repository.uri}:1", fails=True)
    assert "no basic auth credentials" in repository.docker("pull", f"{repository.uri}:9", fails=True)
    repository.login()
    repository.ecr.put_image_tag_mutability(repositoryName="words", imageTagMutability="IMMUTABLE")
    output = repository.docker("push", f"{repository.uri}:1")
    repository.build("two", "1")
    refused = repository.docker("push", f"{repository.uri}:1", fails=True)
    assert "cannot be overwritten because the repository is immutable" in refused
    other = repository.uri.replace("words", "others")
    repository.docker("tag", f"{repository.uri}:1", f"{other}:1")
    assert "The repository with name 'others' does not exist" in repository.docker("push", f"{other}:1", fails=True)
    first = digest_in(output)
    repository.docker("rmi", f"{other}:1", f"{repository.uri}@{first}")
    (detail,) = repository.ecr.describe_images(repositoryName="words")["imageDetails"]
    assert (detail["imageDigest"], detail["imageTags"]) == (first, ["1"])


def digest_in(output: str) -> str:
    """Of a push."""
    found = re.search(r"digest: (sha256:\w+)", output)
    assert found, output
    return found[1]


def release(sagemaker: SageMaker, name: str, image: str) -> dict[str, Any]:
    """Returns the deployed image, without its time."""
    sagemaker.s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=EMPTY_ARCHIVE)
    container = {"Image": image, "ModelDataUrl": "s3://bucket/model.tar.gz"}
    sagemaker.client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    endpoint = sagemaker.create_endpoint(name, name)
    assert endpoint["EndpointStatus"] == "InService", endpoint
    (deployed,) = endpoint["ProductionVariants"][0]["DeployedImages"]
    assert deployed.pop("ResolutionTime")
    return dict(deployed)


def grow(sagemaker: SageMaker, endpoint: str) -> None:
    """To two instances."""
    capacity = [{"VariantName": "one", "DesiredInstanceCount": 2}]
    sagemaker.client.update_endpoint_weights_and_capacities(EndpointName=endpoint, DesiredWeightsAndCapacities=capacity)
    assert sagemaker.wait_endpoint(endpoint)["EndpointStatus"] == "InService"


def _empty_archive() -> bytes:
    import io
    import tarfile

    packed = io.BytesIO()
    tarfile.open(fileobj=packed, mode="w:gz").close()
    return packed.getvalue()


EMPTY_ARCHIVE = _empty_archive()
