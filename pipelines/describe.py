"""``--describe`` and ``--list`` as text."""

from __future__ import annotations

from typing import Any

from aws.tables import columns, timestamp
from pipelines.arguments import parse_declarations, render_table
from pipelines.difference import flatten_steps
from pipelines.executions import Execution, recent
from pipelines.state import parse_definition, require

MAX_LISTED = 20
RECENT = 5


def describe(sagemaker: Any, name: str) -> str:
    state = require(sagemaker, name)
    definition = parse_definition(state.definition) or {}
    facts = [["arn", state.arn], ["role", state.role], ["description", state.description]]
    facts += [["created", timestamp(state.created)], ["modified", timestamp(state.modified)]]
    facts += [["steps", " -> ".join(flatten_steps(definition)) or "(cannot be read)"]]
    parts = [f"pipeline {name}", columns(facts), "parameters", render_table(parse_declarations(definition))]
    return "\n".join([*parts, f"last {RECENT} executions", _rows(recent(sagemaker, name, RECENT))])


def list_executions(sagemaker: Any, name: str) -> str:
    executions = recent(sagemaker, name, MAX_LISTED + 1)
    more = [f"  and more: the {MAX_LISTED} newest are shown"] if len(executions) > MAX_LISTED else []
    return "\n".join([f"executions of {name}", _rows(executions[:MAX_LISTED]), *more])


def _rows(executions: list[Execution]) -> str:
    if not executions:
        return "  none yet: --start begins one"
    head = ["started", "status", "execution", "reason"]
    return columns([head, *([timestamp(e.started), e.status, e.id, _reason(e)] for e in executions)])


def _reason(execution: Execution) -> str:
    return "" if execution.succeeded or execution.running else " ".join(execution.reason.split())[:100]
