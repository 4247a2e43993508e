"""Pipelines, versions, aliases, tags: created, changed, listed, refused as on AWS."""

import json

import pytest

ROLE = "arn:aws:iam::000000000000:role/churn-dev"


@pytest.fixture
def services(pipelines_alone):
    return pipelines_alone


@pytest.fixture
def body(make):
    return make.body(make.fail("Stop", "why"))


@pytest.fixture
def other(make):
    return make.body(make.fail("Halt", "why"))


def test_what_is_created_is_described(runs, body):
    arn = runs.create(body, PipelineDescription="from data to model", Tags=[{"Key": "project", "Value": "churn"}])
    assert arn == "arn:aws:sagemaker:eu-west-1:000000000000:pipeline/churn"
    for name in ("churn", arn):
        pipeline = runs.client.describe_pipeline(PipelineName=name)
        assert pipeline["PipelineDefinition"] == body
        assert (pipeline["PipelineArn"], pipeline["RoleArn"], pipeline["PipelineStatus"]) == (arn, ROLE, "Active")
        assert pipeline["PipelineDescription"] == "from data to model"
        assert pipeline["CreationTime"] == pipeline["LastModifiedTime"]
    assert runs.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "project", "Value": "churn"}]


def test_a_name_is_unique(runs, body, refused):
    runs.create(body)
    with refused("ValidationException", "Pipeline names must be unique within an AWS account and region"):
        runs.create(body)


def test_a_token_creates_once_even_when_the_pipeline_is_deleted(runs, body, token, refused):
    same = token()
    arn = runs.create(body, ClientRequestToken=same)
    assert runs.create(body, ClientRequestToken=same, Tags=[{"Key": "a", "Value": "b"}]) == arn
    with refused("ConflictException", "ClientRequestToken"):
        runs.create(body, name="another", ClientRequestToken=same)
    runs.client.delete_pipeline(PipelineName="churn")
    assert runs.create(body, ClientRequestToken=same) == arn
    with refused("ResourceNotFound"):
        runs.client.describe_pipeline(PipelineName="churn")


def test_a_token_is_forgotten_after_a_day(runs, body, token):
    same = token()
    runs.create(body, ClientRequestToken=same)
    runs.client.delete_pipeline(PipelineName="churn")
    runs.cloud.clock.advance(25 * 3600)
    runs.create(body, ClientRequestToken=same)
    assert runs.client.describe_pipeline(PipelineName="churn")


