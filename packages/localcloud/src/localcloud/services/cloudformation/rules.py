"""The Rules of a template: assertions over its parameters, checked before any resource is created."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.services.cloudformation.errors import format_error, template_error, validation_error
from localcloud.services.cloudformation.evaluator import Evaluator
from localcloud.services.cloudformation.function_syntax import function_name, require_list, to_text


def check(rules: Mapping[str, Any], evaluate: Evaluator) -> None:
    """The refusal names the first assertion that does not hold."""
    for name, rule in rules.items():
        if not isinstance(rule, dict) or not isinstance(rule.get("Assertions"), list):
            raise format_error(f"Rule {name} must contain a list of Assertions")
        if "RuleCondition" in rule and not _holds(evaluate, rule["RuleCondition"]):
            continue
        for assertion in rule["Assertions"]:
            if not isinstance(assertion, dict) or "Assert" not in assertion:
                raise format_error(f"every assertion of rule {name} must contain an Assert member")
            if not _holds(evaluate, assertion["Assert"]):
                reason = assertion.get("AssertDescription", "an assertion does not hold")
                raise validation_error(f"Template constraint violated by rule {name}: {reason}")


def _holds(evaluate: Evaluator, value: Any) -> bool:
    name = function_name(value)
    if name not in RULE_FUNCTIONS:
        raise template_error(
            f"{name or value!r} is not a function of rules; it must be one of {', '.join(RULE_FUNCTIONS)}"
        )
    return RULE_FUNCTIONS[name](evaluate, value[name])


def _value(evaluate: Evaluator, value: Any) -> Any:
    if (name := function_name(value)) in ("Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"):
        raise template_error(f"{name} reads attributes of existing resources, which localcloud does not support")
    return evaluate(value)


def _texts(evaluate: Evaluator, value: Any) -> list[str]:
    values = _value(evaluate, value)
    return [to_text(item) for item in values] if isinstance(values, list) else [to_text(values)]


def _contains(evaluate: Evaluator, argument: Any) -> bool:
    allowed, value = require_list(argument, "Fn::Contains", 2)
    return to_text(_value(evaluate, value)) in _texts(evaluate, allowed)


def _each_member_equals(evaluate: Evaluator, argument: Any) -> bool:
    values, value = require_list(argument, "Fn::EachMemberEquals", 2)
    return all(item == to_text(_value(evaluate, value)) for item in _texts(evaluate, values))


def _each_member_in(evaluate: Evaluator, argument: Any) -> bool:
    values, allowed = require_list(argument, "Fn::EachMemberIn", 2)
    return set(_texts(evaluate, values)) <= set(_texts(evaluate, allowed))


def _equals(evaluate: Evaluator, argument: Any) -> bool:
    one, other = require_list(argument, "Fn::Equals", 2)
    return _texts(evaluate, one) == _texts(evaluate, other)


RULE_FUNCTIONS: dict[str, Callable[[Evaluator, Any], bool]] = {
    "Fn::Contains": _contains,
    "Fn::EachMemberEquals": _each_member_equals,
    "Fn::EachMemberIn": _each_member_in,
    "Fn::Equals": _equals,
    "Fn::And": lambda evaluate, argument: all(_holds(evaluate, item) for item in require_list(argument, "Fn::And")),
    "Fn::Or": lambda evaluate, argument: any(_holds(evaluate, item) for item in require_list(argument, "Fn::Or")),
    "Fn::Not": lambda evaluate, argument: not _holds(evaluate, require_list(argument, "Fn::Not", 1)[0]),
}
