"""The order of resources: each after those that it refers to and those that it names in DependsOn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from localcloud.services.cloudformation.errors import validation_error
from localcloud.services.cloudformation.function_syntax import function_calls, split_attribute
from localcloud.services.cloudformation.template import depends_on


def dependencies(
    declaration: Mapping[str, Any], resources: Mapping[str, Any], branch: Callable[[Any], Any]
) -> set[str]:
    """Those of ``resources`` that a resource depends on."""
    names = set(depends_on(declaration))
    for name, argument in function_calls(declaration.get("Properties", {}), branch):
        if name == "Ref":
            names.add(argument)
        elif name == "Fn::GetAtt":
            names.add(split_attribute(argument)[0])
    return names & set(resources)


def sort(graph: Mapping[str, set[str]]) -> list[str]:
    """Dependencies first, otherwise in the given order."""
    sorter: TopologicalSorter[str] = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as cycle:
        names = sorted(set(cycle.args[1]))
        raise validation_error(f"Circular dependency between resources: [{', '.join(names)}]") from None
    position = {name: number for number, name in enumerate(graph)}
    result: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=position.__getitem__)
        result += ready
        sorter.done(*ready)
    return result
