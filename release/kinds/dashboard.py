"""The dashboard of an endpoint: its alarms, requests, errors, latency in milliseconds, what is in use, cold starts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from release import names
from release.call import Call
from release.kinds.standing_alarms import UTILIZATION
from settings.model import Settings

WIDTH, HEIGHT = 12, 6  # of a graph; a dashboard is 24 wide
DIMENSIONS = "EndpointConfigName,EndpointName,VariantName"
HELP = """# {endpoint}
What is live, and the last verdicts: `python -m codepipeline.deploy --env {env} --status`

Back to the last good model: `python -m codepipeline.deploy --env {env} --rollback`

What to do when something fails: docs/operate.md"""


def dashboard(settings: Settings, alarms: Sequence[Call], utilization: Sequence[str]) -> Call:
    name = names.dashboard(settings)
    request = {
        "DashboardName": name,
        "DashboardBody": json.dumps({"widgets": list(_widgets(settings, alarms, utilization))}),
    }
    return Call("cloudwatch", "put_dashboard", request, f"dashboard {name}: alarms, requests, errors, latency")


def _widgets(settings: Settings, alarms: Sequence[Call], utilization: Sequence[str]) -> Iterator[dict[str, Any]]:
    text = HELP.format(endpoint=settings.endpoint_name, env=settings.layers)
    yield _widget("text", (0, 0, 24, 4), markdown=text)
    arns = [_alarm_arn(settings, call.request["AlarmName"]) for call in alarms]
    if arns:
        yield _widget("alarm", (0, 4, 24, 2), title="alarms", alarms=arns)
    for number, (title, metrics) in enumerate(_graphs(settings, utilization)):
        place = (number % 2 * WIDTH, 6 + number // 2 * HEIGHT, WIDTH, HEIGHT)
        yield _widget("metric", place, title=title, metrics=metrics, **_style(settings))


def _graphs(settings: Settings, utilization: Sequence[str]) -> Iterator[tuple[str, list[list[Any]]]]:
    which = f'EndpointName="{settings.endpoint_name}" MetricName="Invocations"'
    by_fleet = f"SEARCH('{{{names.NAMESPACE},{DIMENSIONS}}} {which}', 'Sum')"
    yield "requests a minute, by endpoint config", [[{"expression": by_fleet, "id": "fleets", "label": ""}]]
    yield "errors in % of the requests", _errors(settings)
    yield "latency of the model in ms", _latency(settings)
    if utilization:
        yield "in use, in %", list(_utilization(settings, utilization))
    if "concurrency" in utilization:
        yield "cold starts: how many, and how long in s", _cold_starts(settings)


def _errors(settings: Settings) -> list[list[Any]]:
    shown = [[{"expression": f"100 * {kind} / requests", "label": kind[1:]}] for kind in ("e5xx", "e4xx")]
    sources = [("e5xx", "Invocation5XXErrors"), ("e4xx", "Invocation4XXErrors"), ("requests", "Invocations")]
    return [*shown, *(_hidden(settings, metric, identifier, "Sum") for identifier, metric in sources)]


def _latency(settings: Settings) -> list[list[Any]]:
    """CloudWatch has it in microseconds."""
    statistics = ("p50", "p90", "p99")
    shown = [[{"expression": f"{statistic} / 1000", "label": f"{statistic} in ms"}] for statistic in statistics]
    return [*shown, *(_hidden(settings, "ModelLatency", statistic, statistic) for statistic in statistics)]


def _utilization(settings: Settings, utilization: Sequence[str]) -> Iterator[list[Any]]:
    for kind in utilization:
        namespace, metric, unit, _ = UTILIZATION[kind]
        options: dict[str, Any] = {"stat": "Maximum", "label": kind}
        if unit == 1:
            yield [namespace, metric, *_dimensions(settings), options]
        else:
            yield [{"expression": f"{kind} / {unit}", "label": kind}]
            yield _hidden(settings, metric, kind, "Maximum")


def _cold_starts(settings: Settings) -> list[list[Any]]:
    """Requests beyond the provisioned concurrency start containers, too."""
    metrics = {"starts": ("ModelSetupTime", "SampleCount"), "longest": ("ModelSetupTime", "Maximum")}
    metrics["spilled"] = ("ServerlessProvisionedConcurrencySpilloverInvocations", "Sum")
    labels = {"starts": "cold starts", "longest": "the longest in s", "spilled": "beyond the provisioned concurrency"}
    shown = [
        [{"expression": "longest / 1000000" if name == "longest" else name, "label": labels[name]}] for name in metrics
    ]
    return [*shown, *(_hidden(settings, metric, name, statistic) for name, (metric, statistic) in metrics.items())]


def _hidden(settings: Settings, metric: str, identifier: str, statistic: str) -> list[Any]:
    options = {"id": identifier, "stat": statistic, "visible": False}
    return [names.NAMESPACE, metric, *_dimensions(settings), options]


def _dimensions(settings: Settings) -> tuple[str, ...]:
    return ("EndpointName", settings.endpoint_name, "VariantName", names.VARIANT)


def _style(settings: Settings) -> dict[str, Any]:
    return {"region": settings.aws.region, "view": "timeSeries", "period": 60, "yAxis": {"left": {"min": 0}}}


def _widget(kind: str, place: tuple[int, int, int, int], **properties: Any) -> dict[str, Any]:
    x, y, width, height = place
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


def _alarm_arn(settings: Settings, name: str) -> str:
    return f"arn:{settings.aws.partition}:cloudwatch:{settings.aws.region}:{settings.account}:alarm:{name}"
