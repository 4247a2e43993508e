"""Rules: what they match or when they fire, and their operations."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.rate_and_cron import NoSchedule, Schedule, parse
from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.events.buses import DEFAULT, PAGE, Bus, Buses
from localcloud.services.events.patterns import Fields, Invalid, compile_pattern

if TYPE_CHECKING:
    from localcloud.core.clock import Timer

MOST_RULES = 300
MOST_CHARACTERS = 2048  # of a pattern; AWS raises it to 4096 on request
TOLD = ("EventPattern", "ScheduleExpression", "Description", "RoleArn")
DISABLED = "DISABLED"


@dataclass
class Rule:
    name: str
    arn: str
    bus: str
    said: dict[str, Any]  # as it was put
    state: str
    pattern: Fields | None
    schedule: Schedule | None
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)  # by Id
    managed_by: str = ""  # the AWS service whose rule it is
    timer: Timer | None = None

    @property
    def enabled(self) -> bool:
        return self.state != DISABLED

    def stop(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def told(self) -> dict[str, Any]:
        told = {"Name": self.name, "Arn": self.arn, "EventBusName": self.bus, "State": self.state}
        managed = {"ManagedBy": self.managed_by} if self.managed_by else {}
        return told | {name: self.said[name] for name in TOLD if name in self.said} | managed


class Rules(Buses):
    @abstractmethod
    def fire(self, rule: Rule) -> None:
        """It is time."""

    def reset(self) -> None:
        for bus in self.buses.values():
            for rule in bus.rules.values():
                rule.stop()
        super().reset()

    def rule(self, request: dict[str, Any], key: str = "Name") -> Rule:
        bus, name = self.bus(request), request[key]
        if name not in bus.rules:
            raise Refusal("ResourceNotFoundException", f"Rule {name} does not exist on EventBusName {bus.name}.")
        return bus.rules[name]

    @operation("PutRule")
    def put_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Creates or replaces: what is not said is gone, but for targets and tags."""
        bus, name = self.bus(request), request["Name"]
        before = bus.rules.get(name)
        pattern, schedule = _checked(request, bus)
        if before:
            changeable(before)
            before.stop()
        elif len(bus.rules) >= MOST_RULES:
            raise Refusal("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        rule = Rule(name, self._arn(bus, name), bus.name, request, request.get("State", "ENABLED"), pattern, schedule)
        if before:
            rule.targets = before.targets
        else:
            self.tags[rule.arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        bus.rules[name] = rule
        self._schedule(rule)
        return {"RuleArn": rule.arn}

    @operation("DescribeRule")
    def describe_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.rule(request).told() | {"CreatedBy": self.cloud.account}

    @operation("ListRules")
    def list_rules(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix = request.get("NamePrefix", "")
        found = [rule.told() for name, rule in sorted(self.bus(request).rules.items()) if name.startswith(prefix)]
        return paged(found, request, "Rules", limit=PAGE, size_key="Limit")

    @operation("EnableRule")
    def enable_rule(self, request: dict[str, Any]) -> None:
        rule = changeable(self.rule(request))
        if not rule.enabled:
            rule.state = "ENABLED"
            self._schedule(rule)

    @operation("DisableRule")
    def disable_rule(self, request: dict[str, Any]) -> None:
        rule = changeable(self.rule(request))
        rule.state = DISABLED
        rule.stop()

    @operation("DeleteRule")
    def delete_rule(self, request: dict[str, Any]) -> None:
        """Deleting what is not there is no error."""
        bus = self.bus(request)
        rule = bus.rules.get(request["Name"])
        if not rule:
            return
        changeable(rule, force=request.get("Force", False))
        if rule.targets:
            raise Refusal("ValidationException", "Rule can't be deleted since it has targets.")
        rule.stop()
        del bus.rules[rule.name]
        self.tags.pop(rule.arn, None)

    def _arn(self, bus: Bus, name: str) -> str:
        return self.cloud.arn("events", f"rule/{name}" if bus.name == DEFAULT else f"rule/{bus.name}/{name}")

    def _schedule(self, rule: Rule, since: datetime | None = None) -> None:
        """From this second on; each firing asks for the next one, counted from when it was due."""
        since = since or self.cloud.clock.now().replace(microsecond=0)
        due = rule.schedule.after(since) if rule.schedule and rule.enabled else None
        rule.timer = self.cloud.clock.at(due.timestamp(), partial(self._due, rule, due)) if due else None

    def _due(self, rule: Rule, due: datetime) -> None:
        with self.cloud.lock:
            if rule.timer and rule.timer.when == due.timestamp():  # else it was stopped while this waited for the lock
                self._schedule(rule, due)
                self.fire(rule)


def changeable(rule: Rule, *, force: bool = False) -> Rule:
    if rule.managed_by and not force:
        sentence = f"The rule {rule.name} is managed by {rule.managed_by}; only that service changes it."
        raise Refusal("ManagedRuleException", sentence)
    return rule


def _checked(request: dict[str, Any], bus: Bus) -> tuple[Fields | None, Schedule | None]:
    pattern, expression = request.get("EventPattern"), request.get("ScheduleExpression")
    if not pattern and not expression:
        sentence = "Parameter(s) EventPattern or ScheduleExpression must be specified."
        raise Refusal("ValidationException", sentence)
    if expression and bus.name != DEFAULT:
        raise Refusal("ValidationException", "ScheduleExpression is supported only on the default event bus.")
    return (compiled(pattern) if pattern else None), (_compiled_schedule(expression) if expression else None)


def compiled(pattern: str) -> Fields:
    if len(pattern) > MOST_CHARACTERS:
        sentence = f"Event pattern has {len(pattern)} characters, at most {MOST_CHARACTERS} are allowed."
        raise Refusal("LimitExceededException", sentence)
    try:
        return compile_pattern(pattern)
    except Invalid as problem:
        raise Refusal("InvalidEventPatternException", f"Event pattern is not valid. Reason: {problem}") from None


def _compiled_schedule(expression: str) -> Schedule:
    try:
        return parse(expression)
    except NoSchedule as problem:
        sentence = f"Parameter ScheduleExpression is not valid. Reason: {problem}."
        raise Refusal("ValidationException", sentence) from None
