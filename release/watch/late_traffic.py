"""Recorded requests for a new fleet that is live already and had too few: its run was interrupted, or it was idle."""

from __future__ import annotations

from collections.abc import Callable

from release.context import Context
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus, read_endpoint
from release.watch.traffic import Traffic
from release.watch.watch import FLOOR_FACTOR, read_both_fleets

MINUTES = 5  # by AWS's clock, whose metrics arrive late


def send_late_traffic(
    context: Context, deployment: Deployment, traffic: Traffic, check: Callable[[], None]
) -> EndpointStatus:
    """Returns the endpoint afterwards. Does not wait for requests that cannot be sent."""
    began, enough = None, FLOOR_FACTOR * context.settings.alarms.traffic_floor
    with traffic:
        while True:
            check()
            endpoint = context.retry(lambda: read_endpoint(context.client("sagemaker"), context.endpoint_name))
            began = began or endpoint.at
            late = (endpoint.at - began).total_seconds() > 60 * MINUTES
            futile = late or not traffic.possible or endpoint.config != deployment.config
            if futile or _requests(context, deployment, endpoint) >= enough:
                return endpoint
            traffic.drive(traffic.counts.sent < enough)
            context.sleep(context.timing.first_poll)


def _requests(context: Context, deployment: Deployment, endpoint: EndpointStatus) -> int:
    return context.retry(lambda: read_both_fleets(context, deployment, endpoint.at))[0].requests
