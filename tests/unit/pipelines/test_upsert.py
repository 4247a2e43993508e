"""Created, updated with the difference, or unchanged: against a stand-in that refuses what AWS refuses."""

import json
import re
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from pipelines.definition import Compiled
from pipelines.state import read
from pipelines.upsert import LARGEST_INLINE, plan, upsert

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/churn-dev"
ROLE = "arn:aws:iam::111122223333:role/churn-dev-training"


def refused(operation, code, message="", status=400):
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


class FakeSageMaker:
    """The pipelines of one account. ``meanwhile`` runs between the read and the next call."""

    def __init__(self, s3):
        self.s3 = s3
        self.pipelines, self.tags, self.writes, self.tokens = {}, {}, [], {}
        self.meanwhile = None
        self.denied = ()

    def describe_pipeline(self, PipelineName):
        if PipelineName not in self.pipelines:
            raise refused("DescribePipeline", "ResourceNotFound", f"Pipeline '{PipelineName}' does not exist.")
        return {"PipelineName": PipelineName, "PipelineArn": ARN, **self.pipelines[PipelineName]}

    def create_pipeline(self, PipelineName, RoleArn, ClientRequestToken, Tags=(), PipelineDescription="", **definition):
        self._interfere()
        assert 32 <= len(ClientRequestToken) <= 128
        if ClientRequestToken in self.tokens:
            return self.tokens[ClientRequestToken]
        if PipelineName in self.pipelines:
            message = "Pipeline names must be unique within an AWS account and region. It already exists."
            raise refused("CreatePipeline", "ValidationException", message)
        self.writes.append("create")
        self.tokens[ClientRequestToken] = {"PipelineArn": ARN}
        self._put(PipelineName, RoleArn, PipelineDescription, **definition)
        self.tags = {tag["Key"]: tag["Value"] for tag in Tags}
        return {"PipelineArn": ARN}

    def update_pipeline(self, PipelineName, RoleArn, PipelineDescription="", **definition):
        self._interfere()
        if PipelineName not in self.pipelines:
            raise refused("UpdatePipeline", "ResourceNotFound", f"Pipeline '{PipelineName}' does not exist.")
        self.writes.append("update")
        self._put(PipelineName, RoleArn, PipelineDescription, **definition)

    def get_paginator(self, operation):
        assert operation == "list_tags"
        if "list_tags" in self.denied:
            raise refused("ListTags", "AccessDeniedException", status=403)
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return SimpleNamespace(paginate=lambda ResourceArn: [{"Tags": tags[:1]}, {"Tags": tags[1:]}])

    def add_tags(self, ResourceArn, Tags):
        assert ResourceArn == ARN
        self.writes.append("tag")
        self.tags |= {tag["Key"]: tag["Value"] for tag in Tags}

    def _put(self, name, role, description, PipelineDefinition=None, PipelineDefinitionS3Location=None):
        assert re.fullmatch(r"arn:aws:iam::\d{12}:role/.+", role)
        assert (PipelineDefinition is None) != (PipelineDefinitionS3Location is None)
        if PipelineDefinitionS3Location:
            where = PipelineDefinitionS3Location
            PipelineDefinition = self.s3.objects[where["Bucket"], where["ObjectKey"]].decode()
        elif len(PipelineDefinition.encode()) > 100 * 1024:
            raise refused("CreatePipeline", "ValidationException", "The definition is too large")
        attributes = {"RoleArn": role, "PipelineDescription": description}
        self.pipelines[name] = {"PipelineDefinition": PipelineDefinition, **attributes}

    def _interfere(self):
        act, self.meanwhile = self.meanwhile, None
        if act:
            act()


class FakeS3:
    def __init__(self, *buckets):
        self.buckets, self.objects, self.writes, self.denied = set(buckets), {}, [], False

    def head_bucket(self, Bucket):
        if self.denied:
            raise refused("HeadBucket", "403", "Forbidden", 403)
        if Bucket not in self.buckets:
            raise refused("HeadBucket", "404", "Not Found", 404)

    def head_object(self, Bucket, Key):
        if (Bucket, Key) not in self.objects:
            raise refused("HeadObject", "404", "Not Found", 404)

    def put_object(self, Bucket, Key, Body, IfNoneMatch=None):
        if IfNoneMatch and (Bucket, Key) in self.objects:
            raise refused("PutObject", "PreconditionFailed", status=412)
        self.writes.append(Key)
        self.objects[Bucket, Key] = Body


