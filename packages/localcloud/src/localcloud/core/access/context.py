"""The context of a request: the values of the condition keys that policies ask for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from localcloud.core.access.principal import ROLE, SERVICE, USER, Principal

Values = tuple[str, ...]

# Requests on this machine count as those that AWS's endpoints receive over TLS.
LOCAL: Mapping[str, Values] = MappingProxyType(
    {
        "aws:securetransport": ("true",),
        "aws:sourceip": ("127.0.0.1",),
        "aws:viaawsservice": ("false",),
        "s3:tlsversion": ("1.3",),
    }
)


class RequestContext:
    """Of a key, the principal's own value counts before the request's, and that before the local one."""

    def __init__(self, principal: Principal, request: Mapping[str, Values]) -> None:
        self._principal, self._request = principal, request

    def get(self, key: str) -> Values:
        """``key`` in lower case; empty if the request has none."""
        for values in (principal_keys(self._principal), self._request, LOCAL):
            if key in values:
                return values[key]
        return _time_keys().get(key, ()) if key in ("aws:currenttime", "aws:epochtime") else ()


def _time_keys() -> Mapping[str, Values]:
    now = time.time()
    return {
        "aws:currenttime": (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),),
        "aws:epochtime": (str(int(now)),),
    }


@lru_cache(maxsize=4096)
def principal_keys(principal: Principal) -> Mapping[str, Values]:
    keys = {
        "aws:principalisawsservice": str(principal.kind == SERVICE).lower(),
        "aws:sourceaccount": principal.source_account,
        "aws:sourcearn": principal.source_arn,
    }
    if principal.kind == SERVICE:
        keys["aws:principalservicename"] = keys["aws:principalservicenameslist"] = principal.arn
    else:
        keys |= _identity_keys(principal)
    return MappingProxyType({key: (value,) for key, value in keys.items() if value})


def _identity_keys(principal: Principal) -> dict[str, str]:
    keys = {
        "aws:principalarn": principal.role_arn or principal.arn,
        "aws:principalaccount": principal.account,
        "aws:userid": principal.user_id,
    }
    if principal.kind == ROLE:
        keys |= {"aws:principaltype": "AssumedRole", "aws:multifactorauthpresent": "false"}
    elif principal.kind == USER:
        keys |= {"aws:principaltype": "User", "aws:username": principal.arn.rpartition("/")[2]}
    return keys
