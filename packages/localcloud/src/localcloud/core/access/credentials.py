"""Access keys: each belongs to a principal. Temporary ones have a token, and expire.

They expire in real time, however fast the cloud's clock runs: clients compare the expiration with their own clock.
Signatures are not verified: a key and its token are all that a request needs.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from threading import Lock

from localcloud.core.access.principal import Principal, administrator
from localcloud.core.access.users import user_of
from localcloud.core.moto_backends import Backends

ADMINISTRATOR_KEY = "local"
SESSION_SECONDS = 3600.0
LONGEST_SESSION_SECONDS = 43_200.0  # of a role
RENEWAL_SECONDS = 600.0  # before the end
KEPT_SECONDS = 86_400.0  # after it: until then a key is known to have expired


class Problem(Enum):
    UNSIGNED = "the request has no key"
    UNKNOWN = "the key does not exist, or is inactive"
    WRONG_TOKEN = "the session token is not the key's"  # noqa: S105 - a sentence
    EXPIRED = "the key has expired"


class InvalidKey(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True)
class Keys:
    access_key: str
    secret_key: str
    token: str = ""
    expires: float = 0.0  # 0: never

    @property
    def expiration(self) -> datetime:
        return datetime.fromtimestamp(self.expires, UTC)


class Credentials:
    def __init__(self, account: str, moto: Backends, now: Callable[[], float] = time.time) -> None:
        self.administrator = administrator(account)
        self._moto, self._now, self._lock = moto, now, Lock()
        self._issued: dict[str, tuple[Keys, Principal]] = {}  # the oldest first
        self._own: dict[Principal, Keys] = {}  # of the server's own calls

    def issue(self, principal: Principal, seconds: float = SESSION_SECONDS) -> Keys:
        """Temporary keys, in addition to those that the principal has already."""
        key, now = f"ASIA{secrets.token_hex(8).upper()}", self._now()
        keys = Keys(key, secrets.token_urlsafe(30), secrets.token_urlsafe(64), now + seconds)
        with self._lock:
            self._forget(now - KEPT_SECONDS)
            self._issued[key] = keys, principal
        return keys

    def keys_of(self, principal: Principal) -> Keys:
        """For calls that the server makes as this principal: the same keys until shortly before their end."""
        keys = self._own.get(principal)
        if not keys or keys.expires - self._now() < RENEWAL_SECONDS:
            keys = self._own[principal] = self.issue(principal)
        return keys

    def principal(self, access_key: str, token: str) -> Principal:
        """Whose key it is. Raises InvalidKey."""
        if not access_key:
            raise InvalidKey(Problem.UNSIGNED)
        keys, principal = self._issued.get(access_key) or (None, self._owner(access_key))
        if token != (keys.token if keys else ""):
            raise InvalidKey(Problem.WRONG_TOKEN)
        if keys and keys.expires <= self._now():
            raise InvalidKey(Problem.EXPIRED)
        return principal

    def account_of(self, access_key: str) -> str:
        """ "" for a key that was never this account's; expired ones are."""
        if access_key in self._issued:
            return self._issued[access_key][1].account
        with suppress(InvalidKey):
            return self._owner(access_key).account
        return ""

    def reset(self) -> None:
        with self._lock:
            self._issued.clear()
            self._own.clear()

    def _owner(self, access_key: str) -> Principal:
        """Of a permanent key."""
        if access_key == ADMINISTRATOR_KEY:
            return self.administrator
        if user := user_of(self._moto, access_key, self.administrator.account):
            return user
        raise InvalidKey(Problem.UNKNOWN)

    def _forget(self, before: float) -> None:
        """What expired long ago. Keys that live longer delay it for those issued after them."""
        while self._issued:
            key, (keys, principal) = next(iter(self._issued.items()))
            if keys.expires > before:
                return
            del self._issued[key]
            if self._own.get(principal) == keys:
                del self._own[principal]
