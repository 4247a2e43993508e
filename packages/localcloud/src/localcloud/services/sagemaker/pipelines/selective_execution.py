"""Selective execution: only the selected steps run; they use other steps' outputs from an earlier execution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from localcloud.services.sagemaker.pipelines.graph import Graph
from localcloud.services.sagemaker.pipelines.records import Execution, StepRun
from localcloud.services.sagemaker.refusals import invalid


def selection(graph: Graph, config: dict[str, Any]) -> frozenset[str]:
    chosen = frozenset(step["StepName"] for step in config["SelectedSteps"])
    if unknown := sorted(chosen - graph.entries.keys()):
        raise invalid(f"Invalid SelectedSteps. The steps [{', '.join(unknown)}] are not in the pipeline definition.")
    after = {name for name in graph.entries if _before(graph, name) & chosen}
    before = {other for name in chosen for other in _before(graph, name)}
    if between := [name for name in graph.entries if name in after & before - chosen]:
        raise invalid(f"Invalid SelectedSteps. The steps [{', '.join(between)}] lie between selected steps: add them.")
    return chosen


def reuse(graph: Graph, chosen: frozenset[str], source: Execution | None) -> dict[str, StepRun]:
    """The runs of the source execution that replace steps that are not selected."""
    required = [name for name in graph.entries if name in _direct(graph, chosen) - chosen]
    if required and source is None:
        raise invalid(
            f"Invalid SourcePipelineExecutionArn: null. The selected steps [{', '.join(sorted(chosen))}] "
            f"have dependencies on [{', '.join(required)}]"
        )
    if source is None:
        return {}
    if source.status not in ("Succeeded", "Failed"):
        raise invalid(f"Invalid SourcePipelineExecutionArn: {source.arn} is {source.status}; it must have ended.")
    done = {run.name: run for run in source.in_status("Succeeded")}
    if missing := [name for name in required if name not in done]:
        raise invalid(f"Invalid SourcePipelineExecutionArn: [{', '.join(missing)}] did not succeed in {source.arn}.")
    needed = {other for name in chosen for other in graph.needs[name]} - chosen
    names = [name for name in graph.entries if name in needed and name in done]
    return {name: replace(done[name], cached_from="", reused_from=source.arn) for name in names}


def _direct(graph: Graph, chosen: frozenset[str]) -> set[str]:
    """The steps that these refer to, and the conditions that they belong to."""
    parents = {graph.parents[name][0] for name in chosen if name in graph.parents}
    return parents.union(*(graph.references[name] | set(graph.depends_on(name)) for name in chosen))


def _before(graph: Graph, name: str) -> set[str]:
    """Every step that must end before this one, directly or not."""
    before: set[str] = set()
    waiting = [name]
    while waiting:
        new = graph.needs[waiting.pop()] - before
        before |= new
        waiting += new
    return before
