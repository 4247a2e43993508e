"""Access keys: each belongs to a principal. Temporary ones have a token, and expire.

They expire in real time, however fast the cloud's clock runs: clients compare the expiration with their own clock.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from localcloud.core.access.principal import Principal, administrator

ADMINISTRATOR_KEY = "local"
SESSION_SECONDS = 3600


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
    def __init__(self, account: str, now: Callable[[], float] = time.time) -> None:
        self.administrator = administrator(account)
        self._now, self._lock = now, Lock()
        self._issued: dict[str, tuple[Keys, Principal]] = {}

    def issue(self, principal: Principal, seconds: float = SESSION_SECONDS) -> Keys:
        key = f"ASIA{secrets.token_hex(8).upper()}"
        keys = Keys(key, secrets.token_urlsafe(30), secrets.token_urlsafe(64), self._now() + seconds)
        with self._lock:
            self._issued[key] = keys, principal
        return keys

    def principal(self, access_key: str, token: str) -> Principal:  # noqa: ARG002
        """Whose key it is."""
        _, principal = self._issued.get(access_key, (None, self.administrator))
        return principal

    def reset(self) -> None:
        with self._lock:
            self._issued.clear()
