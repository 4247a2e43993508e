"""What starts pipelines: pushes, events, objects; and where their sources come from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.pipeline_declarations import ROLE, action, approval, build, declared, source, stage

from localcloud.services.codepipeline.triggers import Push, expression, matches

A = {"name": "A"}
LAST = stage("Approve", approval())


@pytest.mark.parametrize(
    ("pattern", "text", "right"),
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
def test_patterns(pattern: str, text: str, right: bool) -> None:
    assert bool(expression(pattern).fullmatch(text)) is right


@pytest.mark.parametrize(
    ("rule", "kind", "name", "files", "right"),
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
def test_filters(rule: Any, kind: str, name: str, files: list[str], right: bool) -> None:
    assert matches(rule, Push(kind, name, "c", files)) is right


@pytest.fixture
def push(cloud: Any, committed: Any, git: Any) -> Any:
    """A real `git push`, with the server's hook; answers the commit and what the hook said."""

    def go(files: dict[str, str], reference: str = "main") -> tuple[str, str]:
        repository = cloud.services["codecommit"].open()["repository"]
        commit = committed(files)
        return commit, git("push", repository, f"HEAD:{reference}")

    return go


def executions(pipelines: Any, name: str = "ship") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
    return found


def connected(cloud: Any, filters: Any, **said: Any) -> dict[str, Any]:
    made = cloud.client("codeconnections").create_connection(ProviderType="GitHub", ConnectionName="c")
    configuration = {"ConnectionArn": made["ConnectionArn"], "FullRepositoryId": "someone/repo", "BranchName": "main"}
    first = action(
        "Source",
        "Source",
        "CodeStarSourceConnection",
        configuration={**configuration, **said},
        outputs=["Source"],
        namespace="Src",
    )
    triggers = {}
    if filters is not None:
        git = {"sourceActionName": "Source", "push": filters}
        triggers = {"triggers": [{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}]}
    return declared(stage("Source", first), LAST, **triggers)


def test_a_push_starts_what_its_rules_fit(cloud: Any, pipelines: Any, bucket: Any, push: Any, eventually: Any) -> None:
    filters = [{"branches": {"includes": ["main"]}, "filePaths": {"includes": ["src/**"]}}]
    pipelines.create_pipeline(pipeline=connected(cloud, filters, DetectChanges="false"))
    _, said = push({"docs.md": "x"})
    assert "no pipeline has a trigger for this push" in said
    _, said = push({"src/a": "x"}, "other")
    assert "no pipeline has a trigger" in said
    commit, said = push({"src/b": "x"})
    (execution,) = executions(pipelines)
    assert f"started ship, execution {execution['pipelineExecutionId']}" in said
    assert execution["trigger"]["triggerType"] == "WebhookV2"
    assert json.loads(execution["trigger"]["triggerDetail"]) == {"branch": "main", "commit": commit}
    (revision,) = eventually(lambda: executions(pipelines)[0]["sourceRevisions"])
    assert revision["revisionId"] == commit


def test_a_tag_starts_what_waits_for_tags(cloud: Any, pipelines: Any, bucket: Any, push: Any) -> None:
    pipelines.create_pipeline(pipeline=connected(cloud, [{"tags": {"includes": ["v*"]}}]))
    push({"a": "1"})
    assert not executions(pipelines)
    push({"a": "2"}, "refs/tags/v1")
    assert len(executions(pipelines)) == 1


@pytest.mark.parametrize(("detect", "number"), [("true", 1), ("false", 0)])
def test_without_rules_the_branch_decides(
    cloud: Any, pipelines: Any, bucket: Any, push: Any, detect: str, number: int
) -> None:
    pipelines.create_pipeline(pipeline=connected(cloud, None, DetectChanges=detect))
    push({"a": "1"}, "other")
    push({"a": "2"})
    assert len(executions(pipelines)) == number


