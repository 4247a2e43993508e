"""``--describe`` and ``--list`` as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from aws.tables import columns
from aws.times import clock, for_people
from pipelines.arguments import parse_declarations, render_table
from pipelines.executions import Execution, recent
from pipelines.state import parse_definition, require

MAX_LISTED = 20
RECENT = 5
BRANCHES = {"IfSteps": "if true", "ElseSteps": "if false"}
REFERENCE = re.compile(r'"Get": "Steps\.([^."]+)')


def describe(sagemaker: Any, name: str) -> str:
    state = require(sagemaker, name)
    definition = parse_definition(state.definition) or {}
    facts = [["arn", state.arn], ["role", state.role], ["description", state.description]]
    facts += [["created", _time(state.created)], ["modified", _time(state.modified)]]
    steps = render_steps(definition.get("Steps", [])) if definition else "  (cannot be read)"
    parts = [f"pipeline {name}", columns(facts), "steps", steps]
    parts += ["parameters", render_table(parse_declarations(definition))]
    return "\n".join([*parts, f"last {RECENT} executions", _rows(recent(sagemaker, name, RECENT))])


def render_steps(steps: list[dict[str, Any]]) -> str:
    """Each step with those that it waits for; the steps of a condition's two branches are indented below it."""
    return columns([["step", "type", "after"], *_step_rows(steps, "")])


def _step_rows(steps: list[dict[str, Any]], indent: str) -> Iterator[list[str]]:
    waits: dict[str, set[str]] = {}
    for step in steps:
        needed = _needed(step) & waits.keys()
        waits[step["Name"]] = needed.union(*(waits[name] for name in needed))
        nearest = [name for name in waits if name in needed and not any(name in waits[other] for other in needed)]
        yield [indent + step["Name"], step.get("Type", ""), ", ".join(nearest)]
        for key, label in BRANCHES.items():
            branch = step.get("Arguments", {}).get(key, [])
            yield from ([[f"{indent}  {label}:", "", ""], *_step_rows(branch, f"{indent}    ")] if branch else [])


def _needed(step: dict[str, Any]) -> set[str]:
    """The names of the steps whose results it refers to, or that it names itself."""
    own = {key: value for key, value in step.get("Arguments", {}).items() if key not in BRANCHES}
    references = REFERENCE.findall(json.dumps(own))
    return {*references, *step.get("DependsOn", [])}


def list_executions(sagemaker: Any, name: str) -> str:
    executions = recent(sagemaker, name, MAX_LISTED + 1)
    more = [f"  and more: the {MAX_LISTED} newest are shown"] if len(executions) > MAX_LISTED else []
    return "\n".join([f"executions of {name}", _rows(executions[:MAX_LISTED]), *more])


def _rows(executions: list[Execution]) -> str:
    if not executions:
        return "  none yet: --start begins one"
    head = ["started", "status", "execution", "reason"]
    rows = columns([head, *([_time(e.started), e.status, e.id, _reason(e)] for e in executions)])
    return f"{rows}\n{clock(executions[0].at, executions[0].speed)}"


def _time(at: datetime | None) -> str:
    return for_people(at) if at else "-"


def _reason(execution: Execution) -> str:
    return "" if execution.succeeded or execution.running else " ".join(execution.reason.split())[:100]
