"""The resources of an endpoint, by name alone: never those of an environment with a longer name."""

import pytest

from release.execute import cleanup
from release.state import owned_resources, records
from release.state.deployment import Deployment
from release.state.records import GoodRelease

STANDING = {"churn-local-5xx-rate": "", "churn-local-no-traffic": ""}
LIVE = Deployment("p9", "churn-local-9999999999", "churn-local-aaaaaaaaaa", "b", "", "t", True, ())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("churn-local-0123456789", True),
        ("churn-local-two-0123456789", False),
        ("churn-local", False),
        ("churn-local-012345678", False),
        ("churn-local-0123456789-5xx", False),
        ("my-churn-local-0123456789", False),
    ],
)
def test_names(context, name, expected):
    assert owned_resources.owns(context, name) is expected


def test_alarms_and_the_config_that_each_watches(context, service):
    names = ["churn-local-5xx-rate", "churn-local-0123456789-latency", "churn-local-two-5xx-rate", "churn-local-pager"]
    names += ["churn-local-memory", "churn-local-two-memory", "churn-local-dead-letters"]

    class Pages:
        def paginate(self, **_):
            yield {"MetricAlarms": [{"AlarmName": name} for name in names]}

    service("cloudwatch", get_paginator=lambda _: Pages())
    assert owned_resources.alarms(context) == {
        "churn-local-5xx-rate": "",
        "churn-local-0123456789-latency": "churn-local-0123456789",
        "churn-local-memory": "",
    }


def test_the_live_one_and_the_last_good_ones_stay(context, service, monkeypatch):
    deleted = []
    service(
        "sagemaker",
        delete_endpoint_config=lambda EndpointConfigName: deleted.append(EndpointConfigName),
        delete_model=lambda ModelName: deleted.append(ModelName),
    )
    monkeypatch.setattr(cleanup, "delete_alarms", lambda context, names: deleted.extend(names))
    monkeypatch.setattr(owned_resources, "configs", lambda _: [LIVE.config, "c1", "c2", "c3", "c4", "c5"])
    monkeypatch.setattr(owned_resources, "models", lambda _: [LIVE.model, "m1", "m5"])
    monkeypatch.setattr(owned_resources, "alarms", lambda _: STANDING | {"live": LIVE.config, "old": "c5"})
    order = (5, 4, 5, 3, 2, 1)
    good = [GoodRelease(f"p{n}", f"c{n}", f"m{n}", "", "", "", "", "gone" if n == 2 else "") for n in order]
    monkeypatch.setattr(records, "last_good", lambda _: good)
    cleanup.cleanup(
        context, LIVE, lambda: None
    )  # keep_last_good is 3; the withdrawn one does not count, the repeated one once
    assert deleted == ["churn-local-no-traffic", "old", "c1", "c2", "m1"]  # the settings have no such alarm
