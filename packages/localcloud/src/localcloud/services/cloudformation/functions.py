"""The functions of templates and their condition functions, each a Python function of its argument."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any

from localcloud.services.cloudformation.errors import template_error
from localcloud.services.cloudformation.evaluator import Evaluator, Functions
from localcloud.services.cloudformation.function_syntax import (
    LITERAL,
    SUBSTITUTION,
    require_list,
    split_attribute,
    split_substitution,
    to_text,
)


def _evaluated_list(evaluate: Evaluator, argument: Any, name: str, *sizes: int) -> list[Any]:
    """Checked before and after evaluation: an AWS::NoValue removes an argument."""
    return require_list(evaluate(require_list(argument, name, *sizes)), name, *sizes)


def _get_att(evaluate: Evaluator, argument: Any) -> Any:
    if isinstance(argument, list) and len(argument) == 2:
        argument = [argument[0], evaluate.text(argument[1])]
    return evaluate.lookups.attribute(*split_attribute(argument))


def _sub(evaluate: Evaluator, argument: Any) -> str:
    template, variables = split_substitution(argument)

    def substitute(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name in variables:
            return evaluate.text(variables[name])
        resource, _, attribute = name.partition(".")
        return evaluate.text({"Fn::GetAtt": [resource, attribute]} if attribute else {"Ref": name})

    parts = (
        SUBSTITUTION.sub(substitute, part) if number % 2 == 0 else f"${{{part}}}"
        for number, part in enumerate(LITERAL.split(template))
    )
    return "".join(parts)


def _join(evaluate: Evaluator, argument: Any) -> str:
    separator, parts = require_list(argument, "Fn::Join", 2)
    parts = evaluate(parts)
    return evaluate.text(separator).join(map(to_text, require_list(parts, "Fn::Join")))


def _select(evaluate: Evaluator, argument: Any) -> Any:
    index, items = _evaluated_list(evaluate, argument, "Fn::Select", 2)
    items = items.split(",") if isinstance(items, str) else items
    try:
        return items[int(index)] if int(index) >= 0 else _raise_no_item(index)
    except (IndexError, KeyError, ValueError, TypeError):
        return _raise_no_item(index)


def _raise_no_item(index: Any) -> Any:
    raise template_error(f"Fn::Select cannot select nonexistent value at index {index}")


def _split(evaluate: Evaluator, argument: Any) -> list[str]:
    separator, whole = _evaluated_list(evaluate, argument, "Fn::Split", 2)
    if not to_text(separator):
        raise template_error("Fn::Split needs a delimiter")
    return to_text(whole).split(to_text(separator))


def _if(evaluate: Evaluator, argument: Any) -> Any:
    return evaluate(evaluate.branch(argument))


def _import_value(evaluate: Evaluator, argument: Any) -> str:
    return evaluate.lookups.import_value(evaluate.text(argument))


def _find_in_map(evaluate: Evaluator, argument: Any) -> Any:
    name, first, second, *options = require_list(argument, "Fn::FindInMap", 3, 4)
    value: Any = evaluate.mappings
    keys = [evaluate.text(key) for key in (name, first, second)]
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            if options and evaluate.extensions and isinstance(options[0], Mapping) and "DefaultValue" in options[0]:
                return evaluate(options[0]["DefaultValue"])
            raise template_error(f"Unable to get mapping for {'::'.join(keys)}")
        value = value[key]
    return value


def _base64(evaluate: Evaluator, argument: Any) -> str:
    return base64.b64encode(evaluate.text(argument).encode()).decode()


def _get_azs(evaluate: Evaluator, argument: Any) -> list[str]:
    return evaluate.zones(evaluate.text(argument))


def _cidr(evaluate: Evaluator, argument: Any) -> list[str]:
    block, count, *bits = _evaluated_list(evaluate, argument, "Fn::Cidr", 2, 3)
    try:
        network = ipaddress.ip_network(to_text(block))
        prefix = network.max_prefixlen - int(bits[0] if bits else 8)
        subnets = network.subnets(new_prefix=prefix)
        blocks = [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]
    except (ValueError, TypeError) as problem:
        raise template_error(f"Fn::Cidr: {problem}") from None
    if not 1 <= int(count) <= 256 or len(blocks) < int(count):
        raise template_error(f"Fn::Cidr: {block} has no {count} networks of that size")
    return blocks


def _length(evaluate: Evaluator, argument: Any) -> int:
    evaluate.require_extensions("Fn::Length")
    items = evaluate(argument)
    return len(require_list(items.split(",") if isinstance(items, str) else items, "Fn::Length"))


def _to_json_string(evaluate: Evaluator, argument: Any) -> str:
    evaluate.require_extensions("Fn::ToJsonString")
    return json.dumps(evaluate(argument), separators=(",", ":"))


def _equals(evaluate: Evaluator, argument: Any) -> bool:
    one, other = _evaluated_list(evaluate, argument, "Fn::Equals", 2)
    return bool(one == other if isinstance(one, dict | list) else to_text(one) == to_text(other))


def _and(evaluate: Evaluator, argument: Any) -> bool:
    return all(evaluate.condition(item) for item in require_list(argument, "Fn::And", *range(2, 11)))


def _or(evaluate: Evaluator, argument: Any) -> bool:
    return any(evaluate.condition(item) for item in require_list(argument, "Fn::Or", *range(2, 11)))


def _not(evaluate: Evaluator, argument: Any) -> bool:
    return not evaluate.condition(require_list(argument, "Fn::Not", 1)[0])


CONDITION_FUNCTIONS: Functions = {
    "Fn::Equals": _equals,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::Not": _not,
    "Condition": lambda evaluate, name: evaluate.holds(name),
}
FUNCTIONS: Functions = {
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::GetAZs": _get_azs,
    "Fn::Cidr": _cidr,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json_string,
}
