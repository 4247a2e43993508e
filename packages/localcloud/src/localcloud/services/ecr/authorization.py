"""Authorization tokens: the user AWS with a password that is valid for twelve hours of the cloud's clock."""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import datetime, timedelta

from localcloud.core.cloud import Cloud
from localcloud.core.service import Part, Request, operation
from localcloud.services.ecr.hosts import aws_host, local_host, registry_host

USER = "AWS"
VALID = timedelta(hours=12)


class Authorization(Part):
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._passwords: dict[str, datetime] = {}  # with their end

    def reset(self) -> None:
        self._passwords.clear()

    @operation("GetAuthorizationToken")
    def get_authorization_token(self, request: Request) -> Request:
        registries = request.get("registryIds") or [self.cloud.account]
        return {"authorizationData": [self._new_token(registry) for registry in registries]}

    def new_password(self) -> str:
        now = self.cloud.clock.now()
        for outdated in [password for password, end in self._passwords.items() if end + VALID < now]:
            del self._passwords[outdated]
        password = secrets.token_urlsafe(60)
        self._passwords[password] = now + VALID
        return password

    def encoded(self, password: str) -> str:
        return base64.b64encode(f"{USER}:{password}".encode()).decode()

    def problem(self, header: str, token: str = "") -> str:
        """Why a request is refused, or "". ``header`` is its Authorization, ``token`` that of a download."""
        if not header and not token:
            return "Not Authorized"
        with self.cloud.lock:
            end = self._passwords.get(token or _password(header))
        if not end:
            return "The authorization token is not one of this registry."
        if end < self.cloud.clock.now():
            return "Your authorization token has expired. Reauthenticate and try again."
        return ""

    def _new_token(self, registry: str) -> Request:
        own = registry == self.cloud.account
        here = own and registry_host(self.cloud) == local_host(self.cloud)
        endpoint = f"http://{local_host(self.cloud)}" if here else f"https://{aws_host(self.cloud, registry)}"
        password = self.new_password()
        end = self._passwords[password]
        return {"authorizationToken": self.encoded(password), "expiresAt": end, "proxyEndpoint": endpoint}


def _password(header: str) -> str:
    try:
        user, _, password = base64.b64decode(header.removeprefix("Basic "), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if header.startswith("Basic ") and user == USER else ""
