"""The elements of services: operations, refusals, pages."""

from __future__ import annotations

from typing import Any, cast

import pytest

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, Service, operation


class Rules(Part):
    def __init__(self, names: list[str]) -> None:
        self.names = names

    @operation("ListRules")
    def list_rules(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Rules": self.names}

    def reset(self) -> None:
        self.names.clear()


class Events(Service):
    name = "events"

    def __init__(self, cloud: Any = None) -> None:
        super().__init__(cloud)
        self.rules = Rules(["nightly"])
        self.parts = (self.rules,)

    @operation("TestEventPattern", locked=False)
    def test_event_pattern(self, request: dict[str, Any]) -> dict[str, Any]:
        return {}

    def no_operation(self) -> None: ...


def test_operations_are_those_of_the_service_and_of_its_parts() -> None:
    events = Events()
    assert {name: handler.locked for name, handler in events.operations.items()} == {
        "ListRules": True,
        "TestEventPattern": False,
    }
    assert events.operations["ListRules"].method({}) == {"Rules": ["nightly"]}
    assert Service(cast("Any", None)).operations == {}


def test_an_operation_can_be_replaced_in_a_subclass() -> None:
    class Other(Events):
        @operation("TestEventPattern", locked=True)
        def test_event_pattern(self, request: dict[str, Any]) -> dict[str, Any]:
            return {}

    assert Other().operations["TestEventPattern"].locked
    assert not Events().operations["TestEventPattern"].locked


def test_two_parts_cannot_have_the_same_operation() -> None:
    events = Events()
    events.parts = (events.rules, Rules([]))
    with pytest.raises(TypeError, match="Events has two methods for ListRules"):
        assert events.operations


def test_a_reset_reaches_the_parts() -> None:
    events = Events()
    events.reset()
    assert events.rules.names == []


def test_a_refusal_carries_the_members_that_protocols_need() -> None:
    refusal = Refusal("ModelError", "the model said no", 424, OriginalStatusCode=500)
    assert (refusal.code, refusal.status, refusal.members) == ("ModelError", 424, {"OriginalStatusCode": 500})
    assert str(refusal) == refusal.message == "the model said no"


ITEMS = [{"Name": f"item-{number:02}"} for number in range(25)]


def names(page: dict[str, Any]) -> list[str]:
    return [item["Name"] for item in page["Items"]]


def walk(items: list[Any], request: dict[str, Any], **options: Any) -> list[list[str]]:
    pages = [paged(items, request, "Items", **options)]
    while token := pages[-1].get("NextToken"):
        assert len(pages) < 100, "the pages have no end"
        pages.append(paged(items, {**request, "NextToken": token}, "Items", **options))
    return [names(page) for page in pages]


def test_pages_hold_everything_once_and_in_order() -> None:
    pages = walk(ITEMS, {}, limit=10)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [name for page in pages for name in page] == names({"Items": ITEMS})
    assert [len(page) for page in walk(ITEMS, {"MaxResults": 25})] == [25]
    assert walk([], {}) == [[]]


def test_fields_have_the_names_that_the_service_gives_them() -> None:
    first = paged(ITEMS, {"MaxRecords": 2}, "Alarms", size_key="MaxRecords", token_key="Marker")
    assert list(first) == ["Alarms", "Marker"]
    second = paged(
        ITEMS, {"MaxRecords": 2, "Marker": first["Marker"]}, "Alarms", size_key="MaxRecords", token_key="Marker"
    )
    assert second["Alarms"] == ITEMS[2:4]


def test_deleting_listed_items_skips_none() -> None:
    items = list(ITEMS)
    listed: list[str] = []
    request: dict[str, Any] = {"MaxResults": 10}
    while True:
        page = paged(items, request, "Items")
        listed += names(page)
        items = [item for item in items if item["Name"] not in listed]
        if "NextToken" not in page:
            break
        request["NextToken"] = page["NextToken"]
    assert listed == names({"Items": ITEMS})


def test_a_new_first_item_repeats_none() -> None:
    page = paged(ITEMS, {"MaxResults": 10}, "Items")
    items = [{"Name": "new"}, *ITEMS]
    assert names(paged(items, {"MaxResults": 10, "NextToken": page["NextToken"]}, "Items"))[0] == "item-10"


def test_equal_items_do_not_repeat_a_page() -> None:
    same = [{"Name": "same"}] * 7
    assert [len(page) for page in walk(same, {"MaxResults": 2})] == [2, 2, 2, 1]


def test_plain_values_can_be_paged() -> None:
    page = paged(["a", "b", "c"], {"MaxResults": 2}, "Names")
    assert paged(["a", "b", "c"], {"MaxResults": 2, "NextToken": page["NextToken"]}, "Names") == {"Names": ["c"]}


@pytest.mark.parametrize("token", ["nonsense", "WzEsMl0=", "bm8=", "=", "ünsinn", "eyJhIjogMX0="])
def test_an_unknown_token_is_refused(token: str) -> None:
    with pytest.raises(Refusal) as refused:
        paged(ITEMS, {"NextToken": token}, "Items", code="InvalidNextToken")
    assert refused.value.code == "InvalidNextToken"


def test_a_token_is_valid_for_its_own_request_only() -> None:
    token = paged(ITEMS, {"MaxResults": 2, "NameContains": "item"}, "Items")["NextToken"]
    assert paged(ITEMS, {"MaxResults": 5, "NameContains": "item", "NextToken": token}, "Items")["Items"] == ITEMS[2:7]
    with pytest.raises(Refusal, match="pagination token"):
        paged(ITEMS, {"MaxResults": 2, "NameContains": "other", "NextToken": token}, "Items")
