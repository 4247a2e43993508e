"""Metric math: tree to values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from localcloud.services.cloudwatch.math_expressions import (
    Array,
    BadExpression,
    Call,
    Chain,
    Name,
    Negative,
    Node,
    Number,
    Text,
)
from localcloud.services.cloudwatch.math_functions import call
from localcloud.services.cloudwatch.math_values import Option, Series, Value, combine
from localcloud.services.cloudwatch.metric_store import Grid


@dataclass(frozen=True)
class Scope:
    names: Mapping[str, Series | list[Series]]  # by id
    metrics: Mapping[str, Series]  # those that are metrics: METRICS()
    grid: Grid


def evaluate(tree: Node, scope: Scope) -> Series | list[Series]:
    value = _value(tree, scope)
    if isinstance(value, Series | list):
        return value
    raise BadExpression("the result is a number and must be a time series: TIME_SERIES() converts it")


def _value(node: Node, scope: Scope) -> Value:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        return scope.names[node.id]
    if isinstance(node, Text):
        return Option(node.value)
    if isinstance(node, Negative):
        return combine("*", -1.0, _value(node.operand, scope))
    if isinstance(node, Chain):
        value = _value(node.first, scope)
        for symbol, operand in node.rest:
            value = combine(symbol, value, _value(operand, scope))
        return value
    if isinstance(node, Array):
        return [each for item in node.items for each in _listed(_value(item, scope))]
    if isinstance(node, Call):
        arguments = [_value(argument, scope) for argument in node.arguments]
        return _metrics(arguments, scope) if node.function == "METRICS" else call(node.function, arguments, scope.grid)
    return Option(node.word)


def _listed(value: Value) -> list[Series]:
    if isinstance(value, Series):
        return [value]
    if isinstance(value, list):
        return value
    raise BadExpression("a list holds time series only")


def _metrics(arguments: Sequence[Value], scope: Scope) -> list[Series]:
    """All metrics of the request, or those whose id contains a text."""
    part = arguments[0] if arguments else Option("")
    if len(arguments) > 1 or not isinstance(part, Option):
        raise BadExpression("METRICS takes a text or nothing")
    return [series for id, series in scope.metrics.items() if part.text in id]
