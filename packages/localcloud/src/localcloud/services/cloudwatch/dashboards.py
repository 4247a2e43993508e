"""Dashboards: records only, nothing renders them.

Of the body these are checked: JSON, a list of widgets, each with a type, a place and properties; of a graph its region
and metrics, of a text its Markdown, of alarms their ARNs. Expressions are not evaluated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localcloud.core import tags
from localcloud.core.clock import Clock
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
INVALID = "InvalidParameterInput"
KINDS = ("alarm", "custom", "explorer", "log", "metric", "text")
MAX_BYTES, MAX_WIDGETS, MAX_ALARMS = 1_048_576, 500, 100
PLACES = {"x": (0, 23), "y": (0, 1_000_000), "width": (1, 24), "height": (1, 1000)}
ALARM = re.compile(r"arn:[a-z-]+:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+")


@dataclass
class Dashboard:
    arn: str
    body: str
    modified: datetime
    tags: dict[str, str]


class Dashboards(Part):
    def __init__(self, clock: Clock, account: str) -> None:
        self._clock, self._account = clock, account
        self._dashboards: dict[str, Dashboard] = {}

    def reset(self) -> None:
        self._dashboards.clear()

    def tags_of(self, arn: str) -> dict[str, str] | None:
        """None: there is no such dashboard."""
        return next((dashboard.tags for dashboard in self._dashboards.values() if dashboard.arn == arn), None)

    @operation("PutDashboard")
    def put_dashboard(self, request: dict[str, Any]) -> dict[str, Any]:
        name, body = request["DashboardName"], request["DashboardBody"]
        if not NAME.fullmatch(name):
            sentence = "it has 1 to 255 letters, numbers, - and _"
            raise Refusal(
                "InvalidParameterValue", f"The value {name} for parameter DashboardName is invalid: {sentence}."
            )
        if errors := [{"DataPath": path, "Message": sentence} for path, sentence in _problems(body)]:
            messages = "; ".join(f"{error['DataPath']}: {error['Message']}" for error in errors)
            sentence = f"The dashboard body is invalid, there are {len(errors)} validation errors: {messages}"
            raise Refusal(INVALID, sentence, dashboardValidationMessages=errors)
        existing = self._dashboards.get(name)
        new_tags = tags.checked(tags.as_dict(request.get("Tags")), invalid="InvalidParameterValue")
        arn = f"arn:aws:cloudwatch::{self._account}:dashboard/{name}"
        self._dashboards[name] = Dashboard(arn, body, self._clock.now(), existing.tags if existing else new_tags)
        return {"DashboardValidationMessages": []}

    @operation("GetDashboard")
    def get_dashboard(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["DashboardName"]
        dashboard = self._find(name)
        return {"DashboardArn": dashboard.arn, "DashboardBody": dashboard.body, "DashboardName": name}

    @operation("ListDashboards")
    def list_dashboards(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix = request.get("DashboardNamePrefix", "")
        entries = [
            {
                "DashboardName": name,
                "DashboardArn": dashboard.arn,
                "LastModified": dashboard.modified,
                "Size": len(dashboard.body.encode()),
            }
            for name, dashboard in sorted(self._dashboards.items())
            if name.startswith(prefix)
        ]
        return paged(entries, request, "DashboardEntries", limit=1000, code="InvalidParameterValue")

    @operation("DeleteDashboards")
    def delete_dashboards(self, request: dict[str, Any]) -> None:
        """All of them or none."""
        for name in request["DashboardNames"]:
            self._find(name)
        for name in request["DashboardNames"]:
            self._dashboards.pop(name, None)

    def _find(self, name: str) -> Dashboard:
        if name not in self._dashboards:
            raise Refusal("ResourceNotFound", f"Dashboard {name} does not exist", 404)
        return self._dashboards[name]


def _problems(body: str) -> Iterator[tuple[str, str]]:
    """Paths in the body, and what is wrong there."""
    if len(body.encode()) > MAX_BYTES:
        yield "/", f"Should not be longer than {MAX_BYTES} bytes"
        return
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        yield "/", f"The field DashboardBody must be a valid JSON object: {error}"
        return
    if not isinstance(content, dict):
        yield "/", "The field DashboardBody must be a valid JSON object"
        return
    widgets = content.get("widgets")
    if not isinstance(widgets, list):
        yield "/widgets", "Should have a list of widgets"
    elif len(widgets) > MAX_WIDGETS:
        yield "/widgets", f"Should not have more than {MAX_WIDGETS} widgets"
    else:
        for number, widget in enumerate(widgets):
            yield from _widget_problems(widget, f"/widgets/{number}")


def _widget_problems(widget: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(widget, Mapping):
        yield path, "Should be object"
        return
    if widget.get("type") not in KINDS:
        yield f"{path}/type", f"Should be one of {', '.join(KINDS)}"
    for name, (least, most) in PLACES.items():
        value = widget.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            yield f"{path}/{name}", f"Should be an integer from {least} to {most}"
    properties = widget.get("properties")
    if not isinstance(properties, Mapping):
        yield f"{path}/properties", "Should be object"
    else:
        for name, sentence in _property_problems(widget.get("type"), properties):
            yield f"{path}/properties/{name}", sentence


def _property_problems(kind: Any, properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if kind == "text" and not isinstance(properties.get("markdown"), str):
        yield "markdown", "Should have required property 'markdown'"
    if kind == "alarm":
        alarms = properties.get("alarms")
        if (
            not isinstance(alarms, list)
            or not 1 <= len(alarms) <= MAX_ALARMS
            or not all(map(ALARM.match, map(str, alarms)))
        ):
            yield "alarms", f"Should be a list of 1 to {MAX_ALARMS} ARNs of alarms"
    if kind == "metric":
        yield from _graph_problems(properties)


def _graph_problems(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not isinstance(properties.get("region"), str):
        yield "region", "Should have required property 'region'"
    metrics = properties.get("metrics")
    if metrics is None and "annotations" in properties:
        return
    if not isinstance(metrics, list) or not metrics:
        yield "metrics", "Should NOT have fewer than 1 items"
        return
    for number, metric in enumerate(metrics):
        if not isinstance(metric, list) or not metric or not _is_metric(metric):
            yield f"metrics/{number}", "Should be an expression, or a namespace, a metric and pairs of dimensions"


def _is_metric(metric: list[Any]) -> bool:
    """A namespace, a metric, pairs of dimensions and an object with options; or an object with an expression."""
    *names, last = metric
    options = last if isinstance(last, Mapping) else {}
    names = names if isinstance(last, Mapping) else metric
    if not names:
        return isinstance(options.get("expression"), str)
    return len(names) >= 2 and len(names) % 2 == 0 and all(isinstance(name, str) for name in names)
