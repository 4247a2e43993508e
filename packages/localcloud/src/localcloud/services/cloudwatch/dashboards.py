"""Dashboards: records only, nothing renders them.

Of the body only the frame is checked: JSON, a list of widgets, each with a type and properties.
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
MAX_BYTES, MAX_WIDGETS = 1_048_576, 500


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
    if not isinstance(widget.get("properties"), Mapping):
        yield f"{path}/properties", "Should be object"