class Cloud:
    def __init__(self):
        self.s3 = FakeS3("bucket")
        self.sagemaker = FakeSageMaker(self.s3)

    def client(self, service):
        return getattr(self, service)

    @property
    def writes(self):
        return self.sagemaker.writes + self.s3.writes


@pytest.fixture
def cloud():
    return Cloud()


def settings(**changes):
    values = {"env": "dev", "role_arn": ROLE, "bucket": "bucket", "tags": {"project": "churn"}} | changes
    return SimpleNamespace(project=SimpleNamespace(name="churn"), **values)


STEPS = [{"Name": "Train", "Type": "Training"}]


def compiled(threshold=0.8, filler=""):
    parameters = [{"Name": "Threshold", "Type": "Float", "DefaultValue": threshold}]
    body = json.dumps(
        {"Version": "2020-12-01", "Metadata": {"filler": filler}, "Parameters": parameters, "Steps": STEPS},
        ensure_ascii=False,
    )
    uploads = {"s3://bucket/churn/code/1234/train.py": b"code"}
    return Compiled("churn-dev", body, uploads, {"s3://bucket/churn/champion/none.json": b"{}"})


def run(cloud, definition=None, **changes):
    waits = []
    return upsert(settings(**changes), definition or compiled(), cloud.client, waits.append)


def test_created_with_role_description_tags_and_code(cloud):
    done = run(cloud)
    assert done.render(done=True) == "created pipeline churn-dev with Train"
    assert done.render(done=False).startswith("would create pipeline churn-dev:\n  parameter Threshold added")
    assert cloud.sagemaker.pipelines["churn-dev"]["RoleArn"] == ROLE
    assert cloud.sagemaker.tags == {"project": "churn"}
    assert set(cloud.s3.objects) == {("bucket", "churn/code/1234/train.py"), ("bucket", "churn/champion/none.json")}


def test_the_second_time_nothing_is_written(cloud):
    run(cloud)
    before = list(cloud.writes)
    assert run(cloud).render(done=True) == "pipeline churn-dev is unchanged"
    assert cloud.writes == before


def test_updated_with_the_difference(cloud):
    run(cloud)
    done = run(cloud, compiled(0.9))
    assert done.render(done=True) == "updated pipeline churn-dev:\n  parameter Threshold: default: 0.8 -> 0.9"
    assert json.loads(read(cloud.sagemaker, "churn-dev").definition)["Parameters"][0]["DefaultValue"] == 0.9


def test_another_layout_of_the_same_definition_is_unchanged(cloud):
    run(cloud)
    live = cloud.sagemaker.pipelines["churn-dev"]
    live["PipelineDefinition"] = json.dumps(json.loads(live["PipelineDefinition"]), indent=2)
    assert run(cloud).action == "unchanged"


def test_another_role_alone_is_an_update(cloud):
    run(cloud)
    done = run(cloud, role_arn=ROLE + "2")
    assert done.lines == [f"role: {ROLE} -> {ROLE}2"]
    assert cloud.sagemaker.pipelines["churn-dev"]["RoleArn"] == ROLE + "2"


def test_a_changed_description_is_restored(cloud):
    run(cloud)
    cloud.sagemaker.pipelines["churn-dev"]["PipelineDescription"] = "mine"
    assert run(cloud).lines == ["description: mine -> churn: from raw data to a registered model (dev)"]
    assert run(cloud).action == "unchanged"


def test_tags_that_differ_are_set_and_others_left_alone(cloud):
    run(cloud)
    cloud.sagemaker.tags = {"project": "other", "audit": "2026"}
    done = run(cloud, tags={"project": "churn", "team": "risk"})
    assert done.lines == ["tag project: other -> churn", "tag team: (none) -> risk"]
    assert cloud.sagemaker.tags == {"project": "churn", "audit": "2026", "team": "risk"}
    assert cloud.sagemaker.writes == ["create", "tag"]


def test_tags_that_may_not_be_read_do_not_stop_an_upsert(cloud):
    run(cloud)
    cloud.sagemaker.denied = ("list_tags",)
    assert run(cloud, tags={"project": "else"}).action == "unchanged"


def test_a_plan_writes_nothing(cloud):
    run(cloud)
    before = list(cloud.writes)
    todo = plan(settings(), compiled(0.9), read(cloud.sagemaker, "churn-dev", tags=True))
    assert todo.render(done=False).startswith("would update pipeline churn-dev:\n  parameter Threshold")
    assert cloud.writes == before


