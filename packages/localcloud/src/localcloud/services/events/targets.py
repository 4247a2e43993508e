"""The targets of rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localcloud.core.arn import Arn
from localcloud.core.paging import paged
from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.core.service import Part, operation
from localcloud.services.events.buses import PAGING, Buses
from localcloud.services.events.queues import FIFO
from localcloud.services.events.rules import Rules, changeable
from localcloud.services.events.target_kinds import TargetKinds
from localcloud.services.events.transform import problems

MAX_TARGETS = 5


class Targets(Part):
    def __init__(self, buses: Buses, rules: Rules, kinds: TargetKinds, account: str, region: str) -> None:
        self._buses, self._rules, self._kinds = buses, rules, kinds
        self._account, self._region = account, region

    @operation("PutTargets")
    def put_targets(self, request: dict[str, Any]) -> dict[str, Any]:
        """All or none: a target with a known Id is replaced."""
        rule = changeable(self._rules.find(request, "Rule"))
        for target in request["Targets"]:
            self._check(target)
        targets = rule.targets | {target["Id"]: target for target in request["Targets"]}
        if len(targets) > MAX_TARGETS:
            raise Refusal("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        rule.targets = targets
        return {"FailedEntryCount": 0, "FailedEntries": []}

    @operation("RemoveTargets")
    def remove_targets(self, request: dict[str, Any]) -> dict[str, Any]:
        rule = changeable(self._rules.find(request, "Rule"), force=request.get("Force", False))
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
        targets = [target for _, target in sorted(self._rules.find(request, "Rule").targets.items())]
        return paged([{"Id": target["Id"], **target} for target in targets], request, "Targets", **PAGING)

    @operation("ListRuleNamesByTarget")
    def list_rule_names_by_target(self, request: dict[str, Any]) -> dict[str, Any]:
        arn, rules = request["TargetArn"], sorted(self._buses.find(request).rules.items())
        names = [name for name, rule in rules if any(target["Arn"] == arn for target in rule.targets.values())]
        return paged(names, request, "RuleNames", **PAGING)

    def _check(self, target: dict[str, Any]) -> None:
        try:
            arn = Arn.parse(target["Arn"])
        except ValueError:
            sentence = f"Parameter {target['Arn']} is not valid. Reason: Provided Arn is not in correct format."
            raise Refusal("ValidationException", sentence) from None
        kind = self._kinds.find(arn)
        if not kind:
            sentence = f"localcloud delivers events to {self._kinds}; not to {target['Arn']} (target {target['Id']})."
            raise Refusal(NOT_IMPLEMENTED, sentence)
        if kind.needs_role and "RoleArn" not in target:
            raise Refusal("ValidationException", f"RoleArn is required for target {target['Arn']}.")
        for sentence in (*problems(target), *self._place_problems(arn, target), *kind.problems(target)):
            raise Refusal("ValidationException", sentence)

    def _place_problems(self, arn: Arn, target: dict[str, Any]) -> Iterator[str]:
        if not self._is_here(arn):
            here = f"account {self._account}, region {self._region}"
            yield f"Target {target['Arn']} is somewhere else: this localcloud is {here}."
        text = target.get("DeadLetterConfig", {}).get("Arn")
        if not text:
            return
        queue = _parsed(text)
        if not queue or queue.service != "sqs" or queue.resource.endswith(FIFO):
            yield f"DeadLetterConfig of target {target['Id']} must be the ARN of a standard SQS queue, not {text}."
        if queue and not self._is_here(queue):
            yield f"DeadLetterConfig of target {target['Id']} must be a queue of the rule's own account and region."

    def _is_here(self, arn: Arn) -> bool:
        return (arn.region, arn.account) == (self._region, self._account)


def _parsed(text: str) -> Arn | None:
    try:
        return Arn.parse(text)
    except ValueError:
        return None
