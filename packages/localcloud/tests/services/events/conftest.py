"""EventBridge alone, with moto's SQS, SNS, Logs and S3: deliveries are read at the target."""

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
def bodies(drain: Callable[[str], list[Any]]) -> Callable[[str], list[Any]]:
    return lambda name: [json.loads(message["Body"]) for message in drain(name)]


@pytest.fixture
def rule(events: Any) -> Callable[..., str]:
    """A rule for every order, with targets: ARNs, or members of PutTargets without the Id."""

    def put(name: str, *targets: Any, pattern: Any = None, **members: Any) -> str:
        if "ScheduleExpression" not in members or pattern:
            members["EventPattern"] = json.dumps(pattern or {"source": ["shop"]})
        arn = events.put_rule(Name=name, **members)["RuleArn"]
        requests = [target if isinstance(target, dict) else {"Arn": target} for target in targets]
        if requests:
            bus = {"EventBusName": members["EventBusName"]} if "EventBusName" in members else {}
            numbered = [{"Id": f"t{number}", **target} for number, target in enumerate(requests)]
            response = events.put_targets(Rule=name, Targets=numbered, **bus)
            assert response["FailedEntryCount"] == 0
        return str(arn)

    return put


@pytest.fixture
def put(events: Any) -> Callable[..., Any]:
    """Puts an order; arguments replace its members."""
    return lambda **members: events.put_events(Entries=[{**EVENT, **members}])