def test_a_large_definition_goes_through_s3(cloud):
    large = compiled(filler="x" * LARGEST_INLINE)
    assert run(cloud, large).action == "create"
    assert cloud.sagemaker.pipelines["churn-dev"]["PipelineDefinition"] == large.body
    (key,) = [key for _, key in cloud.s3.objects if "definitions" in key]
    assert key.startswith("churn/definitions/")
    assert run(cloud, large).action == "unchanged"
    assert run(cloud, compiled(0.9, "x" * LARGEST_INLINE)).action == "update"


def test_the_limit_counts_bytes_not_characters(cloud):
    run(cloud, compiled(filler="ü" * (LARGEST_INLINE * 2 // 3)))  # two bytes each
    assert any("definitions" in key for key in cloud.s3.writes)


def test_a_concurrent_creation(cloud):
    def create():
        run(cloud, compiled(0.5))

    cloud.sagemaker.meanwhile = create
    assert run(cloud).render(done=True) == "updated pipeline churn-dev:\n  parameter Threshold: default: 0.5 -> 0.8"


def test_a_concurrent_deletion(cloud):
    run(cloud)
    cloud.sagemaker.meanwhile = cloud.sagemaker.pipelines.clear
    assert run(cloud, compiled(0.9)).action == "create"
    assert "churn-dev" in cloud.sagemaker.pipelines


def test_a_conflict_that_ends_is_waited_for(cloud):
    def conflict():
        raise refused("CreatePipeline", "ConflictException")

    cloud.sagemaker.meanwhile = conflict
    assert run(cloud).action == "create"
    assert "churn-dev" in cloud.sagemaker.pipelines


def test_a_conflict_that_does_not_end_is_reported(cloud):
    def conflict(**_):
        raise refused("CreatePipeline", "ConflictException")

    cloud.sagemaker.create_pipeline = conflict
    with pytest.raises(ClientError, match="ConflictException"):
        run(cloud)


def test_a_refusal_is_not_tried_again(cloud):
    tried = []

    def refuse(**_):
        tried.append(1)
        raise refused("CreatePipeline", "ValidationException", "The role does not exist")

    cloud.sagemaker.create_pipeline = refuse
    with pytest.raises(ClientError, match="role does not exist"):
        run(cloud)
    assert tried == [1]


def test_created_deleted_and_created_again_within_the_memory_of_the_token(cloud):
    run(cloud)
    cloud.sagemaker.pipelines.clear()
    assert run(cloud).action == "create"
    assert "churn-dev" in cloud.sagemaker.pipelines


def test_what_was_lost_from_the_bucket_is_published_again(cloud):
    run(cloud)
    del cloud.s3.objects["bucket", "churn/code/1234/train.py"]
    assert run(cloud).action == "unchanged"
    assert ("bucket", "churn/code/1234/train.py") in cloud.s3.objects


def test_seeds_are_never_overwritten(cloud):
    cloud.s3.objects["bucket", "churn/champion/none.json"] = b"mine"
    run(cloud)
    assert cloud.s3.objects["bucket", "churn/champion/none.json"] == b"mine"


def test_an_initial_object_that_is_put_concurrently_stays(cloud):
    cloud.s3.objects["bucket", "churn/champion/none.json"] = b"mine"
    looked = cloud.s3.head_object

    def blind(Bucket, Key):
        if "champion" in Key:
            raise refused("HeadObject", "404", status=404)
        return looked(Bucket, Key)

    cloud.s3.head_object = blind
    run(cloud)
    assert cloud.s3.objects["bucket", "churn/champion/none.json"] == b"mine"


@pytest.mark.parametrize("state", [{"buckets": set()}, {"denied": True}])
def test_without_its_bucket_nothing_is_written(cloud, state):
    vars(cloud.s3).update(state)
    with pytest.raises(ClientError, match="HeadBucket"):
        run(cloud)
    assert cloud.writes == []


def test_a_definition_that_is_no_json_is_replaced(cloud):
    run(cloud)
    cloud.sagemaker.pipelines["churn-dev"]["PipelineDefinition"] = "{'not': 'json'}"
    done = run(cloud)
    assert done.action == "update"
    assert "cannot be read as JSON" in done.lines[0]
    assert run(cloud).action == "unchanged"
