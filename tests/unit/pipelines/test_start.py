"""Starting: what people give is checked, the rest is found out; nothing is started before all of it is known."""

import json
import subprocess
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from pipelines.commit import commit
from pipelines.data_version import data_version
from pipelines.definition import Compiled
from pipelines.start import start
from settings.errors import Problem, UsageProblem

PIPELINE = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/churn-dev"


def refused(operation, code, message="", status=400):
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


def body(*names, **defaults):
    names = names or ("DataUri", "DataVersion", "ChampionUri", "GitCommit", "Threshold")
    values = {n: f"s3://bucket/{n}" for n in names} | {"GitCommit": "unknown"} | defaults
    parameters = [{"Name": n, "Type": "String", "DefaultValue": values[n]} for n in names]
    return json.dumps({"Parameters": parameters, "Steps": []})


class FakeSageMaker:
    def __init__(self, definition):
        self.definition = definition
        self.started = []

    def describe_pipeline(self, PipelineName):
        if self.definition is None:
            raise refused("DescribePipeline", "ResourceNotFound", "Pipeline does not exist")
        return {"PipelineArn": PIPELINE, "PipelineDefinition": self.definition, "RoleArn": "role"}

    def start_pipeline_execution(self, PipelineName, PipelineParameters, ClientRequestToken):
        declared = {parameter["Name"] for parameter in json.loads(self.definition)["Parameters"]}
        if not {parameter["Name"] for parameter in PipelineParameters} <= declared:
            raise refused("StartPipelineExecution", "ValidationException", "undeclared parameter")
        assert 32 <= len(ClientRequestToken) <= 128
        assert all(isinstance(p["Value"], str) and len(p["Value"]) <= 1024 for p in PipelineParameters)
        self.started.append({p["Name"]: p["Value"] for p in PipelineParameters})
        self.token = ClientRequestToken
        return {"PipelineExecutionArn": f"{PIPELINE}/execution/abc"}


class FakeS3:
    """Listed in pages of one object."""

    def __init__(self, **objects):
        self.objects = objects
        self.error = None

    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, Bucket, Prefix):
        if self.error:
            raise self.error
        self.listed = (Bucket, Prefix)
        found = [{"Key": key, "ETag": tag, "Size": len(tag)} for key, tag in sorted(self.objects.items())]
        return [{"Contents": [entry]} for entry in found] or [{}]


