"""No role of the project ``churn`` reaches what projects have whose names begin alike, or are one of its own names."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.testing import role_may, role_permissions, role_trusts, start_cloud
from settings.environments import CONFIG
from settings.model import job_prefix
from tests import roles

HERE = "eu-west-1:000000000000"
ALIASES = "kms:resourcealiases"
HASH = "0123456789"
BUILDS = ("test", "upsert", "store", "fetch", "plan", "staging", "production")
OF_PIPELINES = ("build-pipeline", "build-events", "deploy-pipeline", "deploy-events")
STAGES = ("local", "staging", "prod")
OTHERS = [("churn-eu", "local"), ("churn-eu", "prod"), ("churn-local", "eu"), ("churn-prod", "eu"), ("churn2", "prod")]
PASSED = {"iam:passedtoservice": ("sagemaker.amazonaws.com",)}
GRANTED = {"kms:grantisforawsresource": ("true",)}
# AWS gives these no resources, or ids of its own, or a role must find what another account has.
OF_THE_ACCOUNT = {
    *("cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"),
    *(
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        "ecr:GetAuthorizationToken",
    ),
    *("sagemaker:ListEndpointConfigs", "sagemaker:ListModelPackages", "sagemaker:ListModels"),
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("projects")
    shutil.copytree(CONFIG, folder / "config")
    with start_cloud(folder, enforced=True) as cloud:
        roles.create_all(cloud, folder / "config")
        yield cloud


@pytest.fixture(scope="module")
def key(cloud: Any) -> Callable[[str], str]:
    """The ARN of the key of an alias."""
    kms = cloud.client("kms")

    def find(alias: str) -> str:
        if alias not in (each["AliasName"] for each in kms.list_aliases()["Aliases"]):
            kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        return str(kms.describe_key(KeyId=alias)["KeyMetadata"]["Arn"])

    return find


def arns(project: str, stage: str, key: Callable[[str], str]) -> Iterator[str]:
    """Of what a stage of a project has."""
    name = f"{project}-{stage}"
    bucket = f"{name}-000000000000-eu-west-1"
    for kind in (
        "alarms",
        "capture",
        "champion",
        "code",
        "definitions",
        "releases",
        "runs",
        "test-cache",
        "tested",
        "upsert-cache",
    ):
        yield f"arn:aws:s3:::{bucket}/{project}/{kind}/x"
    yield from (f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/{name}-build/Source/x", key(f"alias/{name}"))
    yield from (f"arn:aws:s3:::{bucket}-deploy", f"arn:aws:s3:::{bucket}-deploy/{name}-deploy/Source/x")
    yield from (f"arn:aws:s3:::{bucket}-deploy/cache/{kind}/x" for kind in ("plan", "staging", "production"))
    for resource in (
        "endpoint/N",
        "endpoint-config/N-H",
        "model/N-H",
        "pipeline/N",
        "pipeline/N/execution/abcdefghijkl",
    ):
        yield f"arn:aws:sagemaker:{HERE}:{resource}".replace("N", name).replace("H", HASH)
    for kind in ("processing", "training", "transform"):
        yield f"arn:aws:sagemaker:{HERE}:{kind}-job/{job_prefix(project, stage)}-step-0123456789-0"
    for resource in (f"model-package-group/{project}", f"model-package/{project}/1"):
        yield f"arn:aws:sagemaker:{HERE}:{resource}"
    for alarm in ("N-5xx-rate", "N-memory", "N-H-5xx", "N-H-4xx", "N-H-latency", "N-dead-letters"):
        yield f"arn:aws:cloudwatch:{HERE}:alarm:{alarm}".replace("N", name).replace("H", HASH)
    yield f"arn:aws:cloudwatch::000000000000:dashboard/{name}-eu-west-1"
    yield f"arn:aws:cloudwatch:{HERE}:alarm:TargetTracking-endpoint/{name}/variant/AllTraffic-AlarmHigh-1"
    for role in (*BUILDS, *OF_PIPELINES, "training", "hosting", "schedules"):
        yield f"arn:aws:iam::000000000000:role/{name}-{role}"
    for kind in BUILDS:
        yield f"arn:aws:codebuild:{HERE}:project/{name}-{kind}"
        yield f"arn:aws:logs:{HERE}:log-group:/aws/codebuild/{name}-{kind}:log-stream:x"
    yield from (f"arn:aws:codepipeline:{HERE}:{name}-{kind}" for kind in ("build", "deploy"))
    yield f"arn:aws:logs:{HERE}:log-group:/aws/sagemaker/Endpoints/{name}:log-stream:x"
    yield f"arn:aws:codebuild:{HERE}:report-group/{name}-test-tests"
    yield from (f"arn:aws:ecr:{HERE}:repository/{name}", f"arn:aws:sns:{HERE}:{name}")
    yield f"arn:aws:sqs:{HERE}:{name}-dead-letters"


def reached(cloud: Any, project: str, stage: str, key: Callable[[str], str]) -> set[tuple[str, str, str]]:
    """Role, action and resource."""
    context = {ALIASES: (f"alias/{project}-{stage}",), **PASSED, **GRANTED}
    resources = list(arns(project, stage, key))
    return {
        (role.rpartition("/")[2], action, arn)
        for role, permissions in role_permissions(cloud).items()
        for action in {each["action"].rstrip("*") for each in permissions} - OF_THE_ACCOUNT
        for arn in resources
        if arn.split(":")[2] == action.split(":")[0] and role_may(cloud, role, action, arn, context)
    }


@pytest.mark.roles
@pytest.mark.parametrize(("project", "stage"), OTHERS)
def test_no_role_reaches_what_another_project_has(cloud: Any, key: Any, project: str, stage: str) -> None:
    assert sorted(reached(cloud, project, stage, key)) == []


@pytest.mark.roles
def test_the_same_requests_reach_what_the_project_has(cloud: Any, key: Any) -> None:
    unreached = set.intersection(*(unreached_by_all(cloud, stage, key) for stage in STAGES))
    roles_of_services = {f"role/churn-*-{role}" for role in (*BUILDS, *OF_PIPELINES, "schedules")}
    nobodys = {"churn-*-dead-letters", "pipeline/churn-*/execution/abcdefghijkl"}
    nobodys |= {"churn-*-build"}  # which a connection's trigger starts
    assert unreached == nobodys | roles_of_services


def unreached_by_all(cloud: Any, stage: str, key: Callable[[str], str]) -> set[str]:
    """The last part of each ARN that no role reaches, without the stage."""
    found = {arn for _, _, arn in reached(cloud, "churn", stage, key)}
    missing = [arn for arn in arns("churn", stage, key) if arn not in found]
    return {arn.rpartition(":")[2].replace(f"churn-{stage}", "churn-*") for arn in missing}


SOURCES = {
    "codebuild.amazonaws.com": tuple(f"project/{{}}-{kind}" for kind in BUILDS),
    "codepipeline.amazonaws.com": ("{}-build", "{}-deploy"),
    "events.amazonaws.com": ("rule/{}-approved", "rule/{}-push", "rule/{}-drifted", "rule/{}-data-arrived"),
    "scheduler.amazonaws.com": ("schedule-group/{}",),
}


def trusts(cloud: Any, name: str) -> set[tuple[str, str]]:
    """The roles that a service may assume for what a project has, and that."""
    return {
        (role.rpartition("/")[2], source)
        for role in role_permissions(cloud)
        for service, sources in SOURCES.items()
        for source in (each.format(name) for each in sources)
        if role_trusts(cloud, role, service, f"arn:aws:{service.partition('.')[0]}:{HERE}:{source}")
    }


@pytest.mark.roles
def test_no_role_is_assumed_for_another_project(cloud: Any) -> None:
    assert [found for project, stage in OTHERS for found in trusts(cloud, f"{project}-{stage}")] == []


@pytest.mark.roles
def test_each_role_is_assumed_for_what_needs_it(cloud: Any) -> None:
    name = "churn-local"
    assert trusts(cloud, name) == {
        *((f"{name}-{kind}", f"project/{name}-{kind}") for kind in BUILDS),
        *((f"{name}-{kind}-pipeline", f"{name}-{kind}") for kind in ("build", "deploy")),
        (f"{name}-deploy-events", f"rule/{name}-approved"),
        *((f"{name}-schedules", f"rule/{name}-{rule}") for rule in ("drifted", "data-arrived")),
        (f"{name}-schedules", f"schedule-group/{name}"),
    }
