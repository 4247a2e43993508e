"""moto's backends: the state of every service that is not localcloud's own, each behind a lock."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from threading import RLock
from typing import Any

Backends = Callable[[str], AbstractContextManager[Any]]  # ``Cloud.moto``: a service's, of one account and region
IMPORTING = RLock()
_LOCKS: dict[str, Any] = {}
_STATES: dict[tuple[str, str, str], tuple[Any, int]] = {}  # of each service, account and region, since which reset
_resets = 0


@contextmanager
def backend(service: str, account: str, region: str) -> Iterator[Any]:
    """A service's state, for use in process, under its lock."""
    key = (service, account, region)
    state, reset_number = _STATES.get(key, (None, -1))
    if reset_number != _resets:
        reset_number = _resets
        state = _find_state(service, account, region)
        _STATES[key] = (state, reset_number)
    with lock(service):
        yield state


def _find_state(service: str, account: str, region: str) -> Any:
    load()
    with IMPORTING:
        from moto.backends import get_backend

        if service == "iam":
            load_managed_policies()
        regions = get_backend(service)[account]
        return regions[region if region in regions else "aws"]


def lock(service: str) -> Any:
    """moto's services are not thread-safe."""
    return _LOCKS.setdefault(service, RLock())


def reset() -> None:
    global _resets
    if "moto.core.base_backend" in sys.modules:  # else there is no state yet, and importing moto is slow
        from moto.moto_api._internal.models import moto_api_backend

        moto_api_backend.reset()
    _resets += 1  # moto has other states from here on


def load() -> None:
    """To be called before moto is used: its modules import each other in circles, one thread at a time."""
    with IMPORTING:
        import moto.core.parse
        import moto.core.routing
        import moto.core.serialize
        import moto.core.utils
        import moto.moto_server.werkzeug_app

        loader = _loader()
        moto.core.utils.create_loader = lambda: loader  # moto creates one for every model, and each searches all models


@cache
def load_managed_policies() -> None:
    """AWS's, as in every account. moto would read all 1,500 again for each account, and after each reset."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data
    from moto.iam.models import AWSManagedPolicy, IAMBackend, iam_backends

    documents = json.loads(aws_managed_policies_data)

    @cache
    def policies(*account: str) -> dict[str, AWSManagedPolicy]:
        each = [AWSManagedPolicy.from_data(name, *account, document) for name, document in documents.items()]
        return {policy.arn: policy for policy in each}

    def unattached(iam: IAMBackend) -> dict[str, AWSManagedPolicy]:
        """The same ones in each state: copies of so many would take most of the time of a reset."""
        by_arn = policies(iam.account_id, iam.region_name)
        for policy in by_arn.values():
            policy.attachment_count = 0
        return by_arn.copy()

    IAMBackend._init_aws_policies = lambda iam: list(policies(iam.account_id, iam.region_name).values())
    IAMBackend._init_managed_policies = unattached
    for regions in iam_backends.values():  # another service of moto has used it already
        for iam in regions.values():
            iam.aws_managed_policies = iam._init_aws_policies()
            iam.managed_policies |= iam._init_managed_policies()


@cache
def _loader() -> Any:
    """moto's own: it adds to AWS's models what the responses of S3, SQS and EC2 need."""
    from moto.core.loaders import create_loader

    return create_loader()
