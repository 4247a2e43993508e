"""The Rules of a template: assertions over its parameters, judged before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation.functions import error, listed, text
from localcloud.services.cloudformation.intrinsics import Evaluator, function
from localcloud.services.cloudformation.yaml_text import broken

Judge = Callable[[Evaluator, Any], bool]


def check(rules: Mapping[str, Any], evaluate: Evaluator) -> None:
    """Refusal tells the first assertion that does not hold."""
    for name, rule in rules.items():
        if not isinstance(rule, dict) or not isinstance(rule.get("Assertions"), list):
            raise broken(f"Rule {name} must contain a list of Assertions")
        if "RuleCondition" in rule and not _holds(evaluate, rule["RuleCondition"]):
            continue
        for assertion in rule["Assertions"]:
            if not isinstance(assertion, dict) or "Assert" not in assertion:
                raise broken(f"every assertion of rule {name} must contain an Assert member")
            if not _holds(evaluate, assertion["Assert"]):
                why = assertion.get("AssertDescription", "an assertion does not hold")
                raise Refusal("ValidationError", f"Template constraint violated by rule {name}: {why}")


def _holds(evaluate: Evaluator, value: Any) -> bool:
    name = function(value)
    if name not in JUDGES:
        raise error(f"{name or value!r} is no function of a rule; it must be one of {', '.join(JUDGES)}")
    return JUDGES[name](evaluate, value[name])


def _value(evaluate: Evaluator, value: Any) -> Any:
    if function(value) in ("Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"):
        raise error(f"{function(value)} asks for attributes of existing resources, which localcloud does not do")
    return evaluate(value)


def _many(evaluate: Evaluator, value: Any) -> list[str]:
    found = _value(evaluate, value)
    return [text(each) for each in found] if isinstance(found, list) else [text(found)]


def _contains(evaluate: Evaluator, argument: Any) -> bool:
    allowed, value = listed(argument, "Fn::Contains", 2)
    return text(_value(evaluate, value)) in _many(evaluate, allowed)


def _each_equals(evaluate: Evaluator, argument: Any) -> bool:
    values, value = listed(argument, "Fn::EachMemberEquals", 2)
    return all(each == text(_value(evaluate, value)) for each in _many(evaluate, values))


def _each_in(evaluate: Evaluator, argument: Any) -> bool:
    values, allowed = listed(argument, "Fn::EachMemberIn", 2)
    return set(_many(evaluate, values)) <= set(_many(evaluate, allowed))


def _equals(evaluate: Evaluator, argument: Any) -> bool:
    one, other = listed(argument, "Fn::Equals", 2)
    return _many(evaluate, one) == _many(evaluate, other)


JUDGES: dict[str, Judge] = {
    "Fn::Contains": _contains,
    "Fn::EachMemberEquals": _each_equals,
    "Fn::EachMemberIn": _each_in,
    "Fn::Equals": _equals,
    "Fn::And": lambda evaluate, argument: all(_holds(evaluate, each) for each in listed(argument, "Fn::And")),
    "Fn::Or": lambda evaluate, argument: any(_holds(evaluate, each) for each in listed(argument, "Fn::Or")),
    "Fn::Not": lambda evaluate, argument: not _holds(evaluate, listed(argument, "Fn::Not", 1)[0]),
}
