"""A service's operations, called in process."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.core.access.principal import Principal
from localcloud.core.caller import Caller
from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.core.service import Service, operation

ROLE = Principal(
    "role", "arn:aws:sts::000000000000:assumed-role/r/s", "000000000000", "arn:aws:iam::000000000000:role/r"
)


class Topics(Service):
    name = "topics"

    def __init__(self, cloud: Any) -> None:
        super().__init__(cloud)
        self.topics: list[str] = []

    @operation("CreateTopic")
    def create_topic(self, request: dict[str, Any]) -> None:
        if request["Name"] in self.topics:
            raise Refusal("ResourceInUse", "it exists")
        self.topics.append(request["Name"])

    @operation("ListTopics")
    def list_topics(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"Topics": self.topics}


@pytest.fixture
def services() -> list[type[Service]]:
    return [Topics]


@pytest.fixture
def caller(cloud: Any) -> Caller:
    return Caller(cloud.services["topics"])


def test_it_returns_the_response_which_is_empty_without_one(caller: Caller) -> None:
    assert caller.call(ROLE, "CreateTopic", {"Name": "a"}) == {}
    assert caller.call(ROLE, "ListTopics", {}) == {"Topics": ["a"]}


def test_refusals_are_raised(caller: Caller) -> None:
    caller.call(ROLE, "CreateTopic", {"Name": "a"})
    with pytest.raises(Refusal, match="it exists"):
        caller.call(ROLE, "CreateTopic", {"Name": "a"})


def test_a_fault_of_the_operation_applies_once(caller: Caller, cloud: Any) -> None:
    cloud.faults.fail("topics.CreateTopic", code="Throttling", status=400)
    with pytest.raises(Refusal) as caught:
        caller.call(ROLE, "CreateTopic", {"Name": "a"})
    assert caught.value.code == "Throttling"
    assert caller.call(ROLE, "ListTopics", {}) == {"Topics": []}
    caller.call(ROLE, "CreateTopic", {"Name": "a"})


def test_an_unknown_operation_is_not_implemented(caller: Caller) -> None:
    with pytest.raises(Refusal, match=r"topics\.DeleteTopic") as caught:
        caller.call(ROLE, "DeleteTopic", {})
    assert caught.value.code == NOT_IMPLEMENTED


@pytest.mark.roles
def test_the_principal_s_policies_decide(caller: Caller, access: Any) -> None:
    caller.call(ROLE, "ListTopics", {})
    access.denied = {"topics.CreateTopic"}
    with pytest.raises(Refusal, match="not authorized to perform: topics:CreateTopic"):
        caller.call(ROLE, "CreateTopic", {"Name": "a"})
    assert access.decisions == [
        (ROLE.arn, "topics.ListTopics", {}),
        (ROLE.arn, "topics.CreateTopic", {"Name": "a"}),
    ]
    assert caller.call(ROLE, "ListTopics", {}) == {"Topics": []}
