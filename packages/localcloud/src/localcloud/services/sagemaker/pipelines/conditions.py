"""The conditions of a Condition step."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


def holds(condition: dict[str, Any], resolve: Callable[[Any], Any]) -> bool:
    match condition["Type"]:
        case "Not":
            return not holds(condition["Expression"] if "Expression" in condition else condition["Condition"], resolve)
        case "Or":
            return any(holds(inner, resolve) for inner in condition["Conditions"])
        case "In":
            return resolve(condition["QueryValue"]) in resolve(condition["Values"])
        case kind if kind in COMPARISONS:
            return bool(COMPARISONS[kind](resolve(condition["LeftValue"]), resolve(condition["RightValue"])))
        case kind:
            raise ValueError(f"a condition of type {kind} is unknown")
