"""In which order resources are made: after what they refer to and what they name in DependsOn."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation.functions import attribute_of
from localcloud.services.cloudformation.intrinsics import Evaluator, calls
from localcloud.services.cloudformation.template import depends_on


def dependencies(resource: Mapping[str, Any], present: Mapping[str, Any], evaluate: Evaluator) -> set[str]:
    """``present``: the resources whose conditions hold."""
    found = set(depends_on(resource))
    for name, argument in calls(resource.get("Properties", {}), evaluate):
        if name == "Ref":
            found.add(argument)
        elif name == "Fn::GetAtt":
            found.add(attribute_of(argument)[0])
    return found & set(present)


def ordered(graph: Mapping[str, set[str]]) -> list[str]:
    """Those that depend on nothing first, otherwise as they are written."""
    sorter: TopologicalSorter[str] = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as cycle:
        names = sorted(set(cycle.args[1]))
        raise Refusal("ValidationError", f"Circular dependency between resources: [{', '.join(names)}]") from None
    place = {name: number for number, name in enumerate(graph)}
    found: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        found += ready
        sorter.done(*ready)
    return found
