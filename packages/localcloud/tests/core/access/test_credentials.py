"""Keys and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from localcloud.core.access.credentials import KEPT_SECONDS, Credentials, InvalidKey, Keys, Problem
from localcloud.core.access.principal import ROLE, Principal

ACCOUNT = "000000000000"
SESSION = Principal(ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/jobs/SageMaker", ACCOUNT)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def credentials(clock: Clock) -> Credentials:
    return Credentials(ACCOUNT, _no_iam, clock)


@contextmanager
def _no_iam(_: str) -> Iterator[Any]:
    class Iam:
        users: dict[str, Any] = {}  # noqa: RUF012

    yield Iam()


def problem(credentials: Credentials, key: str, token: str = "") -> Problem:
    with pytest.raises(InvalidKey) as caught:
        credentials.principal(key, token)
    return caught.value.problem


def test_the_keys_of_a_session_are_its_own_until_they_expire(credentials: Credentials, clock: Clock) -> None:
    keys = credentials.issue(SESSION, 900)
    assert keys.access_key.startswith("ASIA")
    assert keys.expiration.timestamp() == 1900
    clock.now = 1899.9
    assert credentials.principal(keys.access_key, keys.token) == SESSION
    clock.now = 1900
    assert problem(credentials, keys.access_key, keys.token) is Problem.EXPIRED


def test_the_administrator_s_key_never_expires(credentials: Credentials) -> None:
    assert credentials.principal("local", "") == credentials.administrator


@pytest.mark.parametrize(
    ("key", "token", "expected"),
    [
        ("", "", Problem.UNSIGNED),
        ("AKIAUNKNOWN", "", Problem.UNKNOWN),
        ("ASIAUNKNOWN", "token", Problem.UNKNOWN),
        ("local", "token", Problem.WRONG_TOKEN),
    ],
)
def test_other_keys_are_nobody_s(credentials: Credentials, key: str, token: str, expected: Problem) -> None:
    assert problem(credentials, key, token) is expected


def test_a_key_needs_its_own_token(credentials: Credentials) -> None:
    keys, others = credentials.issue(SESSION), credentials.issue(SESSION)
    for token in ("", others.token):
        assert problem(credentials, keys.access_key, token) is Problem.WRONG_TOKEN


def test_a_wrong_token_of_an_expired_key_is_wrong(credentials: Credentials, clock: Clock) -> None:
    keys = credentials.issue(SESSION)
    clock.now += 7200
    assert problem(credentials, keys.access_key, "x") is Problem.WRONG_TOKEN


def test_a_reset_ends_all_sessions(credentials: Credentials) -> None:
    keys = credentials.issue(SESSION)
    own = credentials.keys_of(SESSION)
    credentials.reset()
    assert problem(credentials, keys.access_key, keys.token) is Problem.UNKNOWN
    assert credentials.keys_of(SESSION) != own


def test_the_server_s_own_keys_are_renewed_before_they_expire(credentials: Credentials, clock: Clock) -> None:
    first = credentials.keys_of(SESSION)
    clock.now += 2900
    assert credentials.keys_of(SESSION) == first
    clock.now += 200
    second = credentials.keys_of(SESSION)
    assert second.expires - clock.now == 3600
    assert credentials.principal(first.access_key, first.token) == SESSION  # a request may be on its way


def test_long_expired_keys_are_forgotten(credentials: Credentials, clock: Clock) -> None:
    keys = credentials.issue(SESSION)
    clock.now += KEPT_SECONDS
    credentials.issue(SESSION)
    assert problem(credentials, keys.access_key, keys.token) is Problem.EXPIRED
    clock.now += 3601
    credentials.issue(SESSION)
    assert problem(credentials, keys.access_key, keys.token) is Problem.UNKNOWN


def test_keys_of_the_account_are_known(credentials: Credentials) -> None:
    keys: Keys = credentials.issue(SESSION)
    assert (credentials.account_of(keys.access_key), credentials.account_of("AKIAUNKNOWN")) == (ACCOUNT, "")
