"""What starts pipelines: pushes, events, objects; and where their sources come from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.pipeline_declarations import action, approval, build, declare, source, stage
from support.roles import ROLE

from localcloud.services.codepipeline.triggers import Push, expression, matches

A = {"name": "A"}
LAST = stage("Approve", approval())


@pytest.mark.parametrize(
    ("pattern", "text", "matching"),
    [
        ("main", "main", True),
        ("main", "maintenance", False),
        ("*", "feature/x", False),
        ("feature/*", "feature/x", True),
        ("**", "feature/x", True),
        ("src/**", "src/deep/a.py", True),
        ("src/**", "src2/a.py", False),
        ("**/*.md", "README.md", True),
        ("**/*.md", "docs/deep/README.md", True),
        ("**/*.md", "docs/README.mdx", False),
        ("release-?.[0-9]", "release-1.2", True),
        ("release-?.[!0-9]", "release-1.2", False),
        ("*.{py,toml}", "a.toml", True),
        ("a.b", "axb", False),
    ],
)
def test_patterns(pattern: str, text: str, matching: bool) -> None:
    assert bool(expression(pattern).fullmatch(text)) is matching


@pytest.mark.parametrize(
    ("rule", "kind", "name", "files", "matching"),
    [
        ({"branches": {"includes": ["main"]}}, "branch", "main", [], True),
        ({"branches": {"includes": ["main"]}}, "tag", "main", [], False),
        ({"branches": {"includes": ["**"], "excludes": ["wip/*"]}}, "branch", "wip/a", [], False),
        ({"branches": {"excludes": ["wip/*"]}}, "branch", "main", [], True),
        ({"filePaths": {"includes": ["src/**"]}}, "branch", "any", ["docs/a", "src/b"], True),
        ({"filePaths": {"includes": ["src/**"], "excludes": ["**/*.md"]}}, "branch", "any", ["src/a.md"], False),
        ({"branches": {"includes": ["main"]}, "filePaths": {"includes": ["src/**"]}}, "branch", "x", ["src/a"], False),
        ({"tags": {"includes": ["v*"], "excludes": ["v0*"]}}, "tag", "v1", [], True),
        ({"tags": {"includes": ["v*"], "excludes": ["v0*"]}}, "tag", "v0.1", [], False),
        ({"tags": {"includes": ["v*"]}}, "branch", "v1", [], False),
    ],
)
def test_filters(rule: Any, kind: str, name: str, files: list[str], matching: bool) -> None:
    assert matches(rule, Push(kind, name, "c", files)) is matching


@pytest.fixture
def push(cloud: Any, create_commit: Any, git: Any) -> Any:
    """A real `git push`, with the server's hook; returns the commit and the output."""

    def run(files: dict[str, str], reference: str = "main") -> tuple[str, str]:
        repository = cloud.services["codecommit"].open()["repository"]
        commit = create_commit(files)
        return commit, git("push", repository, f"HEAD:{reference}")

    return run


def executions(pipelines: Any, name: str = "ship") -> list[dict[str, Any]]:
    summaries: list[dict[str, Any]] = pipelines.list_pipeline_executions(pipelineName=name)[
        "pipelineExecutionSummaries"
    ]
    return summaries


def declare_with_connection(cloud: Any, filters: Any, **settings: Any) -> dict[str, Any]:
    connection = cloud.client("codeconnections").create_connection(ProviderType="GitHub", ConnectionName="c")
    configuration = {
        "ConnectionArn": connection["ConnectionArn"],
        "FullRepositoryId": "someone/repo",
        "BranchName": "main",
    }
    first = action(
        "Source",
        "Source",
        "CodeStarSourceConnection",
        configuration={**configuration, **settings},
        outputs=["Source"],
        namespace="Src",
    )
    triggers = {}
    if filters is not None:
        git = {"sourceActionName": "Source", "push": filters}
        triggers = {"triggers": [{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}]}
    return declare(stage("Source", first), LAST, **triggers)


def test_a_push_starts_pipelines_whose_filters_match(
    cloud: Any, pipelines: Any, bucket: Any, push: Any, eventually: Any
) -> None:
    filters = [{"branches": {"includes": ["main"]}, "filePaths": {"includes": ["src/**"]}}]
    pipelines.create_pipeline(pipeline=declare_with_connection(cloud, filters, DetectChanges="false"))
    _, output = push({"docs.md": "x"})
    assert "no pipeline has a trigger for this push" in output
    _, output = push({"src/a": "x"}, "other")
    assert "no pipeline has a trigger" in output
    commit, output = push({"src/b": "x"})
    (execution,) = executions(pipelines)
    assert f"started ship, execution {execution['pipelineExecutionId']}" in output
    assert execution["trigger"]["triggerType"] == "WebhookV2"
    assert json.loads(execution["trigger"]["triggerDetail"]) == {"branch": "main", "commit": commit}
    (revision,) = eventually(lambda: executions(pipelines)[0]["sourceRevisions"])
    assert revision["revisionId"] == commit


def test_a_tag_starts_a_pipeline_with_a_filter_on_tags(cloud: Any, pipelines: Any, bucket: Any, push: Any) -> None:
    pipelines.create_pipeline(pipeline=declare_with_connection(cloud, [{"tags": {"includes": ["v*"]}}]))
    push({"a": "1"})
    assert not executions(pipelines)
    push({"a": "2"}, "refs/tags/v1")
    assert len(executions(pipelines)) == 1


