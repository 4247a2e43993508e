"""A seed adds what the account does not contain yet, and changes nothing that exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from support.control_key import key_of

CONNECTION = "arn:aws:codeconnections:eu-west-1:000000000000:connection/00000000-0000-0000-0000-000000000000"
POLICY = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
TAGS = [{"Key": "seeded-by", "Value": "localcloud"}]


@pytest.fixture
def services() -> list[str]:
    return ["localcloud.services.codeconnections.service:CodeConnections"]


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "data.csv").write_text("a\n1\n")
    item = {"key": "in/data.csv", "file": str(tmp_path / "data.csv"), "if_empty": "in/"}
    return {
        "version": 1,
        "buckets": [{"name": "one", "objects": [item]}],
        "roles": [{"name": "jobs", "path": "/team/", "managed_policies": [POLICY]}],
        "parameters": [{"name": "/team/size", "value": "3"}],
        "connections": [{"arn": CONNECTION, "name": "mine", "provider": "GitLab"}],
    }


@pytest.fixture
def apply(cloud: Any) -> Any:
    def post(document: Any, **options: Any) -> Any:
        response = httpx.post(
            f"{cloud.url}/_localcloud/seed", headers=key_of(cloud), json={"seed": document, **options}, timeout=60
        )
        return response.json()["added"] if response.status_code == 200 else response.json()["error"]

    return post


def keys(aws: Any) -> list[str]:
    return [entry["Key"] for entry in aws("s3").list_objects_v2(Bucket="one").get("Contents", [])]


def test_each_kind_is_added_once(aws: Any, apply: Any, document: Any) -> None:
    assert apply(document) == [
        *("bucket one", "object s3://one/in/data.csv", "role jobs", "parameter /team/size"),
        f"connection {CONNECTION}",
    ]
    assert apply(document) == []
    assert aws("s3").get_object(Bucket="one", Key="in/data.csv")["Body"].read() == b"a\n1\n"
    assert aws("s3").get_bucket_location(Bucket="one")["LocationConstraint"] == "eu-west-1"
    role = aws("iam").get_role(RoleName="jobs")["Role"]
    assert role["Arn"] == "arn:aws:iam::000000000000:role/team/jobs"
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    [attached] = aws("iam").list_attached_role_policies(RoleName="jobs")["AttachedPolicies"]
    assert attached["PolicyArn"] == POLICY
    parameter = aws("ssm").get_parameter(Name="/team/size")["Parameter"]
    assert (parameter["Value"], parameter["Type"]) == ("3", "String")


def test_seeded_resources_are_tagged(aws: Any, apply: Any, document: Any) -> None:
    """A stack may adopt them."""
    apply(document)
    assert aws("s3").get_bucket_tagging(Bucket="one")["TagSet"] == TAGS
    assert aws("iam").list_role_tags(RoleName="jobs")["Tags"] == TAGS


def test_a_connection_can_be_used_at_once(aws: Any, apply: Any, document: Any) -> None:
    apply(document)
    (connection,) = aws("codeconnections").list_connections()["Connections"]
    assert (connection["ConnectionArn"], connection["ConnectionStatus"]) == (CONNECTION, "AVAILABLE")
    assert (connection["ConnectionName"], connection["ProviderType"]) == ("mine", "GitLab")


def test_existing_resources_are_left_unchanged(aws: Any, apply: Any, document: Any) -> None:
    s3, iam = aws("s3"), aws("iam")
    s3.create_bucket(Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="one", Key="in/mine.csv", Body=b"mine")
    iam.create_role(RoleName="jobs", AssumeRolePolicyDocument="{}", Description="mine")
    aws("ssm").put_parameter(Name="/team/size", Value="5", Type="String")
    assert apply(document) == [f"connection {CONNECTION}"]
    assert keys(aws) == ["in/mine.csv"]
    with pytest.raises(s3.exceptions.ClientError, match="TagSet"):
        s3.get_bucket_tagging(Bucket="one")
    assert iam.get_role(RoleName="jobs")["Role"]["Description"] == "mine"
    assert aws("ssm").get_parameter(Name="/team/size")["Parameter"]["Value"] == "5"


def test_an_object_without_a_condition_is_added_and_replaces_none(aws: Any, apply: Any, document: Any) -> None:
    apply(document)
    (bucket,) = document["buckets"]
    first = bucket["objects"][0]
    del first["if_empty"]
    bucket["objects"].append(first | {"key": "in/more.csv"})
    aws("s3").put_object(Bucket="one", Key="in/data.csv", Body=b"mine")
    assert apply(document) == ["object s3://one/in/more.csv"]
    assert aws("s3").get_object(Bucket="one", Key="in/data.csv")["Body"].read() == b"mine"


def test_a_prefix_is_empty_for_all_objects_of_one_seed(aws: Any, apply: Any, document: Any) -> None:
    objects = document["buckets"][0]["objects"]
    objects.append(objects[0] | {"key": "in/more.csv"})
    apply(document)
    assert keys(aws) == ["in/data.csv", "in/more.csv"]


def test_an_unchanged_seed_restores_nothing_with_if_changed(aws: Any, apply: Any, document: Any) -> None:
    """`up` comes before each command: what a person deleted in between stays deleted."""
    apply(document)
    aws("iam").detach_role_policy(RoleName="jobs", PolicyArn=POLICY)
    aws("iam").delete_role(RoleName="jobs")
    assert apply(document, if_changed=True) == []
    document["roles"].append({"name": "more"})
    assert apply(document, if_changed=True) == ["role jobs", "role more"]
    aws("iam").detach_role_policy(RoleName="jobs", PolicyArn=POLICY)
    aws("iam").delete_role(RoleName="jobs")
    assert apply(document) == ["role jobs"]


def test_a_reset_applies_the_last_seed_again(cloud: Any, aws: Any, apply: Any, document: Any) -> None:
    apply(document)
    aws("s3").put_object(Bucket="one", Key="mine", Body=b"x")
    assert httpx.post(f"{cloud.url}/_localcloud/reset", headers=key_of(cloud), json={}, timeout=60).status_code == 200
    assert keys(aws) == ["in/data.csv"]
    assert aws("iam").list_role_tags(RoleName="jobs")["Tags"] == TAGS


def test_a_reset_without_a_file_of_the_seed_is_refused(cloud: Any, apply: Any, document: Any, tmp_path: Path) -> None:
    apply(document)
    (tmp_path / "data.csv").unlink()
    response = httpx.post(f"{cloud.url}/_localcloud/reset", headers=key_of(cloud), json={}, timeout=60)
    assert response.status_code == 400
    assert response.json()["error"] == (
        f"the object in/data.csv of the seed: {tmp_path}/data.csv cannot be read (No such file or directory): "
        "write it, then apply the seed again"
    )


def test_the_last_seed_sets_the_images(cloud: Any, apply: Any) -> None:
    apply({"version": 1, "images": [{"image": "*/churn:*", "serve": ["python", "serve.py"]}]})
    assert cloud.images.find("host/churn:1").serve == ("python", "serve.py")
    assert httpx.post(f"{cloud.url}/_localcloud/reset", headers=key_of(cloud), json={}, timeout=60).status_code == 200
    assert cloud.images.find("host/churn:1").serve == ("python", "serve.py")
    apply({"version": 1})
    assert cloud.images.find("host/churn:1").serve == ()


def test_a_mistake_is_refused_and_changes_nothing(aws: Any, apply: Any, document: Any) -> None:
    document["roles"] = [{"arn": "arn:aws:iam::111122223333:role/jobs"}]
    assert apply(document, source="my.json").startswith("my.json: roles[0]: arn is of the account 111122223333, ")
    assert aws("s3").list_buckets()["Buckets"] == []
    assert apply(None).startswith("the seed: must be an object")


def test_a_policy_that_aws_does_not_have_is_refused(apply: Any) -> None:
    arn = "arn:aws:iam::aws:policy/NoSuchPolicy"
    sentence = f"the role jobs of the seed: AWS has no policy {arn}; correct managed_policies"
    assert apply({"version": 1, "roles": [{"name": "jobs", "managed_policies": [arn]}]}) == sentence