def test_a_connection_that_is_gone_fails_the_source(
    cloud: Any, pipelines: Any, bucket: Any, push: Any, over: Any
) -> None:
    declaration = connected(cloud, None)
    pipelines.create_pipeline(pipeline=declaration)
    arn = declaration["stages"][0]["actions"][0]["configuration"]["ConnectionArn"]
    cloud.client("codeconnections").delete_connection(ConnectionArn=arn)
    push({"a": "1"})
    assert over(executions(pipelines)[0]["pipelineExecutionId"]) == "Failed"


def test_codecommit_s_event_starts_through_a_rule(
    cloud: Any, pipelines: Any, bucket: Any, push: Any, eventually: Any
) -> None:
    cloud.client("codecommit").create_repository(repositoryName="repo")
    pipelines.create_pipeline(pipeline=declared(LAST, variables=[A]))
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
    told = pipelines.get_pipeline_execution(pipelineName="ship", pipelineExecutionId=execution["pipelineExecutionId"])[
        "pipelineExecution"
    ]
    assert told["variables"] == [{"name": "A", "resolvedValue": "referenceCreated"}]
    (revision,) = eventually(lambda: executions(pipelines)[0]["sourceRevisions"])
    assert revision["revisionId"] == commit


@pytest.mark.parametrize(
    ("given", "letter"),
    [
        ({}, "VariableA"),
        ({"Input": '{"variables": [{"name": "B", "value": "1"}]}'}, "declares no variable B"),
        ({"Input": '"text"'}, "needs a JSON object"),
        ({"Input": '{"variable": []}'}, "Unknown parameter"),
    ],
)
def test_what_a_pipeline_cannot_take_is_a_dead_letter(
    cloud: Any, pipelines: Any, bucket: Any, given: Any, letter: str
) -> None:
    pipelines.create_pipeline(pipeline=declared(LAST, variables=[A]))
    url = cloud.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    target = {"Id": "t", "Arn": cloud.arn("codepipeline", "ship"), "RoleArn": ROLE, **given}
    target["DeadLetterConfig"] = {"Arn": cloud.arn("sqs", "dead")}
    cloud.client("events").put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    cloud.client("events").put_targets(Rule="r", Targets=[target])
    cloud.client("events").put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    cloud.services["events"].settle()
    (message,) = cloud.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    told = message["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert letter in told or (letter == "VariableA" and "has no default" in told)
    assert not executions(pipelines)


def test_an_object_of_s3_is_a_source(pipelines: Any, bucket: Any, project: Any, over: Any, runs: Any) -> None:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("buildspec.yml", "version: 0.2\nphases: {build: {commands: ['true']}}")
    bucket.put_object(Bucket="bucket", Key="in.zip", Body=packed.getvalue())
    project()
    where = {"S3Bucket": "bucket", "S3ObjectKey": "in.zip", "PollForSourceChanges": "false"}
    first = action("Source", "Source", "S3", configuration=where, outputs=["Source"])
    pipelines.create_pipeline(pipeline=declared(stage("Source", first), stage("Build", build()), variables=[A]))
    started = pipelines.start_pipeline_execution(name="ship", variables=[{"name": "A", "value": "1"}])
    execution = started["pipelineExecutionId"]
    assert over(execution) == "Succeeded"
    assert runs(execution)[0]["output"]["outputVariables"]["ObjectKey"] == "in.zip"


def test_a_branch_that_is_not_there_fails_the_source(
    cloud: Any, pipelines: Any, bucket: Any, ready: Any, started: Any, over: Any, runs: Any
) -> None:
    ready()
    configuration = {"RepositoryName": "repo", "BranchName": "nowhere", "PollForSourceChanges": "false"}
    first = source(configuration=configuration)
    pipelines.create_pipeline(pipeline=declared(stage("Source", first), LAST))
    execution = started()
    assert over(execution) == "Failed"
    told = runs(execution)[0]["output"]["executionResult"]["errorDetails"]["message"]
    assert told == "the local repository has no branch 'nowhere': push it"
