"""The users of IAM, as moto stores them, by their access keys."""

from __future__ import annotations

import sys

from localcloud.core.access.principal import USER, Principal
from localcloud.core.moto_backends import Backends


def user_of(moto: Backends, access_key: str, account: str) -> Principal | None:
    """None: no user has this key, or it is inactive."""
    if "moto.iam.models" not in sys.modules:  # then there are no users, and its import would take long
        return None
    with moto("iam") as iam:
        for user in iam.users.values():
            for key in user.access_keys:
                if key.access_key_id == access_key and key.status == "Active":
                    return Principal(USER, user.arn, account, user_id=user.id)
    return None
