"""Sends the calls of a plan, one after the other. Each may be sent again: it finds what an earlier run left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aws.refusals import is_missing, is_transient
from release.call import Call
from release.context import Context


def execute(calls: Sequence[Call], context: Context, check: Callable[[], None]) -> None:
    """``check`` raises when this run no longer holds the lease."""
    for call in calls:
        check()
        context.say(call.sentence)
        context.retry(lambda call=call: _send(call, context))  # type: ignore[misc]


def _send(call: Call, context: Context) -> None:
    client = context.client(call.service)
    try:
        getattr(client, call.operation)(**call.request)
    except Exception as error:
        if not call.already_done(error) and not (is_transient(error) is False and _took_effect(call, client)):
            raise


def _took_effect(call: Call, client: Any) -> bool:
    """Was an endpoint's change accepted although its response was lost? The second attempt is then refused."""
    if call.operation not in ("create_endpoint", "update_endpoint"):
        return False
    try:
        endpoint = client.describe_endpoint(EndpointName=call.request["EndpointName"])
    except Exception as error:
        if is_missing(error):
            return False
        raise
    pending = endpoint.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
    target = pending or (endpoint["EndpointConfigName"] if endpoint["EndpointStatus"] == "Creating" else "")
    return bool(target == call.request["EndpointConfigName"])
