"""The parameters of an execution: given as strings, converted by their type, refused as AWS refuses them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.services.sagemaker.refusals import invalid

INTEGER = re.compile(r"[+-]?\d+")
FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def values(declared: list[dict[str, Any]], given: Mapping[str, str]) -> dict[str, Any]:
    """Every declared parameter's value: the given one, or its default."""
    known = {parameter["Name"]: parameter for parameter in declared}
    if unknown := sorted(given.keys() - known.keys()):
        raise invalid(f"Parameters [{', '.join(unknown)}] are not declared in the pipeline definition")
    missing = [name for name, parameter in known.items() if name not in given and "DefaultValue" not in parameter]
    if missing:
        raise invalid(f"Parameters [{', '.join(missing)}] have no default value and were not given")
    return {name: _value(parameter, given.get(name)) for name, parameter in known.items()}


def as_dict(listed: list[dict[str, str]]) -> dict[str, str]:
    """StartPipelineExecution's list as a mapping."""
    names = [parameter["Name"] for parameter in listed]
    if duplicates := sorted({name for name in names if names.count(name) > 1}):
        raise invalid(f"Parameters [{', '.join(duplicates)}] are given more than once")
    return {parameter["Name"]: parameter["Value"] for parameter in listed}


def _value(parameter: dict[str, Any], text: str | None) -> Any:
    name, kind = parameter["Name"], parameter["Type"]
    if text is None:
        return parameter["DefaultValue"]
    if not text:
        raise invalid('[string "" is too short (length: 0, required minimum: 1)]')  # AWS's own words
    try:
        value = CONVERTERS[kind](text)
    except ValueError:
        raise invalid(f"Parameter {name} is {text!r}, which is not of type {kind}") from None
    allowed = parameter.get("EnumValues", [value])
    if value not in allowed:
        raise invalid(f"Parameter {name} is {text!r}, which is not one of {allowed}")
    return value


def _integer(text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _float(text: str) -> float:
    if not FLOAT.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


CONVERTERS: dict[str, Callable[[str], Any]] = {"String": str, "Integer": _integer, "Float": _float, "Boolean": _boolean}
