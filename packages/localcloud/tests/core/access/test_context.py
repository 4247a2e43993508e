"""The keys that the engine adds to those of the request."""

from __future__ import annotations

import time

import pytest

from localcloud.core.access.context import RequestContext
from localcloud.core.access.principal import ROLE, USER, Principal, service_principal

ACCOUNT = "123456789012"
SESSION = Principal(
    ROLE,
    f"arn:aws:sts::{ACCOUNT}:assumed-role/build/s",
    ACCOUNT,
    role_arn=f"arn:aws:iam::{ACCOUNT}:role/ci/build",
    user_id="AROA1:s",
)
PERSON = Principal(USER, f"arn:aws:iam::{ACCOUNT}:user/team/ann", ACCOUNT, user_id="AIDA1")
ALARMS = service_principal("cloudwatch.amazonaws.com", ACCOUNT, "arn:aws:cloudwatch:eu-west-1:1:alarm:a")


@pytest.mark.parametrize(
    ("principal", "key", "values"),
    [
        (SESSION, "aws:principalarn", (SESSION.role_arn,)),
        (SESSION, "aws:principaltype", ("AssumedRole",)),
        (SESSION, "aws:userid", ("AROA1:s",)),
        (SESSION, "aws:username", ()),
        (SESSION, "aws:sourcearn", ()),
        (SESSION, "aws:principalisawsservice", ("false",)),
        (SESSION, "aws:multifactorauthpresent", ("false",)),
        (PERSON, "aws:principalarn", (PERSON.arn,)),
        (PERSON, "aws:principaltype", ("User",)),
        (PERSON, "aws:username", ("ann",)),
        (PERSON, "aws:principalaccount", (ACCOUNT,)),
        (PERSON, "aws:multifactorauthpresent", ()),
        (ALARMS, "aws:principalisawsservice", ("true",)),
        (ALARMS, "aws:principalservicename", ("cloudwatch.amazonaws.com",)),
        (ALARMS, "aws:principalarn", ()),
        (ALARMS, "aws:principalaccount", ()),
        (ALARMS, "aws:sourceaccount", (ACCOUNT,)),
        (ALARMS, "aws:sourcearn", ("arn:aws:cloudwatch:eu-west-1:1:alarm:a",)),
    ],
)
def test_a_principal_has_keys_of_its_own(principal: Principal, key: str, values: tuple[str, ...]) -> None:
    assert RequestContext(principal, {}).get(key) == values


def test_a_local_request_counts_as_one_over_tls() -> None:
    context = RequestContext(SESSION, {})
    assert context.get("aws:securetransport") == ("true",)
    assert context.get("s3:tlsversion") == ("1.3",)
    assert context.get("aws:sourceip") == ("127.0.0.1",)


def test_the_request_can_say_otherwise_but_not_about_who_calls() -> None:
    context = RequestContext(
        SESSION, {"aws:securetransport": ("false",), "aws:principalarn": ("arn:aws:iam::1:role/x",)}
    )
    assert context.get("aws:securetransport") == ("false",)
    assert context.get("aws:principalarn") == (SESSION.role_arn,)


def test_the_time_is_the_present_unless_the_request_has_one() -> None:
    (seconds,) = RequestContext(SESSION, {}).get("aws:epochtime")
    assert abs(int(seconds) - time.time()) < 5
    (date,) = RequestContext(SESSION, {}).get("aws:currenttime")
    assert date.endswith("Z")
    assert RequestContext(SESSION, {"aws:epochtime": ("1",)}).get("aws:epochtime") == ("1",)
