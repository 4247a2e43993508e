"""A seed lists the initial contents of an account; each mistake in it is reported in one sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from localcloud.core import seed
from localcloud.core.errors import Problem
from localcloud.core.seed import Bucket, Connection, Object, Parameter, Role, Seed
from localcloud.runtime.jobs.images import Image

CONNECTION = "arn:aws:codeconnections:eu-west-1:000000000000:connection/00000000-0000-0000-0000-000000000000"

JOBS = "arn:aws:iam::000000000000:role/team/jobs"
POLICY = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").write_text("a\n1\n")
    return tmp_path


def complete() -> dict[str, Any]:
    return {
        "version": 1,
        "buckets": [{"name": "one", "objects": [{"key": "in/data.csv", "file": "data.csv", "if_empty": "in/"}]}],
        "roles": [{"arn": JOBS, "managed_policies": [POLICY]}, {"name": "build", "service": "x.amazonaws.com"}],
        "parameters": [{"name": "/team/size", "value": "3"}, {"name": "key", "value": "k", "type": "SecureString"}],
        "connections": [{"arn": CONNECTION, "provider": "GitLab"}],
        "images": [{"image": "*/churn:*", "python": sys.executable, "serve": ["python", "-m", "mine"]}],
    }


def parse(document: Any, folder: Path, **scope: str) -> Seed:
    return seed.parse(document, "seed.json", folder, **scope)


def test_each_kind_of_content_is_read(folder: Path) -> None:
    assert parse(complete(), folder) == Seed(
        "000000000000",
        "eu-west-1",
        buckets=(Bucket("one", (Object("in/data.csv", str(folder / "data.csv"), "in/"),)),),
        roles=(Role("jobs", "/team/", "sagemaker.amazonaws.com", (POLICY,)), Role("build", "/", "x.amazonaws.com")),
        parameters=(Parameter("/team/size", "3", "String"), Parameter("key", "k", "SecureString")),
        connections=(Connection(CONNECTION, "local", "GitLab"),),
        images=(Image("*/churn:*", sys.executable, ("python", "-m", "mine")),),
    )


def test_a_document_is_parsed_into_the_same_seed(folder: Path) -> None:
    content = parse(complete(), folder)
    assert parse(json.loads(json.dumps(content.document())), Path("/elsewhere")) == content


def test_account_and_region_are_the_seeds_unless_others_are_given(folder: Path) -> None:
    document = {"version": 1, "account": "111122223333", "region": "us-east-1"}
    content = parse(document, folder)
    assert (content.account, content.region) == ("111122223333", "us-east-1")
    with pytest.raises(
        Problem, match="account is 111122223333, and localcloud runs with 000000000000: correct the seed"
    ):
        parse(document, folder, account="000000000000")
    with pytest.raises(Problem, match="region is us-east-1, and localcloud runs with eu-west-1: correct the seed"):
        parse(document, folder, region="eu-west-1")
    assert parse({"version": 1}, folder, account="444455556666").account == "444455556666"


def test_an_interpreter_is_looked_up_on_the_path_or_beside_the_seed(folder: Path) -> None:
    (folder / "venv").mkdir()
    (folder / "venv" / "python").symlink_to(sys.executable)

    def python(name: str) -> str:
        return parse({"version": 1, "images": [{"image": "x", "python": name}]}, folder).images[0].python

    assert python("venv/python") == str(folder / "venv" / "python")
    assert Path(python("python3")).is_absolute()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 2}, "seed.json: version must be 1, the version that this localcloud reads"),
        ({"version": True}, "seed.json: version must be a number, and is true"),
        (
            {"bucket": []},
            'seed.json: there is no field "bucket"; the fields are '
            "version, account, region, buckets, roles, parameters, connections, images",
        ),
        ({"account": "12"}, 'seed.json: account is "12": it must be an account of 12 digits'),
        ({"region": "mars-1"}, 'seed.json: region is "mars-1": it must be a region such as eu-west-1'),
        ({"buckets": {}}, "seed.json: buckets must be a list, and is {}"),
        ({"buckets": ["one"]}, 'seed.json: buckets[0]: must be an object, and is "one"'),
        ({"buckets": [{}]}, 'seed.json: buckets[0]: the field "name" is missing'),
        ({"buckets": [{"nme": "one"}]}, 'seed.json: buckets[0]: there is no field "nme"; the fields are name, objects'),
        (
            {"buckets": [{"name": "One"}]},
            'seed.json: buckets[0]: name is "One": it must be the name of a bucket: 3 to 63 lower-case letters, '
            "digits, hyphens and dots",
        ),
        (
            {"buckets": [{"name": "one"}, {"name": "one"}]},
            "seed.json: buckets[1]: one is there twice; take one of the two out",
        ),
        (
            {"buckets": [{"name": "one", "objects": [{"key": "k", "file": "gone.csv"}]}]},
            "seed.json: buckets[0].objects[0]: file is FOLDER/gone.csv, which is not a file: "
            "write it, or take the object out",
        ),
        (
            {"buckets": [{"name": "one", "objects": [{"key": "", "file": "data.csv"}]}]},
            'seed.json: buckets[0].objects[0]: key is "": it must be the key of an object: 1 to 1024 characters',
        ),
        (
            {"roles": [{"name": "a", "managed_policies": ["AdministratorAccess"]}]},
            "seed.json: roles[0]: managed_policies has 'AdministratorAccess', which must be the ARN of "
            "a policy of AWS: arn:aws:iam::aws:policy/<name>",
        ),
        ({"roles": [{}]}, "seed.json: roles[0]: give either arn, or name and path"),
        ({"roles": [{"name": "a", "arn": "b"}]}, "seed.json: roles[0]: give either arn, or name and path"),
        (
            {"roles": [{"arn": "arn:aws:iam::111122223333:role/a"}]},
            "seed.json: roles[0]: arn is of the account 111122223333, and localcloud runs with 000000000000: "
            "correct the seed, or restart localcloud with --account and --region",
        ),
        (
            {"roles": [{"arn": "arn:aws:iam::000000000000:user/a"}]},
            'seed.json: roles[0]: arn is "arn:aws:iam::000000000000:user/a": '
            "it must be the ARN of a role: arn:aws:iam::<account>:role/<name>",
        ),
        (
            {"parameters": [{"name": "/aws/a", "value": "3"}]},
            'seed.json: parameters[0]: name is "/aws/a": it must be the name of a parameter, '
            "with a / at the beginning if it has any, and without the prefixes aws and ssm",
        ),
        ({"parameters": [{"name": "a"}]}, 'seed.json: parameters[0]: the field "value" is missing'),
        ({"parameters": [{"name": "a", "value": 3}]}, "seed.json: parameters[0]: value must be a text, and is 3"),
        (
            {"parameters": [{"name": "a", "value": "3", "type": "Number"}]},
            'seed.json: parameters[0]: type is "Number": it must be one of String, StringList, SecureString',
        ),
        (
            {"connections": [{"arn": CONNECTION, "provider": "Gitea"}]},
            'seed.json: connections[0]: provider is "Gitea": it must be one of GitHub, GitLab, Bitbucket, '
            "GitHubEnterpriseServer, GitLabSelfManaged, AzureDevOps",
        ),
        (
            {"connections": [{"arn": CONNECTION.replace("eu-west-1", "us-east-1")}]},
            "seed.json: connections[0]: arn is of the region us-east-1, and localcloud runs with eu-west-1: "
            "correct the seed, or restart localcloud with --account and --region",
        ),
        (
            {"images": [{"image": "x", "python": "no-such-python"}]},
            "seed.json: images[0]: python is no-such-python, which is not an executable file: "
            "install it, or correct it",
        ),
        ({"images": [{"image": "x", "serve": [1]}]}, "seed.json: images[0]: serve must be a list of texts, and is [1]"),
    ],
)
def test_a_mistake_is_one_sentence(folder: Path, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(complete() | change, folder)
    assert str(caught.value) == sentence.replace("FOLDER", str(folder))


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"the seed .*none.json cannot be read \(No such file or directory\)"):
        seed.read(tmp_path / "none.json")
    (tmp_path / "seed.json").write_text("{")
    with pytest.raises(Problem, match=r"the seed .*seed.json is not JSON: "):
        seed.read(tmp_path / "seed.json")


def test_the_providers_are_those_of_aws() -> None:
    import botocore.session

    model = botocore.session.get_session().get_service_model("codeconnections")
    assert sorted(seed.PROVIDERS) == sorted(model.shape_for("ProviderType").enum)
