"""Known requests for a new fleet that is live already and had too few: its run was killed, or its bake was short."""

from __future__ import annotations

from collections.abc import Callable

from release.context import Context
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus, read_endpoint
from release.watch.clock import Deadline
from release.watch.live_judgement import LiveJudgement

SECONDS = 300


def send_late_traffic(
    context: Context, deployment: Deployment, live: LiveJudgement, check: Callable[[], None]
) -> EndpointStatus:
    """Until the judgement has decided, on replies of this run; returns the endpoint afterwards. Does not wait for what
    cannot be decided."""
    deadline = Deadline(SECONDS)
    while True:
        check()
        endpoint = context.retry(lambda: read_endpoint(context.client("sagemaker"), context.endpoint_name))
        decision = live.look(endpoint, drive=True)
        decided = decision is None or (decision.outcome != "undecided" and live.counts.sent > 0)
        if decided or deadline.passed(endpoint.at) or not live.decidable or endpoint.config != deployment.config:
            return endpoint
        context.sleep(context.timing.first_poll)
