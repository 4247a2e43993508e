"""Builds, pushes and pipelines on a full disk."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from support.build_projects import ENVIRONMENT
from support.roles import ROLE

pytestmark = pytest.mark.full_disk


@pytest.fixture
def build(cloud: Any, s3: Any, eventually: Any) -> Callable[..., dict[str, Any]]:
    """Runs a build of these commands and returns it when it has ended."""
    client, count = cloud.client("codebuild"), iter(range(99))

    def run(*commands: str) -> dict[str, Any]:
        name = f"app-{next(count)}"
        spec = "version: 0.2\nphases:\n  build:\n    commands:\n" + "".join(
            f"      - {json.dumps(each)}\n" for each in commands
        )
        source, nothing = {"type": "NO_SOURCE", "buildspec": spec}, {"type": "NO_ARTIFACTS"}
        client.create_project(name=name, serviceRole=ROLE, source=source, artifacts=nothing, environment=ENVIRONMENT)
        ids = [client.start_build(projectName=name)["build"]["id"]]
        eventually(lambda: client.batch_get_builds(ids=ids)["builds"][0]["buildComplete"])
        return dict(client.batch_get_builds(ids=ids)["builds"][0])

    return run


def failure(build: dict[str, Any]) -> tuple[str, str]:
    phase = next((phase for phase in build["phases"] if phase.get("phaseStatus") == "FAILED"), None)
    assert build["buildStatus"] == ("FAILED" if phase else "SUCCEEDED")
    if not phase:
        return "", ""
    return phase["phaseType"], phase["contexts"][0]["message"]


@pytest.mark.parametrize("free", [15, 2, 0])
def test_a_build_does_not_start_on_a_full_disk(disk: Any, build: Any, is_sentence: Any, free: int) -> None:
    disk.fill(free)
    phase, message = failure(build("true"))
    assert phase == "PROVISIONING" and is_sentence(message)
    disk.empty()
    assert failure(build("true")) == ("", "")


def test_a_command_that_fills_the_disk(disk: Any, build: Any, is_sentence: Any) -> None:
    phase, message = failure(build("head -c 99M /dev/zero > filler"))
    assert phase == "BUILD" and is_sentence(message)
    assert "exit status 1; " in message
    assert failure(build("true")) == ("", "")


def test_a_command_that_fills_the_disk_and_succeeds(disk: Any, build: Any, is_sentence: Any) -> None:
    """The next command would run without the variables of this one."""
    phase, message = failure(build("A=1; head -c 99M /dev/zero > filler || true", 'test "$A" = 1'))
    assert phase == "BUILD" and is_sentence(message)


@pytest.fixture
def push(cloud: Any, disk: Any, tmp_path: Any) -> Callable[..., subprocess.CompletedProcess[str]]:
    repository = cloud.services["codecommit"].open()["repository"]

    def git(*command: str) -> subprocess.CompletedProcess[str]:
        who = ["-c", "user.name=someone", "-c", "user.email=someone@localhost"]
        return subprocess.run(["git", *who, *command], cwd=tmp_path, capture_output=True, text=True, check=False)

    def run(name: str, size: int) -> subprocess.CompletedProcess[str]:
        if not (tmp_path / ".git").exists():
            git("init", "-q", "-b", "main")
            (tmp_path / ".gitignore").write_text("disk\n")
        (tmp_path / name).write_bytes(bytes(range(256)) * (size // 256))
        git("add", "--all")
        git("commit", "-q", "-m", name)
        return git("push", repository, "main")

    return run


@pytest.mark.parametrize("free", [15, 0])
def test_a_push_is_declined(disk: Any, cloud: Any, push: Any, is_sentence: Any, free: int) -> None:
    disk.fill(free)
    declined = push("a", 4096)
    assert declined.returncode
    assert is_sentence(declined.stderr) if free else "No space left on device" in declined.stderr
    disk.empty()
    git = cloud.services["codecommit"].git
    assert git.branches() == []
    assert not list((git.folder / "objects").glob("*incoming*"))
    assert push("b", 4096).returncode == 0
    assert git.branches() == ["main"]


def test_a_source_action_fails_with_the_sentence(
    disk: Any, cloud: Any, s3: Any, push: Any, eventually: Any, is_sentence: Any
) -> None:
    push("a", 4096)
    cloud.client("codecommit").create_repository(repositoryName="repo")
    pipelines = cloud.client("codepipeline")
    of_source = {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"}
    of_approval = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
    source = {"name": "S", "actionTypeId": of_source, "outputArtifacts": [{"name": "source"}]}
    source["configuration"] = {"RepositoryName": "repo", "BranchName": "main"}
    stages = [
        {"name": "Source", "actions": [source]},
        {"name": "Approve", "actions": [{"name": "A", "actionTypeId": of_approval}]},
    ]
    store = {"type": "S3", "location": "bucket"}
    disk.fill(5)
    pipeline = {"name": "ship", "roleArn": ROLE, "artifactStore": store, "stages": stages, "pipelineType": "V2"}
    pipelines.create_pipeline(pipeline=pipeline)

    def stage() -> dict[str, Any]:
        return dict(pipelines.get_pipeline_state(name="ship")["stageStates"][0])

    eventually(lambda: stage().get("latestExecution", {}).get("status") == "Failed")
    assert is_sentence(stage()["actionStates"][0]["latestExecution"]["errorDetails"]["message"])
    disk.empty()
    failed = stage()["latestExecution"]["pipelineExecutionId"]
    pipelines.retry_stage_execution(
        pipelineName="ship", stageName="Source", pipelineExecutionId=failed, retryMode="FAILED_ACTIONS"
    )
    eventually(lambda: stage()["latestExecution"]["status"] == "Succeeded")
