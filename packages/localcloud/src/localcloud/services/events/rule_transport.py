"""How the events of rules are sent, and what is reported about them.

A target is called under its role. Without one EventBridge acts in its own name for the rule, as it does for dead
letters: then the policies of the queue, the topic, the log group and the key decide.
"""

from __future__ import annotations

import uuid

from localcloud.core.access.access import Access
from localcloud.core.access.principal import Principal
from localcloud.core.metrics import MetricEmitter
from localcloud.services.events.invocation import DeliveryFailure, Invocation
from localcloud.services.events.target_kinds import TargetKinds
from localcloud.services.events.transform import compact

SERVICE = "events.amazonaws.com"


class RuleTransport:
    source = "rule"

    def __init__(self, kinds: TargetKinds, metrics: MetricEmitter, access: Access) -> None:
        self._kinds, self._metrics, self._access = kinds, metrics, access

    def send(self, invocation: Invocation) -> None:
        kind = self._kinds.find(invocation.arn)
        if not kind:
            raise DeliveryFailure("NO_RESOURCE", f"localcloud does not deliver to {invocation.target['Arn']}.")
        kind.send(invocation, self._principal(invocation))

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

    def dead_letter_principal(self, invocation: Invocation) -> Principal:
        return self._access.service(SERVICE, invocation.match.rule_arn)

    def count(self, invocation: Invocation, metric: str) -> None:
        self._metrics.emit("AWS/Events", metric, 1, {"RuleName": invocation.match.rule_name}, "Count")

    def _principal(self, invocation: Invocation) -> Principal:
        role, rule = invocation.target.get("RoleArn"), invocation.match.rule_arn
        if not role:
            return self._access.service(SERVICE, rule)
        session = uuid.uuid5(uuid.NAMESPACE_URL, f"{rule}#{invocation.target['Id']}").hex
        return self._access.assume(role, session, service=SERVICE, source_arn=rule)
