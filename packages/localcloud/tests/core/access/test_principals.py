"""Whom Principal and NotPrincipal name."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.core.access.principal import ROLE, USER, Principal, service_principal
from localcloud.core.access.principals import Grant, Principals

ACCOUNT = "123456789012"
ROOT, ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/ci/build"
SESSION = Principal(ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/build/s", ACCOUNT, role_arn=ROLE_ARN)
PERSON = Principal(USER, f"arn:aws:iam::{ACCOUNT}:user/ann", ACCOUNT)
EVENTS = service_principal("events.amazonaws.com", ACCOUNT)


@pytest.mark.parametrize(
    ("element", "session", "person", "events"),
    [
        ("*", Grant.DIRECTLY, Grant.DIRECTLY, Grant.DIRECTLY),
        ({"AWS": "*"}, Grant.DIRECTLY, Grant.DIRECTLY, Grant.DIRECTLY),
        ({"AWS": ROLE_ARN}, Grant.ROLE, Grant.NONE, Grant.NONE),
        ({"AWS": [ROLE_ARN, SESSION.arn]}, Grant.DIRECTLY, Grant.NONE, Grant.NONE),
        ({"AWS": PERSON.arn}, Grant.NONE, Grant.DIRECTLY, Grant.NONE),
        ({"AWS": ROOT}, Grant.ACCOUNT, Grant.ACCOUNT, Grant.NONE),
        ({"AWS": ACCOUNT}, Grant.ACCOUNT, Grant.ACCOUNT, Grant.NONE),
        ({"AWS": "210987654321"}, Grant.NONE, Grant.NONE, Grant.NONE),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, Grant.NONE, Grant.NONE, Grant.NONE),
        ({"Service": "events.amazonaws.com"}, Grant.NONE, Grant.NONE, Grant.DIRECTLY),
        ({"Service": ["s3.amazonaws.com", "events.amazonaws.com"]}, Grant.NONE, Grant.NONE, Grant.DIRECTLY),
        ({"Service": "*"}, Grant.NONE, Grant.NONE, Grant.NONE),
        ({"Federated": "*"}, Grant.NONE, Grant.NONE, Grant.NONE),
        ({"Service": "s3.amazonaws.com", "AWS": ACCOUNT}, Grant.ACCOUNT, Grant.ACCOUNT, Grant.NONE),
    ],
)
def test_principal(element: Any, session: Grant, person: Grant, events: Grant) -> None:
    principals = Principals.parse(element)
    for principal, grant in ((SESSION, session), (PERSON, person), (EVENTS, events)):
        assert principals.grant(principal) == grant
        assert principals.denies(principal, bounded=False) is (grant > Grant.NONE)


@pytest.mark.parametrize(
    ("element", "session", "person", "events"),
    [
        ({"AWS": [ROOT, ROLE_ARN]}, False, True, True),
        ({"AWS": [ACCOUNT, SESSION.arn]}, False, True, True),
        ({"AWS": [ROOT, PERSON.arn]}, True, False, True),
        ({"AWS": ROOT}, True, True, True),
        ({"AWS": [ROLE_ARN, SESSION.arn, PERSON.arn]}, True, True, True),
        ({"Service": "events.amazonaws.com"}, True, True, False),
        ("*", False, False, False),
    ],
)
def test_a_deny_with_not_principal_exempts_who_is_named_with_the_account(
    element: Any, session: bool, person: bool, events: bool
) -> None:
    principals = Principals.parse(element, excluded=True)
    denied = [principals.denies(principal, bounded=False) for principal in (SESSION, PERSON, EVENTS)]
    assert denied == [session, person, events]


def test_not_principal_denies_all_who_have_a_boundary_and_allows_nobody() -> None:
    principals = Principals.parse({"AWS": [ROOT, ROLE_ARN]}, excluded=True)
    assert principals.denies(SESSION, bounded=True)
    assert principals.grant(SESSION) == principals.grant(PERSON) == Grant.NONE


@pytest.mark.parametrize("element", [None, {}, [], "everyone", {"AWS": []}, {"AWS": 1}, {"User": "ann"}])
def test_what_cannot_be_read(element: Any) -> None:
    with pytest.raises(ValueError, match="principal"):
        Principals.parse(element)
