"""A project as the target of a rule."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.roles import ROLE

SPEC = "version: 0.2\nphases: {build: {commands: ['echo $WHO']}}"


@pytest.fixture
def services() -> list[Any]:
    from localcloud.services.codebuild.service import CodeBuild
    from localcloud.services.events.service import Events

    return [CodeBuild, Events]


def test_an_event_starts_a_build_with_the_target_s_input(
    cloud: Any, codebuild: Any, create_project: Any, wait_for_end: Any, lines: Any
) -> None:
    create_project(SPEC)
    events = cloud.client("events")
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["shop"]}))
    template = '{"environmentVariablesOverride": [{"name": "WHO", "value": <who>}]}'
    transformer = {"InputPathsMap": {"who": "$.detail.who"}, "InputTemplate": template}
    arn = cloud.arn("codebuild", "project/app")
    targets = [
        {"Id": "transformed", "Arn": arn, "RoleArn": ROLE, "InputTransformer": transformer},
        {"Id": "plain", "Arn": arn, "RoleArn": ROLE},
        {"Id": "wrong", "Arn": arn, "RoleArn": ROLE, "Input": '{"environmentVariablesOverride": 3}'},
    ]
    assert events.put_targets(Rule="r", Targets=targets)["FailedEntryCount"] == 0
    events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": '{"who": "me"}'}])
    cloud.services["events"].settle()
    ids = codebuild.list_builds()["ids"]
    assert len(ids) == 2
    assert sorted(line for build_id in ids for line in lines(wait_for_end(build_id))) == ["me"]
