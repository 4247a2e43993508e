"""CodeBuild alone, in front of moto's S3, SSM and Secrets Manager; builds are shells of a few commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

SECONDS = 60.0


@pytest.fixture
def services() -> list[Any]:
    from localcloud.services.codebuild.service import CodeBuild

    return [CodeBuild]


@pytest.fixture
def codebuild(cloud: Any) -> Any:
    return cloud.client("codebuild")


@pytest.fixture
def s3(cloud: Any) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    return client


@pytest.fixture
def project(codebuild: Any) -> Callable[..., None]:
    """Makes one that has nothing but its buildspec, unless told otherwise."""

    def make(buildspec: str = "", name: str = "app", **said: Any) -> None:
        source = {"type": "NO_SOURCE", "buildspec": buildspec}
        environment = {"type": "LINUX_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"}
        told = {"source": source, "artifacts": {"type": "NO_ARTIFACTS"}, "environment": environment, **said}
        codebuild.create_project(name=name, serviceRole="arn:aws:iam::000000000000:role/r", **told)

    return make


@pytest.fixture
def finished(codebuild: Any) -> Callable[[str], dict[str, Any]]:
    """The build when it is over."""

    def wait(build: str) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            told: dict[str, Any] = codebuild.batch_get_builds(ids=[build])["builds"][0]
            if told["buildComplete"]:
                return told
            time.sleep(0.02)
        raise TimeoutError(f"{build} is not over after {SECONDS} s")

    return wait


@pytest.fixture
def begun(codebuild: Any) -> Callable[[str], None]:
    """Until the build is in its phase BUILD."""

    def wait(build: str) -> None:
        deadline = time.monotonic() + SECONDS
        while codebuild.batch_get_builds(ids=[build])["builds"][0]["currentPhase"] != "BUILD":
            assert time.monotonic() < deadline, f"{build} has not begun after {SECONDS} s"
            time.sleep(0.02)

    return wait


@pytest.fixture
def built(codebuild: Any, project: Any, finished: Any) -> Callable[..., dict[str, Any]]:
    """Makes the project, runs a build of it, and answers how that ended."""

    def run(buildspec: str = "", start: Mapping[str, Any] | None = None, **said: Any) -> dict[str, Any]:
        project(buildspec, **said)
        told: dict[str, Any] = finished(codebuild.start_build(projectName="app", **start or {})["build"]["id"])
        return told

    return run


@pytest.fixture
def lines(cloud: Any) -> Callable[[Mapping[str, Any]], list[str]]:
    """What a build's commands printed, without what CodeBuild itself says."""

    def read(build: Mapping[str, Any], *, all_of_it: bool = False) -> list[str]:
        assert cloud.logs.flush()
        where = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
        events = cloud.client("logs").get_log_events(**where, startFromHead=True)["events"]
        texts = [event["message"] for event in events]
        return [text for text in texts if all_of_it or not text.startswith("[Container]")]

    return read


@pytest.fixture
def phases() -> Callable[[Mapping[str, Any]], dict[str, str]]:
    return lambda build: {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}
