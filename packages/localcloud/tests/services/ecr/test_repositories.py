"""Repositories: create, describe, delete, tags, policies, and their URI."""

import json

import pytest
from botocore.exceptions import ClientError
from support.policies import allow, document

LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5},
            "action": {"type": "expire"},
        }
    ]
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}],
}


def test_a_repository_is_described_as_it_was_created(ecr, cloud, refused):
    created = ecr.create_repository(
        repositoryName="team/trees",
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        tags=[{"Key": "team", "Value": "a"}],
    )["repository"]
    described = ecr.describe_repositories(repositoryNames=["team/trees"])["repositories"]
    assert described == [created]
    assert created["repositoryArn"] == cloud.arn("ecr", "repository/team/trees")
    assert created["imageTagMutability"] == "IMMUTABLE"
    assert created["imageScanningConfiguration"] == {"scanOnPush": True}
    assert created["encryptionConfiguration"] == {"encryptionType": "AES256"}
    assert [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]] == ["churn", "team/trees"]
    assert ecr.list_tags_for_resource(resourceArn=created["repositoryArn"])["tags"] == [{"Key": "team", "Value": "a"}]
    refused(ecr.create_repository, "RepositoryAlreadyExistsException", repositoryName="churn")


@pytest.mark.parametrize("docker", [False, True])
def test_its_uri_is_aws_s_or_with_docker_this_server_s(ecr, cloud, monkeypatch, docker):
    monkeypatch.setenv("LOCALCLOUD_DOCKER", "1" if docker else "")
    host = cloud.url.removeprefix("http://") if docker else "000000000000.dkr.ecr.eu-west-1.amazonaws.com"
    assert ecr.describe_repositories()["repositories"][0]["repositoryUri"] == f"{host}/churn"
    endpoint = ecr.get_authorization_token()["authorizationData"][0]["proxyEndpoint"]
    assert endpoint == (cloud.url if docker else f"https://{host}")


def test_a_repository_with_images_is_deleted_by_force_only(ecr, put, refused):
    put("one", "1")
    message = refused(ecr.delete_repository, "RepositoryNotEmptyException", repositoryName="churn")
    assert message.endswith("cannot be deleted because it still contains images")
    ecr.delete_repository(repositoryName="churn", force=True)
    message = refused(ecr.describe_images, "RepositoryNotFoundException", repositoryName="churn")
    assert message == "The repository with name 'churn' does not exist in the registry with id '000000000000'"


def test_another_account_s_registry_has_none(ecr, refused):
    refused(ecr.describe_images, "RepositoryNotFoundException", repositoryName="churn", registryId="111122223333")


@pytest.mark.parametrize(
    ("kind", "policy", "text"),
    [("lifecycle", LIFECYCLE, "lifecyclePolicyText"), ("repository", POLICY, "policyText")],
)
def test_policies_are_checked_and_stored(ecr, refused, kind, policy, text):
    name = {"repositoryName": "churn"}
    put = ecr.put_lifecycle_policy if kind == "lifecycle" else ecr.set_repository_policy
    get, delete = getattr(ecr, f"get_{kind}_policy"), getattr(ecr, f"delete_{kind}_policy")
    missing = f"{kind.title()}PolicyNotFoundException"
    refused(get, missing, **name)
    refused(put, "InvalidParameterException", **name, **{text: json.dumps({"rules": "none" * 30})})
    put(**name, **{text: json.dumps(policy)})
    assert json.loads(get(**name)[text]) == policy
    delete(**name)
    refused(delete, missing, **name)


def test_filters_belong_to_mutability_with_exclusion(ecr, refused):
    filters = [{"filterType": "WILDCARD", "filter": "prod*"}]
    name = {"repositoryName": "churn"}
    code = "InvalidParameterException"
    put = ecr.put_image_tag_mutability
    refused(put, code, **name, imageTagMutability="IMMUTABLE", imageTagMutabilityExclusionFilters=filters)
    refused(put, code, **name, imageTagMutability="IMMUTABLE_WITH_EXCLUSION")


def test_what_is_not_implemented_is_refused(ecr, refused):
    refused(ecr.describe_registry, "NotImplementedByLocalcloud")


@pytest.mark.roles
def test_the_policy_of_a_repository_decides_too(cloud, ecr, open_session):
    """Its statements name no resource: it is the repository."""
    reader, other = open_session("reader", allow("ecr:*")), open_session("other")
    images = {"repositoryName": "churn"}
    cloud.client_as(reader, "ecr").list_images(**images)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "ecr:ListImages"}
    ecr.set_repository_policy(**images, policyText=document(deny))
    with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
        cloud.client_as(reader, "ecr").list_images(**images)
    grant = {"Effect": "Allow", "Principal": {"AWS": other.role_arn}, "Action": "ecr:ListImages"}
    ecr.set_repository_policy(**images, policyText=document(grant))
    cloud.client_as(other, "ecr").list_images(**images)
    ecr.delete_repository_policy(**images)
    with pytest.raises(ClientError, match="no identity-based policy allows the ecr:ListImages action"):
        cloud.client_as(other, "ecr").list_images(**images)
