"""STS: temporary keys for users and for sessions of roles. They expire in real time.

The administrator may assume every role that trusts the account; on AWS the root user may assume none. Not reproduced:
MFA devices, federation (SAML, web identities), source identities, tags of sessions, the size of tokens.
"""

from __future__ import annotations

from typing import Any, ClassVar

from localcloud.core.access.caller import access_key, caller
from localcloud.core.access.credentials import Keys
from localcloud.core.access.principal import ADMINISTRATOR, ROLE
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Request, Service, operation
from localcloud.services.sts.role_sessions import RoleSessions, invalid

ACCOUNT_SECONDS, USER_SECONDS = 3600, 43_200  # of GetSessionToken
TEMPORARY = "ASIA"


class Sts(Service):
    name: ClassVar[str] = "sts"
    validation_code: ClassVar[str] = "ValidationError"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._sessions = RoleSessions(cloud)

    @operation("GetCallerIdentity", locked=False)
    def get_caller_identity(self, _: Request) -> Request:
        principal = caller()
        return {"UserId": principal.user_id, "Account": principal.account, "Arn": principal.arn}

    @operation("AssumeRole", locked=False)
    def assume_role(self, request: Request) -> Request:
        _refuse_unknown(request, "SerialNumber", "SourceIdentity", "Tags", "ProvidedContexts")
        session, seconds = self._sessions.open(caller(), request)
        user = {"AssumedRoleId": session.user_id, "Arn": session.arn}
        return {"Credentials": _describe(self.cloud.credentials.issue(session, seconds)), "AssumedRoleUser": user}

    @operation("GetSessionToken", locked=False)
    def get_session_token(self, request: Request) -> Request:
        _refuse_unknown(request, "SerialNumber")
        principal = caller()
        if principal.kind == ROLE or access_key().startswith(TEMPORARY):
            raise Refusal("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
        longest = ACCOUNT_SECONDS if principal.kind == ADMINISTRATOR else None
        seconds = request.get("DurationSeconds", longest or USER_SECONDS)
        return {"Credentials": _describe(self.cloud.credentials.issue(principal, min(seconds, longest or seconds)))}

    @operation("GetAccessKeyInfo", locked=False)
    def get_access_key_info(self, request: Request) -> Request:
        """Of keys of this account only: on AWS every key contains its account."""
        account = self.cloud.credentials.account_of(request["AccessKeyId"])
        if not account:
            raise invalid(f"The access key {request['AccessKeyId']} is not of this account")
        return {"Account": account}


def _describe(keys: Keys) -> dict[str, Any]:
    return {
        "AccessKeyId": keys.access_key,
        "SecretAccessKey": keys.secret_key,
        "SessionToken": keys.token,
        "Expiration": keys.expiration,
    }


def _refuse_unknown(request: Request, *members: str) -> None:
    for member in members:
        if member in request:
            raise not_implemented(f"STS with a {member}")
