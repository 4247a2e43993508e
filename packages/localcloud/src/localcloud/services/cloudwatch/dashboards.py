"""Dashboards: kept as they were put, drawn by nobody.

The body is checked as far as its frame goes: JSON, a list of widgets, each with a type and properties.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Service, operation
from localcloud.services.cloudwatch.tags import checked_tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
INVALID = "InvalidParameterInput"
KINDS = ("alarm", "custom", "explorer", "log", "metric", "text")
LARGEST, MOST_WIDGETS = 1_048_576, 500


@dataclass
class Dashboard:
    arn: str
    body: str
    modified: datetime
    tags: dict[str, str]


class Dashboards(Service):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.dashboards: dict[str, Dashboard] = {}

    def reset(self) -> None:
        super().reset()
        self.dashboards.clear()

    @operation("PutDashboard")
    def put_dashboard(self, request: dict[str, Any]) -> dict[str, Any]:
        name, body = request["DashboardName"], request["DashboardBody"]
        if not NAME.fullmatch(name):
            sentence = "it has 1 to 255 letters, numbers, - and _"
            raise Refusal(
                "InvalidParameterValue", f"The value {name} for parameter DashboardName is invalid: {sentence}."
            )
        if wrong := [{"DataPath": path, "Message": sentence} for path, sentence in _problems(body)]:
            listed = "; ".join(f"{each['DataPath']}: {each['Message']}" for each in wrong)
            sentence = f"The dashboard body is invalid, there are {len(wrong)} validation errors: {listed}"
            raise Refusal(INVALID, sentence, dashboardValidationMessages=wrong)
        old = self.dashboards.get(name)
        tags = old.tags if old else checked_tags(request.get("Tags", []))
        arn = f"arn:aws:cloudwatch::{self.cloud.account}:dashboard/{name}"
        self.dashboards[name] = Dashboard(arn, body, self.cloud.clock.now(), tags)
        return {"DashboardValidationMessages": []}

    @operation("GetDashboard")
    def get_dashboard(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["DashboardName"]
        found = self._existing(name)
        return {"DashboardArn": found.arn, "DashboardBody": found.body, "DashboardName": name}

    @operation("ListDashboards")
    def list_dashboards(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix = request.get("DashboardNamePrefix", "")
        found = [
            {
                "DashboardName": name,
                "DashboardArn": dashboard.arn,
                "LastModified": dashboard.modified,
                "Size": len(dashboard.body.encode()),
            }
            for name, dashboard in sorted(self.dashboards.items())
            if name.startswith(prefix)
        ]
        return paged(found, request, "DashboardEntries", limit=1000, code="InvalidParameterValue")

    @operation("DeleteDashboards")
    def delete_dashboards(self, request: dict[str, Any]) -> None:
        """All of them or none."""
        for name in request["DashboardNames"]:
            self._existing(name)
        for name in request["DashboardNames"]:
            self.dashboards.pop(name, None)

    def _existing(self, name: str) -> Dashboard:
        if name not in self.dashboards:
            raise Refusal("ResourceNotFound", f"Dashboard {name} does not exist", 404)
        return self.dashboards[name]


def _problems(body: str) -> Iterator[tuple[str, str]]:
    """Where, and what is wrong there."""
    if len(body.encode()) > LARGEST:
        yield "/", f"Should not be longer than {LARGEST} bytes"
        return
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        yield "/", f"The field DashboardBody must be a valid JSON object: {error}"
        return
    if not isinstance(told, dict):
        yield "/", "The field DashboardBody must be a valid JSON object"
        return
    widgets = told.get("widgets")
    if not isinstance(widgets, list):
        yield "/widgets", "Should have a list of widgets"
    elif len(widgets) > MOST_WIDGETS:
        yield "/widgets", f"Should not have more than {MOST_WIDGETS} widgets"
    else:
        for number, widget in enumerate(widgets):
            yield from _widget(widget, f"/widgets/{number}")


def _widget(widget: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(widget, Mapping):
        yield path, "Should be object"
        return
    if widget.get("type") not in KINDS:
        yield f"{path}/type", f"Should be one of {', '.join(KINDS)}"
    if not isinstance(widget.get("properties"), Mapping):
        yield f"{path}/properties", "Should be object"
