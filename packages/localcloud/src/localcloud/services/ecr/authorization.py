"""Authorization tokens: the user AWS with a password, which is the caller's for twelve hours of the cloud's clock."""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from localcloud.core.access.caller import caller
from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, Request, operation
from localcloud.services.ecr.hosts import aws_host, local_host, registry_host

USER = "AWS"
VALID = timedelta(hours=12)


class Login(NamedTuple):
    principal: Principal
    end: datetime


class Authorization(Part):
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._logins: dict[str, Login] = {}  # by password

    def reset(self) -> None:
        self._logins.clear()

    @operation("GetAuthorizationToken")
    def get_authorization_token(self, request: Request) -> Request:
        registries = request.get("registryIds") or [self.cloud.account]
        return {"authorizationData": [self._new_token(registry) for registry in registries]}

    def new_password(self, principal: Principal) -> str:
        now = self.cloud.clock.now()
        for outdated in [password for password, login in self._logins.items() if login.end + VALID < now]:
            del self._logins[outdated]
        password = secrets.token_urlsafe(60)
        self._logins[password] = Login(principal, now + VALID)
        return password

    def encoded(self, password: str) -> str:
        return base64.b64encode(f"{USER}:{password}".encode()).decode()

    def principal(self, header: str, token: str = "") -> Principal:
        """Of a request with this Authorization, or with the token of a download. Raises Refusal."""
        if not header and not token:
            raise Refusal("UNAUTHORIZED", "Not Authorized", 401)
        with self.cloud.lock:
            login = self._logins.get(token or _password(header))
        if not login:
            raise Refusal("DENIED", "The authorization token is not one of this registry.", 403)
        if login.end < self.cloud.clock.now():
            raise Refusal("DENIED", "Your authorization token has expired. Reauthenticate and try again.", 403)
        return login.principal

    def _new_token(self, registry: str) -> Request:
        own = registry == self.cloud.account
        here = own and registry_host(self.cloud) == local_host(self.cloud)
        endpoint = f"http://{local_host(self.cloud)}" if here else f"https://{aws_host(self.cloud, registry)}"
        password = self.new_password(caller())
        token, end = self.encoded(password), self._logins[password].end
        return {"authorizationToken": token, "expiresAt": end, "proxyEndpoint": endpoint}


def _password(header: str) -> str:
    try:
        user, _, password = base64.b64decode(header.removeprefix("Basic "), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if header.startswith("Basic ") and user == USER else ""
