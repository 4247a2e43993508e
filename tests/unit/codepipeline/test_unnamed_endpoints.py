"""Which endpoints a teardown finds that no settings name."""

import pytest

from codepipeline import unnamed_endpoints
from settings.loader import load

GROUP = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/"


class Sagemaker:
    """Endpoints with the group of the package that each was released with."""

    def __init__(self, groups):
        self.groups = groups

    def get_paginator(self, _):
        return self

    def paginate(self, NameContains):
        names = [name for name in self.groups if NameContains in name]
        yield {"Endpoints": [{"EndpointName": name, "EndpointArn": f"arn:{name}"} for name in names]}

    def list_tags(self, ResourceArn):
        group = self.groups[ResourceArn.removeprefix("arn:")]
        return {"Tags": [{"Key": "model-package", "Value": f"{GROUP}{group}/3"}] if group else []}


@pytest.fixture
def found(monkeypatch):
    def find(groups, foundations=()):
        monkeypatch.setattr(
            unnamed_endpoints, "status", lambda _, name: "CREATE_COMPLETE" if name in foundations else ""
        )
        settings, sagemaker = load("local"), Sagemaker(groups)
        stages = [settings, load("prod")]
        removed, kept = unnamed_endpoints.find(settings, stages, lambda service: sagemaker)
        return [stage.endpoint_name for stage in removed], kept

    return find


def test_one_that_no_stage_names_is_removed(found):
    assert found({"churn-local": "churn", "churn-prod": "churn", "churn-blue": "churn"}) == (["churn-blue"], [])


def test_one_with_a_foundation_of_its_own_stays_and_is_named(found):
    removed, [line] = found({"churn-dev": "churn"}, ["churn-dev-foundation"])
    assert removed == []
    assert line == "endpoint churn-dev stays: stack churn-dev-foundation is of another environment"


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("churn-eu-prod", "churn-eu"),  # of the project churn-eu
        ("churn-blue", ""),  # no release made it
        ("my-churn-blue", "churn"),
        ("churn2-blue", "churn"),
    ],
)
def test_those_of_others_are_not_found(found, name, group):
    assert found({name: group}) == ([], [])


def test_it_is_deleted_by_settings_with_its_own_names(monkeypatch):
    monkeypatch.setattr(unnamed_endpoints, "status", lambda *_: "")
    sagemaker = Sagemaker({"churn-blue": "churn"})
    [stage], _ = unnamed_endpoints.find(load("local"), [], lambda _: sagemaker)
    assert (stage.env, stage.endpoint_name) == ("blue", "churn-blue")
    assert stage.bucket == "churn-blue-000000000000-eu-west-1"
