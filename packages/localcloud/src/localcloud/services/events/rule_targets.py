"""The targets of rules, and their operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.events import senders  # also registers the kinds of targets that are ours
from localcloud.services.events.buses import PAGE
from localcloud.services.events.rules import Rules, changeable
from localcloud.services.events.targets import Arn, kind_of, kinds
from localcloud.services.events.transform import problems

MOST_TARGETS = 5


class RuleTargets(Rules):
    @operation("PutTargets")
    def put_targets(self, request: dict[str, Any]) -> dict[str, Any]:
        """All or none: a target whose Id is there is replaced."""
        rule = changeable(self.rule(request, "Rule"))
        for target in request["Targets"]:
            self._check(target)
        targets = rule.targets | {target["Id"]: target for target in request["Targets"]}
        if len(targets) > MOST_TARGETS:
            raise Refusal("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        rule.targets = targets
        return {"FailedEntryCount": 0, "FailedEntries": []}

    @operation("RemoveTargets")
    def remove_targets(self, request: dict[str, Any]) -> dict[str, Any]:
        rule = changeable(self.rule(request, "Rule"), force=request.get("Force", False))
        failed = [
            {
                "TargetId": name,
                "ErrorCode": "ResourceNotFoundException",
                "ErrorMessage": f"Rule '{rule.name}' does not have a target with the Id '{name}'.",
            }
            for name in request["Ids"]
            if name not in rule.targets
        ]
        rule.targets = {name: target for name, target in rule.targets.items() if name not in request["Ids"]}
        return {"FailedEntryCount": len(failed), "FailedEntries": failed}

    @operation("ListTargetsByRule")
    def list_targets_by_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        targets = [target for _, target in sorted(self.rule(request, "Rule").targets.items())]
        return paged([{"Id": target["Id"], **target} for target in targets], request, "Targets", **_PAGING)

    @operation("ListRuleNamesByTarget")
    def list_rule_names_by_target(self, request: dict[str, Any]) -> dict[str, Any]:
        arn, rules = request["TargetArn"], sorted(self.bus(request).rules.items())
        names = [name for name, rule in rules if any(target["Arn"] == arn for target in rule.targets.values())]
        return paged(names, request, "RuleNames", **_PAGING)

    def _check(self, target: dict[str, Any]) -> None:
        arn = Arn.of(target["Arn"])
        if not arn:
            sentence = f"Parameter {target['Arn']} is not valid. Reason: Provided Arn is not in correct format."
            raise Refusal("ValidationException", sentence)
        kind = kind_of(arn)
        if not kind:
            sentence = f"localcloud delivers events to {kinds()}; not to {target['Arn']} (target {target['Id']})."
            raise Refusal("NotImplementedByLocalcloud", sentence)
        if kind.role and "RoleArn" not in target:
            raise Refusal("ValidationException", f"RoleArn is required for target {target['Arn']}.")
        for sentence in (*problems(target), *self._elsewhere(arn, target), *kind.check(target)):
            raise Refusal("ValidationException", sentence)

    def _elsewhere(self, arn: Arn, target: dict[str, Any]) -> Iterator[str]:
        if (arn.region, arn.account) != (self.cloud.region, self.cloud.account):
            here = f"account {self.cloud.account}, region {self.cloud.region}"
            yield f"Target {target['Arn']} is somewhere else: this localcloud is {here}."
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        dead = Arn.of(queue) if queue else None
        if queue and (not dead or dead.service != "sqs" or dead.resource.endswith(senders.FIFO)):
            yield f"DeadLetterConfig of target {target['Id']} must be the ARN of a standard SQS queue, not {queue}."
        if dead and (dead.region, dead.account) != (self.cloud.region, self.cloud.account):
            yield f"DeadLetterConfig of target {target['Id']} must be a queue of the rule's own account and region."


_PAGING: dict[str, Any] = {"limit": PAGE, "size_key": "Limit"}
