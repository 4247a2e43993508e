"""The calls of a plan, one after the other. Each may be sent again: it finds what an earlier run left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aws.refusals import is_missing, is_transient
from release.context import Site
from release.plan.plan import Call


def execute(calls: Sequence[Call], site: Site, check: Callable[[], None]) -> None:
    """``check`` raises when it is not this run's turn any more."""
    for call in calls:
        check()
        site.say(call.sentence)
        site.patiently(lambda call=call: _send(call, site))  # type: ignore[misc]


def _send(call: Call, site: Site) -> None:
    client = site.client(call.service)
    try:
        getattr(client, call.operation)(**call.request)
    except Exception as error:
        if not call.already_so(error) and not (is_transient(error) is False and _landed(call, client)):
            raise


def _landed(call: Call, client: Any) -> bool:
    """Did an endpoint's change arrive although its answer got lost? The second try is then refused."""
    if call.operation not in ("create_endpoint", "update_endpoint"):
        return False
    try:
        there = client.describe_endpoint(EndpointName=call.request["EndpointName"])
    except Exception as error:
        if is_missing(error):
            return False
        raise
    pending = there.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
    going = pending or (there["EndpointConfigName"] if there["EndpointStatus"] == "Creating" else "")
    return bool(going == call.request["EndpointConfigName"])
