"""Projects: their operations, and the requests that CodeBuild refuses beyond its API model."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.build_projects import ENVIRONMENT

SPEC = "version: 0.2\nphases: {build: {commands: ['true']}}"


def test_a_project_is_created_updated_and_deleted(cloud: Any, codebuild: Any, create_project: Any) -> None:
    create_project(SPEC, tags=[{"key": "a", "value": "b"}], description="first")
    with pytest.raises(ClientError, match="Project already exists"):
        create_project(SPEC)
    codebuild.update_project(name="app", timeoutInMinutes=7)
    response = codebuild.batch_get_projects(names=["app", "other"])
    assert response["projectsNotFound"] == ["other"]
    (app,) = response["projects"]
    assert (app["timeoutInMinutes"], app["description"], app["tags"]) == (7, "first", [{"key": "a", "value": "b"}])
    assert app["arn"] == cloud.arn("codebuild", "project/app")
    assert codebuild.list_projects()["projects"] == ["app"]
    codebuild.delete_project(name="app")
    codebuild.delete_project(name="app")
    with pytest.raises(ClientError, match="Project cannot be found") as caught:
        codebuild.start_build(projectName="app")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"source": {"type": "NO_SOURCE"}}, "buildspec must be given inline"),
        ({"source": {"type": "S3"}}, "location must not be empty for source type S3"),
        ({"source": {"type": "CODEPIPELINE"}}, "artifact type CODEPIPELINE"),
        ({"artifacts": {"type": "CODEPIPELINE"}}, "artifact type CODEPIPELINE"),
        ({"artifacts": {"type": "S3"}}, "location must not be empty for artifacts"),
        ({"cache": {"type": "S3"}}, "location is a required field for cache"),
        ({"secondarySources": [{"type": "S3", "location": "bucket/k"}]}, "needs a sourceIdentifier"),
        ({"buildBatchConfig": {"timeoutInMins": 10}}, "batch builds is not implemented"),
        ({"logsConfig": {"s3Logs": {"status": "ENABLED", "location": "bucket/l"}}}, "logs to S3 is not implemented"),
        (
            {"environment": {**ENVIRONMENT, "environmentVariables": [{"name": "CODEBUILD_X", "value": "1"}]}},
            "CODEBUILD_ is reserved",
        ),
        ({"environment": {**ENVIRONMENT, "environmentVariables": [{"name": "A", "value": "1"}] * 2}}, "given twice"),
    ],
)
def test_an_invalid_project_is_refused(codebuild: Any, create_project: Any, members: Any, sentence: str) -> None:
    with pytest.raises(ClientError, match=sentence):
        create_project(SPEC, **members)
    assert codebuild.list_projects()["projects"] == []


def test_a_project_with_source_codepipeline_can_only_be_started_by_a_pipeline(
    codebuild: Any, create_project: Any
) -> None:
    create_project(source={"type": "CODEPIPELINE"}, artifacts={"type": "CODEPIPELINE"})
    with pytest.raises(ClientError, match="start its pipeline instead"):
        codebuild.start_build(projectName="app")


def test_overrides_are_checked_like_projects(codebuild: Any, create_project: Any) -> None:
    create_project(SPEC)
    with pytest.raises(ClientError, match="CODEBUILD_ is reserved"):
        codebuild.start_build(
            projectName="app", environmentVariablesOverride=[{"name": "CODEBUILD_BUILD_ID", "value": "x"}]
        )
    with pytest.raises(ClientError, match="location must not be empty for artifacts"):
        codebuild.start_build(projectName="app", artifactsOverride={"type": "S3"})
    assert codebuild.list_builds()["ids"] == []
