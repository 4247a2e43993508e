"""Whose credentials these are: a command runs in the account of its settings, or not at all.

The region needs no comparison: every client, and the AWS CLI too, is given that of the settings.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from aws import sessions
from settings.errors import AwsProblem
from settings.model import Settings


def clients(settings: Settings) -> Callable[[str], Any]:
    """boto3's client of a service, each created once; the first one checks the account."""

    @cache
    def client(service: str) -> Any:
        check()
        return sessions.client(settings, service)

    @cache
    def check() -> None:
        check_account(settings, sessions.client(settings, "sts"))

    return client


def check_account(settings: Settings, sts: Any) -> None:
    """Raises unless the caller's account is the one that the settings name. The call needs no permission."""
    caller, expected = sts.get_caller_identity(), settings.account
    if caller["Account"] != expected:
        raise AwsProblem(
            f"{settings.file}: {settings.env} is in account {expected}, and the credentials are of account "
            f"{caller['Account']} ({caller['Arn']}): nothing was done; sign in to {expected}, or set AWS_PROFILE"
        )
