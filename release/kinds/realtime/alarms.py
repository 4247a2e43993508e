"""The alarms that take a release back.

An alarm over the whole endpoint covers both fleets, whichever is at fault; one with the EndpointConfigName covers only
the fleet of that config, from its first request on. Missing data does not breach: no request, no datapoint. The
verdict notices an idle canary that passes so.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

from release.call import Call
from release.kinds import standing_alarms
from release.kinds.alarm_metrics import above, latency, rate
from release.kinds.realtime.traffic_shift import least_share
from release.names import tag_list
from settings.model import Settings


def alarms(settings: Settings, config_name: str) -> list[Call]:
    """The release's own; a setting of 0 makes no alarm."""
    return list(_calls(settings, config_name))


def _calls(settings: Settings, config_name: str) -> Iterator[Call]:
    limits, floor = settings.alarms, ceil(settings.alarms.traffic_floor * least_share(settings) / 100)
    yield from standing_alarms.errors(settings)
    if limits.error_rate:
        condition = f"above {limits.error_rate:.3g} of the requests are 5xx, in the new fleet"
        metric = rate(settings, "Invocation5XXErrors", floor, config_name)
        yield _call(settings, f"{config_name}-5xx", condition, metric, limits.error_rate)
    if limits.latency_ms:
        condition = f"the model's {limits.latency_statistic} latency is above {limits.latency_ms} ms, in the new fleet"
        metric = latency(settings, config_name=config_name)
        yield _call(settings, f"{config_name}-latency", condition, metric, limits.latency_ms)
    if limits.error_4xx_rate:
        condition = f"above {limits.error_4xx_rate:.3g} of the requests are 4xx, in the new fleet"
        metric = rate(settings, "Invocation4XXErrors", floor, config_name)
        yield _call(settings, f"{config_name}-4xx", condition, metric, limits.error_4xx_rate)


def _call(settings: Settings, name: str, condition: str, metric: dict[str, Any], threshold: float) -> Call:
    request = {
        "AlarmName": name,
        "AlarmDescription": f"Takes a release back when {condition}",
        **metric,
        **above(settings, threshold),
        "Tags": tag_list(settings.tags),
    }
    return Call("cloudwatch", "put_metric_alarm", request, f"alarm {name}: {condition}")
