"""EventBridge alone, in front of moto's SQS, SNS, Logs and S3: what it sends is read where it arrives."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

EVENT = {"Source": "shop", "DetailType": "order", "Detail": '{"state": "paid", "total": 12}'}


@pytest.fixture
def services() -> list[Any]:
    from localcloud.services.events.service import Events

    return [Events]


@pytest.fixture
def events(cloud: Any) -> Any:
    return cloud.client("events")


@pytest.fixture
def bodies(taken: Callable[[str], list[Any]]) -> Callable[[str], list[Any]]:
    return lambda name: [json.loads(message["Body"]) for message in taken(name)]


@pytest.fixture
def rule(events: Any) -> Callable[..., str]:
    """A rule for every order, with targets; a target is an ARN or what PutTargets takes without its Id."""

    def put(name: str, *targets: Any, pattern: Any = None, **said: Any) -> str:
        if "ScheduleExpression" not in said or pattern:
            said["EventPattern"] = json.dumps(pattern or {"source": ["shop"]})
        arn = events.put_rule(Name=name, **said)["RuleArn"]
        whole = [target if isinstance(target, dict) else {"Arn": target} for target in targets]
        if whole:
            bus = {"EventBusName": said["EventBusName"]} if "EventBusName" in said else {}
            numbered = [{"Id": f"t{number}", **target} for number, target in enumerate(whole)]
            answer = events.put_targets(Rule=name, Targets=numbered, **bus)
            assert answer["FailedEntryCount"] == 0
        return str(arn)

    return put


@pytest.fixture
def put(events: Any) -> Callable[..., Any]:
    """Puts an order; what is named replaces its members."""
    return lambda **members: events.put_events(Entries=[{**EVENT, **members}])
