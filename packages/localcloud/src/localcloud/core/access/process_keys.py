"""Keys for builds, jobs and model servers: over HTTP, as containers get them on AWS, while their process lives.

AWS's SDKs and its CLI find them by two variables, and fetch new ones before they expire.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from localcloud.core.access.credentials import Credentials
from localcloud.core.access.principal import Principal

PATH = "/_localcloud/credentials"


class ProcessKeys:
    def __init__(self, credentials: Credentials) -> None:
        self._credentials, self._lock = credentials, Lock()
        self._principals: dict[str, Principal] = {}  # by the token of the process

    def open(self, principal: Principal) -> str:
        """Returns the token that a process of this principal fetches its keys with."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._principals[token] = principal
        return token

    def close(self, token: str) -> None:
        """No new keys: those that were fetched expire by themselves, as on AWS."""
        with self._lock:
            self._principals.pop(token, None)

    @contextmanager
    def during(self, principal: Principal) -> Iterator[str]:
        token = self.open(principal)
        try:
            yield token
        finally:
            self.close(token)

    def fetch(self, token: str) -> dict[str, Any] | None:
        """What the SDKs expect; None if no process has this token."""
        principal = self._principals.get(token)
        if not principal:
            return None
        keys = self._credentials.issue(principal)
        return {
            "AccessKeyId": keys.access_key,
            "SecretAccessKey": keys.secret_key,
            "Token": keys.token,
            "Expiration": f"{keys.expiration:%Y-%m-%dT%H:%M:%SZ}",
            "RoleArn": principal.role_arn,
        }

    def reset(self) -> None:
        with self._lock:
            self._principals.clear()
