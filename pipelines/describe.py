"""``--describe`` and ``--list`` as text."""

from __future__ import annotations

from typing import Any

from aws.tables import columns, timestamp
from pipelines.arguments import declared, table
from pipelines.deployed import readable, require
from pipelines.difference import steps
from pipelines.executions import Execution, recent

LISTED = 20
LAST = 5


def describe(sagemaker: Any, name: str) -> str:
    live = require(sagemaker, name)
    definition = readable(live.definition) or {}
    facts = [["arn", live.arn], ["role", live.role], ["description", live.description]]
    facts += [["created", timestamp(live.created)], ["modified", timestamp(live.modified)]]
    facts += [["steps", " -> ".join(steps(definition)) or "(cannot be read)"]]
    parts = [f"pipeline {name}", columns(facts), "parameters", table(declared(definition))]
    return "\n".join([*parts, f"last {LAST} executions", _rows(recent(sagemaker, name, LAST))])


def listing(sagemaker: Any, name: str) -> str:
    found = recent(sagemaker, name, LISTED + 1)
    more = [f"  and more: the {LISTED} newest are shown"] if len(found) > LISTED else []
    return "\n".join([f"executions of {name}", _rows(found[:LISTED]), *more])


def _rows(found: list[Execution]) -> str:
    if not found:
        return "  none yet: --start begins one"
    head = ["started", "status", "execution", "reason"]
    return columns([head, *([timestamp(e.started), e.status, e.id, _reason(e)] for e in found)])


def _reason(execution: Execution) -> str:
    return "" if execution.succeeded or execution.running else " ".join(execution.reason.split())[:100]
