"""Puts the config before back, where SageMaker does not do it: a serverless release that has failed."""

from __future__ import annotations

from collections.abc import Callable

from aws.refusals import is_in_progress
from release.call import Call
from release.context import Context
from release.execute.execute import execute
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus, read_endpoint
from release.watch.clock import Deadline
from settings.errors import Problem

ATTEMPTS = 20  # to take it back, while autoscaling is quicker
LONGEST_CHANGE = 3600  # seconds by AWS's clock, of an update or of a change of the concurrency
STALE_POLLS = 10  # that do not show yet what was accepted


def take_back(context: Context, deployment: Deployment, check: Callable[[], None]) -> EndpointStatus:
    """Puts the config before back, and returns the endpoint when it no longer changes."""
    request = {"EndpointName": context.endpoint_name, "EndpointConfigName": deployment.before}
    sentence = f"endpoint {context.endpoint_name} from {deployment.config} back to {deployment.before}"
    call = Call("sagemaker", "update_endpoint", request, sentence)
    for attempt in range(ATTEMPTS):
        endpoint = settled(context, check)  # its autoscaling may be changing it
        if (endpoint.status, endpoint.config) != ("InService", deployment.config):
            return endpoint
        try:
            execute([call], context, check)
            break
        except Exception as error:  # or it started a moment ago
            if attempt == ATTEMPTS - 1 or not is_in_progress(error):
                raise
        context.sleep(context.timing.first_poll)
    return _changed(context, endpoint, check)


def _changed(context: Context, before: EndpointStatus, check: Callable[[], None]) -> EndpointStatus:
    """After a change was accepted."""
    endpoint = before
    for _ in range(STALE_POLLS):
        endpoint = settled(context, check)
        if (endpoint.config, endpoint.modified) != (before.config, before.modified):
            break
        context.sleep(context.timing.first_poll)
    return endpoint


def settled(context: Context, check: Callable[[], None]) -> EndpointStatus:
    deadline = Deadline(LONGEST_CHANGE)
    while True:
        check()
        endpoint = read(context)
        if not endpoint.changing:
            return endpoint
        if deadline.passed(endpoint.at):
            raise Problem(
                f"endpoint {context.endpoint_name} is {endpoint.status} for an hour: inspect it in the SageMaker "
                "console; the same command continues"
            )
        context.sleep(context.timing.first_poll)


def read(context: Context) -> EndpointStatus:
    return context.retry(lambda: read_endpoint(context.client("sagemaker"), context.endpoint_name))
