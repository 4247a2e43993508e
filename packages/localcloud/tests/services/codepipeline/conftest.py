"""CodePipeline with CodeBuild, the sources and EventBridge, in front of moto's S3, SNS and SQS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from support.build_projects import ENVIRONMENT
from support.roles import ROLE

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
def create_project(cloud: Any) -> Callable[..., None]:
    def create(name: str = "project") -> None:
        kinds = {"source": {"type": "CODEPIPELINE"}, "artifacts": {"type": "CODEPIPELINE"}}
        cloud.client("codebuild").create_project(name=name, serviceRole=ROLE, environment=ENVIRONMENT, **kinds)

    return create


@pytest.fixture
def prepare(cloud: Any, bucket: Any, create_project: Any, push_files: Any) -> Callable[..., str]:
    """Creates a bucket, a project and a repository with a commit; returns the commit."""

    def create(buildspec: str = QUICK) -> str:
        create_project()
        cloud.client("codecommit").create_repository(repositoryName="repo")
        return str(push_files({"buildspec.yml": buildspec}, "the first"))

    return create


@pytest.fixture
def start(pipelines: Any) -> Callable[..., str]:
    """Returns the execution's ID."""

    def start_execution(name: str = "ship", **members: Any) -> str:
        return str(pipelines.start_pipeline_execution(name=name, **members)["pipelineExecutionId"])

    return start_execution


@pytest.fixture
def status(pipelines: Any) -> Callable[..., str]:
    def get(execution: str, name: str = "ship") -> str:
        response = pipelines.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)
        return str(response["pipelineExecution"]["status"])

    return get


@pytest.fixture
def final_status(eventually: Any, status: Any) -> Callable[..., str]:
    """Waits for the end of an execution."""

    def wait(execution: str, name: str = "ship") -> str:
        eventually(lambda: status(execution, name) not in ("InProgress", "Stopping"))
        return str(status(execution, name))

    return wait


@pytest.fixture
def approval_token(pipelines: Any, eventually: Any) -> Callable[..., str]:
    """Waits until an approval is pending."""

    def token(stage_name: str = "Approve", execution: str = "") -> Any:
        states = {state["stageName"]: state for state in pipelines.get_pipeline_state(name="ship")["stageStates"]}
        state = states[stage_name]
        if execution and state.get("latestExecution", {}).get("pipelineExecutionId") != execution:
            return ""
        return next((action.get("latestExecution", {}).get("token") for action in state["actionStates"]), "")

    return lambda *arguments: str(eventually(lambda: token(*arguments)))


@pytest.fixture
def decide(pipelines: Any) -> Callable[..., Any]:
    def put(token: str, status: str = "Approved", stage_name: str = "Approve", summary: str = "reviewed") -> Any:
        where = {"pipelineName": "ship", "stageName": stage_name, "actionName": "Approve"}
        return pipelines.put_approval_result(**where, token=token, result={"status": status, "summary": summary})

    return put


@pytest.fixture
def runs(pipelines: Any) -> Callable[..., list[Mapping[str, Any]]]:
    """The actions of an execution, in their order."""

    def get(execution: str) -> list[Mapping[str, Any]]:
        condition = {"pipelineExecutionId": execution}
        details = pipelines.list_action_executions(pipelineName="ship", filter=condition)["actionExecutionDetails"]
        return list(reversed(details))

    return get
