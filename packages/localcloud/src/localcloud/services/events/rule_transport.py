"""How the events of rules are sent, and what is reported about them."""

from __future__ import annotations

from localcloud.core.metrics import MetricEmitter
from localcloud.services.events.invocation import DeliveryFailure, Invocation
from localcloud.services.events.target_kinds import TargetKinds
from localcloud.services.events.transform import compact


class RuleTransport:
    source = "rule"

    def __init__(self, kinds: TargetKinds, metrics: MetricEmitter) -> None:
        self._kinds, self._metrics = kinds, metrics

    def send(self, invocation: Invocation) -> None:
        kind = self._kinds.find(invocation.arn)
        if not kind:
            raise DeliveryFailure("NO_RESOURCE", f"localcloud does not deliver to {invocation.target['Arn']}.")
        kind.send(invocation)

    def dead_letter(self, invocation: Invocation, failure: DeliveryFailure) -> tuple[str, dict[str, str]]:
        """The original event, not the target's input, with AWS's attributes."""
        attributes = {
            "RULE_ARN": invocation.match.rule_arn,
            "TARGET_ARN": invocation.target["Arn"],
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message,
            "RETRY_ATTEMPTS": str(invocation.retries),
        }
        return compact(invocation.event), attributes

    def count(self, invocation: Invocation, metric: str) -> None:
        self._metrics.emit("AWS/Events", metric, 1, {"RuleName": invocation.match.rule_name}, "Count")
