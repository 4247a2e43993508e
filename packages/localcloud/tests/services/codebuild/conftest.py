"""CodeBuild alone, in front of moto's S3, SSM and Secrets Manager; builds are shells of a few commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from support.build_projects import ENVIRONMENT
from support.roles import ROLE

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
def create_project(codebuild: Any) -> Callable[..., None]:
    """Creates a project that has nothing but its buildspec, unless other members are given."""

    def create(buildspec: str = "", name: str = "app", **members: Any) -> None:
        source = {"type": "NO_SOURCE", "buildspec": buildspec}
        request = {"source": source, "artifacts": {"type": "NO_ARTIFACTS"}, "environment": ENVIRONMENT, **members}
        codebuild.create_project(name=name, serviceRole=ROLE, **request)

    return create


@pytest.fixture
def wait_for_end(codebuild: Any) -> Callable[[str], dict[str, Any]]:
    """Returns the complete build."""

    def wait(build_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            build: dict[str, Any] = codebuild.batch_get_builds(ids=[build_id])["builds"][0]
            if build["buildComplete"]:
                return build
            time.sleep(0.02)
        raise TimeoutError(f"{build_id} is not complete after {SECONDS} s")

    return wait


@pytest.fixture
def wait_for_commands(codebuild: Any) -> Callable[[str], None]:
    """Waits until the build is in its phase BUILD."""

    def wait(build_id: str) -> None:
        deadline = time.monotonic() + SECONDS
        while codebuild.batch_get_builds(ids=[build_id])["builds"][0]["currentPhase"] != "BUILD":
            assert time.monotonic() < deadline, f"{build_id} runs no commands after {SECONDS} s"
            time.sleep(0.02)

    return wait


@pytest.fixture
def run_build(codebuild: Any, create_project: Any, wait_for_end: Any) -> Callable[..., dict[str, Any]]:
    """Creates a project, runs a build of it, and returns the complete build."""

    def run(buildspec: str = "", start: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        create_project(buildspec, **members)
        build: dict[str, Any] = wait_for_end(codebuild.start_build(projectName="app", **start or {})["build"]["id"])
        return build

    return run


@pytest.fixture
def lines(cloud: Any) -> Callable[[Mapping[str, Any]], list[str]]:
    """The log of a build: the output of its commands; with ``agent`` also CodeBuild's own lines."""

    def read(build: Mapping[str, Any], *, agent: bool = False) -> list[str]:
        assert cloud.logs.flush()
        where = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
        events = cloud.client("logs").get_log_events(**where, startFromHead=True)["events"]
        texts = [event["message"] for event in events]
        return [text for text in texts if agent or not text.startswith("[Container]")]

    return read


@pytest.fixture
def phases() -> Callable[[Mapping[str, Any]], dict[str, str]]:
    """The status of each phase of a build."""
    return lambda build: {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}
