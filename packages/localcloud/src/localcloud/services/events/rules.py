"""Rules: which events they match, or when they fire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localcloud.core import tags
from localcloud.core.cron import InvalidSchedule
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.schedule_expressions import ScheduleExpression, parse_rate_or_cron
from localcloud.core.service import Part, operation
from localcloud.services.events.buses import DEFAULT, PAGING, Buses
from localcloud.services.events.event_patterns import compile_or_refuse
from localcloud.services.events.patterns import Fields
from localcloud.services.events.records import DISABLED, Bus, Rule
from localcloud.services.events.scheduled_rules import ScheduledRules

MAX_RULES = 300


class Rules(Part):
    def __init__(
        self, buses: Buses, scheduled_rules: ScheduledRules, account: str, arn: Callable[[str, str], str]
    ) -> None:
        self._buses, self._scheduled_rules, self._account, self._arn = buses, scheduled_rules, account, arn

    def find(self, request: dict[str, Any], key: str = "Name") -> Rule:
        bus, name = self._buses.find(request), request[key]
        if name not in bus.rules:
            raise Refusal("ResourceNotFoundException", f"Rule {name} does not exist on EventBusName {bus.name}.")
        return bus.rules[name]

    @operation("PutRule")
    def put_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Creates or replaces: members that are left out are gone, except targets and tags."""
        bus, name = self._buses.find(request), request["Name"]
        existing = bus.rules.get(name)
        pattern, schedule = _compiled(request, bus)
        if existing:
            changeable(existing)
            existing.stop()
        elif len(bus.rules) >= MAX_RULES:
            raise Refusal("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        state = request.get("State", "ENABLED")
        rule = Rule(name, self._rule_arn(bus, name), bus.name, request, state, pattern, schedule)
        rule.targets = existing.targets if existing else {}
        rule.tags = existing.tags if existing else tags.as_dict(request.get("Tags"))
        bus.rules[name] = rule
        self._scheduled_rules.start(rule)
        return {"RuleArn": rule.arn}

    @operation("DescribeRule")
    def describe_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.find(request).describe() | {"CreatedBy": self._account}

    @operation("ListRules")
    def list_rules(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix, rules = request.get("NamePrefix", ""), sorted(self._buses.find(request).rules.items())
        matching = [rule.describe() for name, rule in rules if name.startswith(prefix)]
        return paged(matching, request, "Rules", **PAGING)

    @operation("EnableRule")
    def enable_rule(self, request: dict[str, Any]) -> None:
        rule = changeable(self.find(request))
        if not rule.enabled:
            rule.state = "ENABLED"
            self._scheduled_rules.start(rule)

    @operation("DisableRule")
    def disable_rule(self, request: dict[str, Any]) -> None:
        rule = changeable(self.find(request))
        rule.state = DISABLED
        rule.stop()

    @operation("DeleteRule")
    def delete_rule(self, request: dict[str, Any]) -> None:
        """Deleting a rule that does not exist is not an error."""
        bus = self._buses.find(request)
        rule = bus.rules.get(request["Name"])
        if not rule:
            return
        changeable(rule, force=request.get("Force", False))
        if rule.targets:
            raise Refusal("ValidationException", "Rule can't be deleted since it has targets.")
        rule.stop()
        del bus.rules[rule.name]

    def _rule_arn(self, bus: Bus, name: str) -> str:
        return self._arn("events", f"rule/{name}" if bus.name == DEFAULT else f"rule/{bus.name}/{name}")


def changeable(rule: Rule, *, force: bool = False) -> Rule:
    if rule.managed_by and not force:
        sentence = f"The rule {rule.name} is managed by {rule.managed_by}; only that service changes it."
        raise Refusal("ManagedRuleException", sentence)
    return rule


def _compiled(request: dict[str, Any], bus: Bus) -> tuple[Fields | None, ScheduleExpression | None]:
    pattern, expression = request.get("EventPattern"), request.get("ScheduleExpression")
    if not pattern and not expression:
        sentence = "Parameter(s) EventPattern or ScheduleExpression must be specified."
        raise Refusal("ValidationException", sentence)
    if expression and bus.name != DEFAULT:
        raise Refusal("ValidationException", "ScheduleExpression is supported only on the default event bus.")
    return (compile_or_refuse(pattern) if pattern else None), (_schedule(expression) if expression else None)


def _schedule(expression: str) -> ScheduleExpression:
    try:
        return parse_rate_or_cron(expression)
    except InvalidSchedule as problem:
        sentence = f"Parameter ScheduleExpression is not valid. Reason: {problem}."
        raise Refusal("ValidationException", sentence) from None