def test_the_definition_may_be_in_s3(runs, aws, body, other, refused):
    place = {"Bucket": "definitions", "ObjectKey": "churn.json"}
    aws("s3").create_bucket(Bucket="definitions", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws("s3").put_bucket_versioning(Bucket="definitions", VersioningConfiguration={"Status": "Enabled"})
    request = {"PipelineName": "churn", "RoleArn": ROLE, "PipelineDefinitionS3Location": place}
    with refused("ValidationException", "s3://definitions/churn.json does not exist"):
        runs.client.create_pipeline(**request)
    first = aws("s3").put_object(Bucket="definitions", Key="churn.json", Body=body)["VersionId"]
    aws("s3").put_object(Bucket="definitions", Key="churn.json", Body=other)
    runs.client.create_pipeline(**request)
    assert runs.client.describe_pipeline(PipelineName="churn")["PipelineDefinition"] == other
    runs.client.update_pipeline(PipelineName="churn", PipelineDefinitionS3Location={**place, "VersionId": first})
    assert runs.client.describe_pipeline(PipelineName="churn")["PipelineDefinition"] == body
    with refused("ValidationException", "cannot be given together"):
        runs.client.create_pipeline(PipelineDefinition=body, **request)
    with refused("ValidationException", "must be given"):
        runs.client.create_pipeline(PipelineName="churn2", RoleArn=ROLE)


def test_what_aws_s_model_refuses_is_refused(runs, body, refused):
    with refused("ValidationException", "RoleArn"):
        runs.client.create_pipeline(
            PipelineName="churn", PipelineDefinition=body, RoleArn="arn:aws:iam::1:role/short-id"
        )


def test_an_update_changes_what_it_names(runs, body):
    runs.create(body, PipelineDescription="old")
    runs.cloud.clock.advance(5)
    response = runs.client.update_pipeline(PipelineName="churn", PipelineDescription="new")
    pipeline = runs.client.describe_pipeline(PipelineName="churn")
    assert (pipeline["PipelineDescription"], pipeline["RoleArn"], pipeline["PipelineDefinition"]) == ("new", ROLE, body)
    assert (pipeline["LastModifiedTime"] - pipeline["CreationTime"]).seconds == 5
    assert response["PipelineVersionId"] == 1


def test_a_changed_definition_is_a_new_version(runs, body, other):
    runs.create(body)
    assert runs.client.update_pipeline(PipelineName="churn", PipelineDefinition=body)["PipelineVersionId"] == 1
    assert runs.client.update_pipeline(PipelineName="churn", PipelineDefinition=other)["PipelineVersionId"] == 2
    of = {
        number: runs.client.describe_pipeline(PipelineName="churn", PipelineVersionId=number)["PipelineDefinition"]
        for number in (1, 2)
    }
    assert of == {1: body, 2: other}
    listed = runs.client.list_pipeline_versions(PipelineName="churn")["PipelineVersionSummaries"]
    assert [version["PipelineVersionId"] for version in listed] == [2, 1]


def test_a_refused_update_changes_nothing(runs, body, refused):
    runs.create(body)
    with refused("ValidationException"):
        runs.client.update_pipeline(PipelineName="churn", PipelineDefinition="{}", PipelineDescription="new")
    assert "PipelineDescription" not in runs.client.describe_pipeline(PipelineName="churn")


def test_versions_have_names_and_aliases(runs, body, other, refused):
    arn = runs.create(body, PipelineVersionAliases=["prod"])
    runs.client.update_pipeline(PipelineName="churn", PipelineDefinition=other)
    described = runs.client.describe_pipeline(PipelineName="churn", PipelineVersionAlias="prod")
    assert described["PipelineDefinition"] == body
    change = {"PipelineArn": arn, "PipelineVersionId": 2}
    with refused("ConflictException", "belongs to version 1"):
        runs.client.update_pipeline_version(**change, PipelineVersionAliasOperations={"Add": ["prod"]})
    with refused("ValidationException", "numbers only"):
        runs.client.update_pipeline_version(**change, PipelineVersionAliasOperations={"Add": ["12"]})
    runs.client.update_pipeline_version(
        PipelineArn=arn, PipelineVersionId=1, PipelineVersionAliasOperations={"Remove": ["prod"]}
    )
    runs.client.update_pipeline_version(
        **change, PipelineVersionDisplayName="second", PipelineVersionAliasOperations={"Add": ["prod"]}
    )
    described = runs.client.describe_pipeline(PipelineName="churn", PipelineVersionAlias="prod")
    assert (described["PipelineDefinition"], described["PipelineVersionDisplayName"]) == (other, "second")
    for wrong in ({"PipelineVersionId": 3}, {"PipelineVersionAlias": "test"}):
        with refused("ResourceNotFound"):
            runs.client.describe_pipeline(PipelineName="churn", **wrong)
    with refused("ValidationException", "together"):
        runs.client.describe_pipeline(PipelineName="churn", PipelineVersionId=1, PipelineVersionAlias="prod")
    with refused("ValidationException", "changes the definition"):
        runs.client.update_pipeline(PipelineName="churn", PipelineVersionAliases=["x"])


def test_lists_are_newest_first_filtered_and_paged(runs, body):
    times = {}
    for name in ("b-one", "a-two", "b-three"):
        runs.create(body, name=name)
        times[name] = runs.cloud.clock.now()
        runs.cloud.clock.advance(10)

    def names(**request):
        return [p["PipelineName"] for p in runs.client.list_pipelines(**request)["PipelineSummaries"]]

    assert names() == ["b-three", "a-two", "b-one"]
    assert names(SortOrder="Ascending") == ["b-one", "a-two", "b-three"]
    assert names(SortBy="Name", SortOrder="Ascending") == ["a-two", "b-one", "b-three"]
    assert names(PipelineNamePrefix="b") == ["b-three", "b-one"]
    assert names(CreatedAfter=times["a-two"].timestamp() - 5) == ["b-three", "a-two"]
    assert names(CreatedBefore=times["a-two"].timestamp() - 5) == ["b-one"]
    assert names(ManagedBy="AWS") == []
    pages = runs.client.get_paginator("list_pipelines").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["PipelineSummaries"]) for page in pages] == [2, 1]


def test_a_pipeline_is_deleted_with_its_executions(runs, body, refused):
    runs.create(body)
    execution = runs.start()
    runs.client.delete_pipeline(PipelineName="churn")
    with refused("ResourceNotFound"):
        runs.execution(execution)
    with refused("ResourceNotFound", "does not exist"):
        runs.client.delete_pipeline(PipelineName="churn")
    runs.create(body)
    assert runs.client.list_pipeline_executions(PipelineName="churn")["PipelineExecutionSummaries"] == []


def test_a_running_pipeline_is_not_deleted(runs, make, refused):
    runs.start(make.body(make.processing("Work")))
    with refused("ConflictException", "running executions"):
        runs.client.delete_pipeline(PipelineName="churn")
    assert runs.client.describe_pipeline(PipelineName="churn")


def test_tags_are_added_replaced_and_removed(runs, body, refused):
    arn = runs.create(body, Tags=[{"Key": "a", "Value": "1"}])
    added = runs.client.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    assert added["Tags"] == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    runs.client.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert runs.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "3"}]
    with refused("ValidationException", "aws:"):
        runs.client.add_tags(ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": ""}])
    with refused("ValidationException", "at most 50"):
        runs.client.add_tags(ResourceArn=arn, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    with refused("ValidationException", "does not exist"):
        runs.client.list_tags(ResourceArn=f"{arn}2")


def test_the_definition_is_stored_unchanged(runs, make):
    body = json.dumps(json.loads(make.body(make.fail("Stop", "ü"))), indent=3, ensure_ascii=False)
    runs.create(body)
    assert runs.client.describe_pipeline(PipelineName="churn")["PipelineDefinition"] == body
