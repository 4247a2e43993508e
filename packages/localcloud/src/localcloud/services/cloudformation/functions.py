"""The functions of a template, each from its argument; ``intrinsics`` calls them."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import Refusal

if TYPE_CHECKING:
    from localcloud.services.cloudformation.intrinsics import Evaluator

SUBSTITUTED = re.compile(r"\$\{([^!{}][^{}]*)\}")
LITERAL = re.compile(r"\$\{!([^{}]*)\}")


def error(sentence: str) -> Refusal:
    return Refusal("ValidationError", f"Template error: {sentence}")


def text(value: Any) -> str:
    """As CloudFormation writes numbers and booleans into texts."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        raise error(f"a text is needed where {json.dumps(value)[:100]} is given")
    return str(value)


def attribute_of(argument: Any) -> tuple[str, str]:
    """``Key.Arn`` or ``[Key, Arn]``."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
        raise error("every Fn::GetAtt object requires two non-empty parameters, the resource name and its attribute")
    return parts[0], parts[1] if isinstance(parts[1], str) else ""


def substitutions(argument: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(argument, str):
        return argument, {}
    if (
        isinstance(argument, list)
        and len(argument) == 2
        and isinstance(argument[0], str)
        and isinstance(argument[1], dict)
    ):
        return argument[0], argument[1]
    raise error("One or more Fn::Sub intrinsic functions don't specify expected arguments: a text, and perhaps a map")


def listed(argument: Any, name: str, *sizes: int) -> list[Any]:
    if not isinstance(argument, list) or (sizes and len(argument) not in sizes):
        raise error(f"{name} needs a list of {' or '.join(map(str, sizes)) or 'its arguments'}")
    return argument


def _evaluated(evaluate: Evaluator, argument: Any, name: str, *sizes: int) -> list[Any]:
    """Of the same size afterwards: AWS::NoValue in it takes an argument away."""
    return listed(evaluate(listed(argument, name, *sizes)), name, *sizes)


def _get_att(evaluate: Evaluator, argument: Any) -> Any:
    if isinstance(argument, list) and len(argument) == 2:
        argument = [argument[0], evaluate.text(argument[1])]
    return evaluate.attribute(*attribute_of(argument))


def _sub(evaluate: Evaluator, argument: Any) -> str:
    template, own = substitutions(argument)

    def replaced(found: re.Match[str]) -> str:
        name = found[1].strip()
        if name in own:
            return evaluate.text(own[name])
        resource, _, attribute = name.partition(".")
        return evaluate.text({"Fn::GetAtt": [resource, attribute]} if attribute else {"Ref": name})

    parts = (
        SUBSTITUTED.sub(replaced, part) if number % 2 == 0 else f"${{{part}}}"
        for number, part in enumerate(LITERAL.split(template))
    )
    return "".join(parts)


def _join(evaluate: Evaluator, argument: Any) -> str:
    separator, parts = listed(argument, "Fn::Join", 2)
    parts = evaluate(parts)
    return evaluate.text(separator).join(map(text, listed(parts, "Fn::Join")))


def _select(evaluate: Evaluator, argument: Any) -> Any:
    index, items = _evaluated(evaluate, argument, "Fn::Select", 2)
    items = items.split(",") if isinstance(items, str) else items
    try:
        return items[int(index)] if int(index) >= 0 else _outside(index)
    except (IndexError, KeyError, ValueError, TypeError):
        return _outside(index)


def _outside(index: Any) -> Any:
    raise error(f"Fn::Select cannot select nonexistent value at index {index}")


def _split(evaluate: Evaluator, argument: Any) -> list[str]:
    separator, whole = _evaluated(evaluate, argument, "Fn::Split", 2)
    if not text(separator):
        raise error("Fn::Split needs a delimiter")
    return text(whole).split(text(separator))


def _if(evaluate: Evaluator, argument: Any) -> Any:
    return evaluate(evaluate.branch(argument))


def _import_value(evaluate: Evaluator, argument: Any) -> str:
    return evaluate.exported(evaluate.text(argument))


def _find_in_map(evaluate: Evaluator, argument: Any) -> Any:
    name, first, second, *more = listed(argument, "Fn::FindInMap", 3, 4)
    found: Any = evaluate.mappings
    for key in (evaluate.text(each) for each in (name, first, second)):
        if not isinstance(found, Mapping) or key not in found:
            if more and evaluate.extended and isinstance(more[0], Mapping) and "DefaultValue" in more[0]:
                return evaluate(more[0]["DefaultValue"])
            raise error(f"Unable to get mapping for {'::'.join(evaluate.text(each) for each in (name, first, second))}")
        found = found[key]
    return found


def _base64(evaluate: Evaluator, argument: Any) -> str:
    return base64.b64encode(evaluate.text(argument).encode()).decode()


def _get_azs(evaluate: Evaluator, argument: Any) -> list[str]:
    return evaluate.zones(evaluate.text(argument))


def _cidr(evaluate: Evaluator, argument: Any) -> list[str]:
    block, count, *bits = _evaluated(evaluate, argument, "Fn::Cidr", 2, 3)
    try:
        network = ipaddress.ip_network(text(block))
        prefix = network.max_prefixlen - int(bits[0] if bits else 8)
        subnets = network.subnets(new_prefix=prefix)
        found = [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]
    except (ValueError, TypeError) as problem:
        raise error(f"Fn::Cidr: {problem}") from None
    if not 1 <= int(count) <= 256 or len(found) < int(count):
        raise error(f"Fn::Cidr: {block} has no {count} networks of that size")
    return found


def _length(evaluate: Evaluator, argument: Any) -> int:
    items = evaluate(argument)
    return len(listed(items.split(",") if isinstance(items, str) else items, "Fn::Length"))


def _to_json_string(evaluate: Evaluator, argument: Any) -> str:
    return json.dumps(evaluate(argument), separators=(",", ":"))


def _equals(evaluate: Evaluator, argument: Any) -> bool:
    one, other = _evaluated(evaluate, argument, "Fn::Equals", 2)
    return bool(one == other if isinstance(one, dict | list) else text(one) == text(other))


def _and(evaluate: Evaluator, argument: Any) -> bool:
    return all(evaluate.condition(each) for each in listed(argument, "Fn::And", *range(2, 11)))


def _or(evaluate: Evaluator, argument: Any) -> bool:
    return any(evaluate.condition(each) for each in listed(argument, "Fn::Or", *range(2, 11)))


def _not(evaluate: Evaluator, argument: Any) -> bool:
    return not evaluate.condition(listed(argument, "Fn::Not", 1)[0])


CONDITIONS: dict[str, Callable[[Evaluator, Any], bool]] = {
    "Fn::Equals": _equals,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::Not": _not,
    "Condition": lambda evaluate, name: evaluate.holds(name),
}
EXTENSIONS = ("Fn::Length", "Fn::ToJsonString")
FUNCTIONS: dict[str, Callable[[Evaluator, Any], Any]] = {
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