class Cloud:
    def __init__(self, definition):
        self.sagemaker, self.s3 = FakeSageMaker(definition), FakeS3(a="1", b="2")

    def client(self, service):
        return getattr(self, service)


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "code.py").write_text("1\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "-qm", "first")
    return folder


def git(folder, *arguments):
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def begin(cloud, tree, here=None, **values):
    return start(cloud.client, Compiled("churn-dev", here or body(), {}, {}), values, tree)


def test_commit_and_data_version_are_determined_and_the_champion_is_the_object_of_production(tree):
    cloud = Cloud(body())
    started = begin(cloud, tree)
    (sent,) = cloud.sagemaker.started
    assert sent["GitCommit"] == git(tree, "rev-parse", "HEAD")
    assert sent["DataVersion"] == data_version("s3://bucket/DataUri", cloud.s3)
    assert set(sent) == {"GitCommit", "DataVersion"}
    assert "execution/abc" in started.render("churn-dev")


def test_what_is_given_wins(tree):
    cloud = Cloud(body())
    begin(cloud, tree, GitCommit="abc", ChampionUri="s3://x/y/", DataVersion="1", Threshold="0.9")
    given = {"GitCommit": "abc", "ChampionUri": "s3://x/y/", "DataVersion": "1", "Threshold": "0.9"}
    assert cloud.sagemaker.started == [given]


def test_the_data_version_is_that_of_the_given_uri(tree):
    cloud = Cloud(body())
    begin(cloud, tree, DataUri="s3://other/new/day")
    assert cloud.s3.listed == ("other", "new/day")


def test_what_the_pipeline_does_not_declare_is_not_sent(tree):
    cloud = Cloud(body("Threshold"))
    begin(cloud, tree, here=body("Threshold"))
    assert cloud.sagemaker.started == [{}]


def test_the_commit_is_that_of_the_build_which_uploaded_the_definition(tree):
    cloud = Cloud(body(GitCommit="0123abc"))
    started = begin(cloud, tree, here=body())
    assert "GitCommit" not in cloud.sagemaker.started[0]  # the definition's own applies
    assert started.current


def test_two_starts_are_two_runs(tree):
    cloud = Cloud(body())
    begin(cloud, tree)
    first = cloud.sagemaker.token
    begin(cloud, tree)
    assert cloud.sagemaker.token != first


def test_a_pipeline_that_is_not_this_tree_gets_no_commit_and_a_note(tree):
    cloud = Cloud(body(Threshold="0.5"))
    started = begin(cloud, tree)
    assert "GitCommit" not in cloud.sagemaker.started[0]
    assert "differs from this tree" in started.render("churn-dev")


def test_a_parameter_that_only_this_tree_declares_is_refused(tree):
    cloud = Cloud(body("Threshold"))
    with pytest.raises(UsageProblem, match="DataUri does not exist in the pipeline as it is at AWS: add --upsert"):
        begin(cloud, tree, DataUri="s3://a/b")
    assert cloud.sagemaker.started == []


def test_without_a_pipeline_the_error_names_the_option_that_creates_it(tree):
    with pytest.raises(Problem, match="churn-dev does not exist: create it with --upsert"):
        begin(Cloud(None), tree)


def test_without_data_nothing_is_started(tree):
    cloud = Cloud(body())
    cloud.s3.objects = {"folder/": ""}
    with pytest.raises(Problem, match="s3://bucket/DataUri holds no data"):
        begin(cloud, tree)
    assert cloud.sagemaker.started == []


def test_data_that_may_not_be_listed_is_never_taken_from_the_cache(tree):
    cloud = Cloud(body())
    cloud.s3.error = refused("ListObjectsV2", "AccessDenied", status=403)
    begin(cloud, tree)
    begin(cloud, tree)
    first, second = (sent["DataVersion"] for sent in cloud.sagemaker.started)
    assert first != second


def test_data_that_cannot_be_listed_stops_the_start(tree):
    cloud = Cloud(body())
    cloud.s3.error = refused("ListObjectsV2", "PermanentRedirect", status=301)
    with pytest.raises(ClientError, match="PermanentRedirect"):
        begin(cloud, tree)
    assert cloud.sagemaker.started == []


def test_data_in_a_bucket_that_is_not_there_stops_the_start(tree):
    cloud = Cloud(body())
    cloud.s3.error = refused("ListObjectsV2", "NoSuchBucket", status=404)
    with pytest.raises(Problem, match=r"s3://others/data: the bucket others does not exist: .*data\.uri"):
        begin(cloud, tree, DataUri="s3://others/data")
    assert cloud.sagemaker.started == []


@pytest.mark.parametrize("change", ["code.py", "new.py"])
def test_a_changed_tree_is_dirty(tree, change):
    with (tree / change).open("a") as file:
        file.write("2\n")
    assert commit(tree) == git(tree, "rev-parse", "HEAD") + "-dirty"


def test_changes_outside_of_the_project_do_not_count(tree):
    project = tree / "project"
    project.mkdir()
    (tree / "code.py").write_text("2\n")
    assert commit(project) == git(tree, "rev-parse", "HEAD")


def test_without_a_repository_or_a_commit_there_is_no_commit(tmp_path):
    (tmp_path / "plain").mkdir()
    assert commit(tmp_path / "plain") is None
    git(tmp_path / "plain", "init", "-q")
    assert commit(tmp_path / "plain") is None
