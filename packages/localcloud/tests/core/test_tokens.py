"""A repeated request with the same token has the same response and no further effect."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.core.clock import Clock
from localcloud.core.refusal import Refusal
from localcloud.core.tokens import RETENTION, Tokens


class Creations:
    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def perform(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        return {"number": len(self.requests)}


@pytest.fixture
def clock() -> Clock:
    return Clock(stepped=True)


@pytest.fixture
def tokens(clock: Clock) -> Tokens:
    return Tokens(clock, member="token", conflict="Conflict")


def test_the_second_request_gets_the_first_response(tokens: Tokens) -> None:
    creations = Creations()
    responses = [tokens.once("Create", {"token": "t", "name": "x"}, creations.perform) for _ in range(2)]
    assert responses == [{"number": 1}, {"number": 1}]
    assert tokens.once("Delete", {"token": "t", "name": "x"}, creations.perform) == {"number": 2}
    assert tokens.once("Create", {"name": "x"}, creations.perform) == {"number": 3}


def test_tags_do_not_make_it_another_request_and_other_members_do(tokens: Tokens) -> None:
    creations = Creations()
    tokens.once("Create", {"token": "t", "name": "x"}, creations.perform)
    assert tokens.once("Create", {"token": "t", "name": "x", "Tags": [1]}, creations.perform) == {"number": 1}
    with pytest.raises(Refusal) as caught:
        tokens.once("Create", {"token": "t", "name": "y"}, creations.perform)
    assert caught.value.code == "Conflict"


def test_a_refused_request_can_be_repeated(tokens: Tokens) -> None:
    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        raise Refusal("Refused", "not now")

    with pytest.raises(Refusal, match="not now"):
        tokens.once("Create", {"token": "t"}, refuse)
    assert tokens.once("Create", {"token": "t"}, Creations().perform) == {"number": 1}


def test_tokens_are_removed_after_their_retention_and_by_a_reset(tokens: Tokens, clock: Clock) -> None:
    creations = Creations()
    tokens.once("Create", {"token": "t"}, creations.perform)
    clock.advance(RETENTION - 1)
    assert tokens.once("Create", {"token": "t"}, creations.perform) == {"number": 1}
    clock.advance(2)
    assert tokens.once("Create", {"token": "t"}, creations.perform) == {"number": 2}
    tokens.reset()
    assert tokens.once("Create", {"token": "t"}, creations.perform) == {"number": 3}
