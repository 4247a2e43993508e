"""CodePipeline with CodeBuild, the sources and EventBridge, in front of moto's S3, SNS and SQS."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from support.pipeline_declarations import ROLE

SECONDS = 60.0
QUICK = "version: 0.2\nphases: {build: {commands: ['true']}}"


@pytest.fixture
def services() -> list[Any]:
    from localcloud.services.codebuild.service import CodeBuild
    from localcloud.services.codecommit.service import CodeCommit
    from localcloud.services.codeconnections.service import CodeConnections
    from localcloud.services.codepipeline.service import CodePipeline
    from localcloud.services.events.service import Events

    return [CodeBuild, CodePipeline, CodeCommit, CodeConnections, Events]


@pytest.fixture
def pipelines(cloud: Any) -> Any:
    return cloud.client("codepipeline")


@pytest.fixture
def bucket(cloud: Any) -> Any:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    return s3


@pytest.fixture
def project(cloud: Any) -> Callable[..., None]:
    def make(name: str = "project") -> None:
        environment = {"type": "LINUX_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"}
        kinds = {"source": {"type": "CODEPIPELINE"}, "artifacts": {"type": "CODEPIPELINE"}}
        cloud.client("codebuild").create_project(name=name, serviceRole=ROLE, environment=environment, **kinds)

    return make


@pytest.fixture
def ready(cloud: Any, bucket: Any, project: Any, pushed: Any) -> Callable[..., str]:
    """A repository with a commit, a project, a bucket; answers the commit."""

    def make(buildspec: str = QUICK) -> str:
        project()
        cloud.client("codecommit").create_repository(repositoryName="repo")
        return str(pushed({"buildspec.yml": buildspec}, "the first"))

    return make


@pytest.fixture
def started(pipelines: Any) -> Callable[..., str]:
    return lambda name="ship", **said: str(pipelines.start_pipeline_execution(name=name, **said)["pipelineExecutionId"])


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """What a function answers once that is true."""

    def wait(ask: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + SECONDS
        while not (found := ask()):
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)
        return found

    return wait


@pytest.fixture
def status(pipelines: Any) -> Callable[..., str]:
    def ask(execution: str, name: str = "ship") -> str:
        told = pipelines.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)
        return str(told["pipelineExecution"]["status"])

    return ask


@pytest.fixture
def over(eventually: Any, status: Any) -> Callable[..., str]:
    """An execution's status, once it is its last."""

    def wait(execution: str, name: str = "ship") -> str:
        eventually(lambda: status(execution, name) not in ("InProgress", "Stopping"))
        return str(status(execution, name))

    return wait


@pytest.fixture
def waiting(pipelines: Any, eventually: Any) -> Callable[..., str]:
    """The token of an approval, once somebody is asked."""

    def token(stage_name: str = "Approve", execution: str = "") -> Any:
        states = {one["stageName"]: one for one in pipelines.get_pipeline_state(name="ship")["stageStates"]}
        state = states[stage_name]
        if execution and state.get("latestExecution", {}).get("pipelineExecutionId") != execution:
            return ""
        return next((it.get("latestExecution", {}).get("token") for it in state["actionStates"]), "")

    return lambda *told: str(eventually(lambda: token(*told)))


@pytest.fixture
def say(pipelines: Any) -> Callable[..., Any]:
    def put(token: str, word: str = "Approved", stage_name: str = "Approve", summary: str = "said") -> Any:
        where = {"pipelineName": "ship", "stageName": stage_name, "actionName": "Approve"}
        return pipelines.put_approval_result(**where, token=token, result={"status": word, "summary": summary})

    return put


@pytest.fixture
def runs(pipelines: Any) -> Callable[..., list[Mapping[str, Any]]]:
    """The actions of an execution, in their order."""

    def ask(execution: str) -> list[Mapping[str, Any]]:
        wanted = {"pipelineExecutionId": execution}
        found = pipelines.list_action_executions(pipelineName="ship", filter=wanted)["actionExecutionDetails"]
        return list(reversed(found))

    return ask