@pytest.mark.parametrize(("detect", "number"), [("true", 1), ("false", 0)])
def test_without_triggers_a_push_to_the_source_s_branch_starts(
    cloud: Any, pipelines: Any, bucket: Any, push: Any, detect: str, number: int
) -> None:
    pipelines.create_pipeline(pipeline=declare_with_connection(cloud, None, DetectChanges=detect))
    push({"a": "1"}, "other")
    push({"a": "2"})
    assert len(executions(pipelines)) == number


def test_a_deleted_connection_fails_the_source(
    cloud: Any, pipelines: Any, bucket: Any, push: Any, final_status: Any
) -> None:
    declaration = declare_with_connection(cloud, None)
    pipelines.create_pipeline(pipeline=declaration)
    arn = declaration["stages"][0]["actions"][0]["configuration"]["ConnectionArn"]
    cloud.client("codeconnections").delete_connection(ConnectionArn=arn)
    push({"a": "1"})
    assert final_status(executions(pipelines)[0]["pipelineExecutionId"]) == "Failed"


def test_a_rule_starts_a_pipeline_on_codecommit_s_event(
    cloud: Any, pipelines: Any, bucket: Any, push: Any, eventually: Any
) -> None:
    cloud.client("codecommit").create_repository(repositoryName="repo")
    pipelines.create_pipeline(pipeline=declare(LAST, variables=[A]))
    template = '{"sourceRevisions": [{"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": <c>}],'
    template += ' "variables": [{"name": "A", "value": <event>}], "clientRequestToken": <id>}'
    paths = {"c": "$.detail.commitId", "event": "$.detail.event", "id": "$.id"}
    target = {"Id": "t", "Arn": cloud.arn("codepipeline", "ship"), "RoleArn": ROLE}
    target["InputTransformer"] = {"InputPathsMap": paths, "InputTemplate": template}  # type: ignore[assignment]
    pattern = {"source": ["aws.codecommit"], "detail": {"referenceType": ["branch"], "referenceName": ["main"]}}
    cloud.client("events").put_rule(Name="r", EventPattern=json.dumps(pattern))
    cloud.client("events").put_targets(Rule="r", Targets=[target])
    commit, _ = push({"a": "1"})
    (execution,) = eventually(lambda: executions(pipelines))
    description = pipelines.get_pipeline_execution(
        pipelineName="ship", pipelineExecutionId=execution["pipelineExecutionId"]
    )["pipelineExecution"]
    assert description["variables"] == [{"name": "A", "resolvedValue": "referenceCreated"}]
    (revision,) = eventually(lambda: executions(pipelines)[0]["sourceRevisions"])
    assert revision["revisionId"] == commit


@pytest.mark.parametrize(
    ("members", "letter"),
    [
        ({}, "VariableA"),
        ({"Input": '{"variables": [{"name": "B", "value": "1"}]}'}, "declares no variable B"),
        ({"Input": '"text"'}, "needs a JSON object"),
        ({"Input": '{"variable": []}'}, "Unknown parameter"),
    ],
)
def test_an_invalid_request_of_a_rule_is_a_dead_letter(
    cloud: Any, pipelines: Any, bucket: Any, members: Any, letter: str
) -> None:
    pipelines.create_pipeline(pipeline=declare(LAST, variables=[A]))
    url = cloud.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    target = {"Id": "t", "Arn": cloud.arn("codepipeline", "ship"), "RoleArn": ROLE, **members}
    target["DeadLetterConfig"] = {"Arn": cloud.arn("sqs", "dead")}
    cloud.client("events").put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    cloud.client("events").put_targets(Rule="r", Targets=[target])
    cloud.client("events").put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    cloud.services["events"].settle()
    (message,) = cloud.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    error = message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert letter in error or (letter == "VariableA" and "has no default" in error)
    assert not executions(pipelines)


def test_an_s3_object_is_a_source(
    pipelines: Any, bucket: Any, create_project: Any, final_status: Any, runs: Any
) -> None:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("buildspec.yml", "version: 0.2\nphases: {build: {commands: ['true']}}")
    bucket.put_object(Bucket="bucket", Key="in.zip", Body=packed.getvalue())
    create_project()
    where = {"S3Bucket": "bucket", "S3ObjectKey": "in.zip", "PollForSourceChanges": "false"}
    first = action("Source", "Source", "S3", configuration=where, outputs=["Source"])
    pipelines.create_pipeline(pipeline=declare(stage("Source", first), stage("Build", build()), variables=[A]))
    started = pipelines.start_pipeline_execution(name="ship", variables=[{"name": "A", "value": "1"}])
    execution = started["pipelineExecutionId"]
    assert final_status(execution) == "Succeeded"
    assert runs(execution)[0]["output"]["outputVariables"]["ObjectKey"] == "in.zip"


def test_a_missing_branch_fails_the_source(
    cloud: Any, pipelines: Any, bucket: Any, prepare: Any, start: Any, final_status: Any, runs: Any
) -> None:
    prepare()
    configuration = {"RepositoryName": "repo", "BranchName": "nowhere", "PollForSourceChanges": "false"}
    first = source(configuration=configuration)
    pipelines.create_pipeline(pipeline=declare(stage("Source", first), LAST))
    execution = start()
    assert final_status(execution) == "Failed"
    message = runs(execution)[0]["output"]["executionResult"]["errorDetails"]["message"]
    assert message == "the local repository has no branch 'nowhere': push it"
