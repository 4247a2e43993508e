"""Everything that a pipeline does is done under its role, and fails in AWS's words where the role does not allow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from support.build_projects import ENVIRONMENT
from support.pipeline_declarations import action, approval, build, declare, source, stage
from support.policies import allow
from support.roles import ROLE

pytestmark = pytest.mark.roles
CODECOMMIT = ["GetBranch", "GetRepository", "GetCommit", "UploadArchive", "GetUploadArchiveStatus"]
CODEBUILD = ["codebuild.StartBuild", "codebuild.BatchGetBuilds"]
WITH_S3 = {"S3Bucket": "bucket", "S3ObjectKey": "in.zip", "PollForSourceChanges": "false"}


@pytest.fixture
def run(access: Any, pipelines: Any, prepare: Any, start: Any, final_status: Any, runs: Any) -> Callable[..., Any]:
    """Runs a pipeline with these stages; returns the error of its last action, if that failed."""

    def of(*stages: Any) -> Mapping[str, str]:
        variable = {"name": "A"}
        pipelines.create_pipeline(pipeline=declare(*stages, variables=[variable]))
        execution = start(variables=[{**variable, "value": "1"}])
        final_status(execution)
        error: Mapping[str, str] = runs(execution)[-1]["output"]["executionResult"].get("errorDetails", {})
        return error

    prepare()
    return of


def connected(cloud: Any) -> dict[str, Any]:
    connection = cloud.client("codeconnections").create_connection(ProviderType="GitHub", ConnectionName="c")
    settings = {"ConnectionArn": connection["ConnectionArn"], "FullRepositoryId": "someone/repo", "BranchName": "main"}
    return action("Source", "Source", "CodeStarSourceConnection", configuration=settings, outputs=["Source"])


def test_the_role_fetches_the_source_and_starts_the_build(cloud: Any, run: Any, access: Any) -> None:
    assert run(stage("Build", build())) == {}
    assert access.sessions == {ROLE: ("codepipeline.amazonaws.com", cloud.arn("codepipeline", "ship"))}
    of_pipeline = [
        (who.split("/")[1:], call) for who, call, _ in access.decisions if call in CODEBUILD or "commit" in call
    ]
    calls = [*(f"codecommit.{operation}" for operation in CODECOMMIT), *CODEBUILD]
    assert of_pipeline == [([ROLE.rpartition("/")[2], "ship"], call) for call in calls]
    assert (ROLE, "", "s3") in access.clients


@pytest.mark.parametrize("operation", CODECOMMIT)
def test_codecommit_is_denied(run: Any, access: Any, operation: str) -> None:
    access.denied = {f"codecommit.{operation}"}
    error = run(stage("Build", build()))
    assert error["code"] == "PermissionError"
    beginning = "The service role or action role doesn’t have the permissions required to access the AWS CodeCommit "
    assert error["message"].startswith(f"{beginning}repository named repo. Update the IAM role permissions, and then")
    assert f"is not authorized to perform: codecommit:{operation}" in error["message"]


def test_the_connection_is_denied(cloud: Any, run: Any, access: Any) -> None:
    first = connected(cloud)
    access.denied = {"codeconnections.UseConnection"}
    arn = first["configuration"]["ConnectionArn"]
    sentence = f"Unable to use Connection: {arn}. The provided role does not have sufficient permissions."
    assert run(stage("Source", first), stage("Build", build())) == {"code": "PermissionError", "message": sentence}


def test_the_upload_of_a_connection_is_denied(cloud: Any, run: Any, access: Any) -> None:
    access.denied = {"s3.GetBucketAcl"}
    error = run(stage("Source", connected(cloud)), stage("Build", build()))
    assert error["message"] == "Upload to S3 failed with the following error: Access Denied"


@pytest.mark.parametrize(
    ("call", "first"), [("s3.PutObject", source()), ("s3.GetBucketVersioning", None), ("s3.HeadObject", None)]
)
def test_s3_is_denied(cloud: Any, bucket: Any, run: Any, call: str, first: Any) -> None:
    bucket.put_object(Bucket="bucket", Key="in.zip", Body=b"zip")
    cloud.faults.fail(call, code="AccessDenied", status=403, message="Access Denied")
    first = first or action("Source", "Source", "S3", configuration=WITH_S3, outputs=["Source"])
    error = run(stage("Source", first), stage("Build", build()))
    assert error["code"] == "PermissionError"
    assert "required to access the Amazon S3 bucket named bucket. Update the IAM role" in error["message"]


def test_the_build_is_denied(run: Any, access: Any) -> None:
    access.denied = {"codebuild.StartBuild"}
    error = run(stage("Build", build()))
    assert error["code"] == "PermissionError"
    assert error["message"].startswith("Error calling startBuild: User: ")


def test_the_description_of_the_build_is_denied(run: Any, access: Any) -> None:
    access.denied = {"codebuild.BatchGetBuilds"}
    assert run(stage("Build", build()))["message"].startswith("Error calling batchGetBuilds: User: ")


def test_approvers_are_notified_under_the_role(cloud: Any, run: Any, access: Any) -> None:
    topic = cloud.client("sns").create_topic(Name="t")["TopicArn"]
    cloud.faults.fail("sns.Publish", code="AuthorizationError", status=403, message="no")
    error = run(stage("Approve", approval(configuration={"NotificationArn": topic})))
    assert error == {"code": "PermissionError", "message": f"The notification to {topic} was refused: no"}
    assert (ROLE, "", "sns") in access.clients


def test_the_role_must_trust_codepipeline(access: Any, pipelines: Any, prepare: Any, refused: Any) -> None:
    prepare()
    access.untrusting = {ROLE}
    declaration = declare(stage("Build", build()), variables=[{"name": "A"}])
    sentence = refused(pipelines.create_pipeline, "InvalidStructureException", pipeline=declaration)
    assert sentence == f"CodePipeline is not authorized to perform AssumeRole on role {ROLE}"


def test_a_role_that_no_longer_trusts_codepipeline_fails_the_action(
    pipelines: Any, prepare: Any, start: Any, final_status: Any, runs: Any, access: Any
) -> None:
    prepare()
    pipelines.create_pipeline(pipeline=declare(stage("Build", build()), variables=[{"name": "A"}]))
    access.untrusting = {ROLE}
    execution = start(variables=[{"name": "A", "value": "1"}])
    assert final_status(execution) == "Failed"
    error = runs(execution)[-1]["output"]["executionResult"]["errorDetails"]
    assert error["message"] == f"CodePipeline is not authorized to perform AssumeRole on role {ROLE}"


def test_executions_approvals_and_transitions_name_who_caused_them(
    access: Any, cloud: Any, pipelines: Any, prepare: Any, approval_token: Any
) -> None:
    from boto3.session import Session

    prepare()
    pipelines.create_pipeline(pipeline=declare(stage("Approve", approval()), variables=[{"name": "A"}]))
    ann = cloud.access.assume("arn:aws:iam::000000000000:role/operator", "ann", service="sts.amazonaws.com")
    keys = cloud.credentials.issue(ann)
    session = Session(keys.access_key, keys.secret_key, keys.token, cloud.region)
    client = session.client("codepipeline", endpoint_url=cloud.url)
    client.start_pipeline_execution(name="ship", variables=[{"name": "A", "value": "1"}])
    (summary,) = pipelines.list_pipeline_executions(pipelineName="ship")["pipelineExecutionSummaries"]
    assert summary["trigger"] == {"triggerType": "StartPipelineExecution", "triggerDetail": ann.arn}
    where, token = {"pipelineName": "ship", "stageName": "Approve"}, approval_token()
    client.disable_stage_transition(**where, transitionType="Inbound", reason="not now")
    result = {"status": "Approved", "summary": "fine"}
    client.put_approval_result(**where, actionName="Approve", token=token, result=result)
    state = pipelines.get_pipeline_state(name="ship")["stageStates"][1]
    assert state["inboundTransitionState"]["lastChangedBy"] == ann.arn
    assert state["actionStates"][0]["latestExecution"]["lastUpdatedBy"] == ann.arn
    detail = pipelines.list_action_executions(pipelineName="ship")["actionExecutionDetails"][0]
    assert detail["updatedBy"] == ann.arn


BUCKET, CODE = "arn:aws:s3:::bucket", "arn:aws:codecommit:eu-west-1:000000000000:repo"
NEEDED = {
    **{f"codecommit:{operation}": CODE for operation in CODECOMMIT},
    "s3:PutObject": f"{BUCKET}/ship/*",
    "codebuild:StartBuild": "arn:aws:codebuild:eu-west-1:000000000000:project/project",
    "codebuild:BatchGetBuilds": "arn:aws:codebuild:eu-west-1:000000000000:project/project",
}


@pytest.fixture
def start_under(
    create_role: Any, pipelines: Any, push_files: Any, cloud: Any, bucket: Any, start: Any, final_status: Any, runs: Any
) -> Callable[..., tuple[str, str]]:
    """Runs a pipeline under a role with these statements; returns its status and the last action's error."""

    def run(*statements: dict[str, Any]) -> tuple[str, str]:
        source = {"aws:SourceArn": cloud.arn("codepipeline", "ship")}
        trust = {"Principal": {"Service": "codepipeline.amazonaws.com"}, "Condition": {"ArnEquals": source}}
        role = create_role("pipelines", *statements, trust=trust)
        builds = create_role("builds", allow("*"), trust={"Principal": {"Service": "codebuild.amazonaws.com"}})
        kinds = {"source": {"type": "CODEPIPELINE"}, "artifacts": {"type": "CODEPIPELINE"}}
        codebuild = cloud.client("codebuild")
        codebuild.create_project(name="project", serviceRole=builds, environment=ENVIRONMENT, **kinds)
        cloud.client("codecommit").create_repository(repositoryName="repo")
        push_files({"buildspec.yml": "version: 0.2\nphases: {build: {commands: ['true']}}"})
        declaration = declare(stage("Build", build()), variables=[{"name": "A"}])
        pipelines.create_pipeline(pipeline={**declaration, "roleArn": role})
        execution = start(variables=[{"name": "A", "value": "1"}])
        status = final_status(execution)
        return status, runs(execution)[-1]["output"]["executionResult"].get("errorDetails", {}).get("message", "")

    return run


@pytest.mark.parametrize("missing", ["", *NEEDED])
def test_a_build_of_a_commit_needs_these_actions_and_no_others(
    start_under: Callable[..., tuple[str, str]], missing: str
) -> None:
    statements = [allow(action, resource=resource) for action, resource in NEEDED.items() if action != missing]
    status, message = start_under(*statements)
    assert status == ("Failed" if missing else "Succeeded"), message
    assert f"is not authorized to perform: {missing}" in message if missing else not message
