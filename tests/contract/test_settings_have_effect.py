"""No setting is without effect: each is changed, alone, and something that is sent or done has to change.

A field that has no effect while all others are as in base.toml names settings with which it has one: ``Applies`` or
``OnlyWith``, beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest

from settings.errors import SettingsProblem
from settings.fields import Applies, OnlyWith
from settings.model import leaves
from settings.scaling_schedule import ScalingSchedule
from tests.contract.effects import OBSERVATIONS, Folder, Observe, Overlay

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
CONNECTION = f"arn:aws:codeconnections:eu-west-1:111122223333:connection/{KEY}"
SCHEDULE = {
    "name": "morning",
    "expression": "cron(0 7 ? * MON-FRI *)",
    "min_instances": 5,
    "max_instances": 8,
    "timezone": "UTC",
}
# Texts and lists that each setting may have as well. Numbers, switches and choices are found by themselves.
OTHERS: dict[str, Any] = {
    "project.name": "other",
    "project.group": "other",
    "aws.region": "eu-central-1",
    "aws.account_id": "444455556666",
    "aws.bucket": "our-bucket",
    "aws.role_arn": "arn:aws:iam::111122223333:role/another",
    "aws.hosting_role_arn": "arn:aws:iam::111122223333:role/another",
    "aws.endpoint_url": "http://127.0.0.1:1",
    "aws.endpoint_command": ["echo", "http://127.0.0.1:1"],
    "aws.access_key_id": "another",
    "aws.secret_access_key": "another",
    "training.decision_threshold": "0.5",
    "training.algorithm": "linear",
    "data.uri": "s3://their-bucket/raw",
    "data.target": "price",
    "data.delimiter": ";",
    "data.missing": ["?"],
    "data.key": ["household"],
    "data.ignore": ["note"],
    "data.categorical": ["postcode"],
    "data.numeric": ["age"],
    "data.facets": ["gender"],
    "data.private": {"phone": "drop"},
    "data.event_time": "seen",
    "data.weight": "rows",
    "problem.positive": "no",
    "quality_gate.metric": "f1",
    "alarms.latency_statistic": "Average",
    "alarms.extra": ["orders-low"],
    "delivery.repository": "owner/name",
    "delivery.connection_arn": CONNECTION,
    "delivery.branch": "release",
    "delivery.watched_paths": ["scripts/**"],
    "delivery.vpc_id": "vpc-0a1b2c3d",
    "delivery.notify_email": "team@example.com",
    "delivery.staging": "dev",
    "delivery.production": "local",
    "retraining.schedule": "rate(7 days)",
    "retraining.timezone": "Asia/Tokyo",
    "retraining.data_arrival": "churn/data/*/_SUCCESS",
    "retraining.drift_alarms": "churn-drift",
    "network.subnets": ["subnet-9a1b2c3d"],
    "network.security_groups": ["sg-9a1b2c3d"],
    "network.kms_key_id": KEY,
    "data.kms_key_arn": f"arn:aws:kms:eu-west-1:111122223333:key/{KEY}",
    "tags.project": "other",
}
OTHERS |= {f"{section}.instance_type": "ml.c5.4xlarge" for section in ("processing", "training", "serving")}
OTHERS |= {"serving.autoscaling_schedules": [SCHEDULE]}
OTHERS_OF_A_SCHEDULE = {
    "name": "evening",
    "expression": "cron(0 18 ? * MON-FRI *)",
    "min_instances": 6,
    "max_instances": 9,
    "timezone": "Asia/Tokyo",
}


def candidates(path: str, value: Any, annotation: Any) -> Iterator[Any]:
    """Other values, of which the first that is legal is taken."""
    if get_origin(annotation) is Literal:
        yield from (each for each in get_args(annotation) if each != value)
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + step for step in (1, -1, 60, -60, 1024, -1024))
    elif isinstance(value, float):
        yield from (value * 0.9 or 0.01, value + 0.01)
    elif path in OTHERS:
        yield OTHERS[path]


def legal(place: Path, overlay: Overlay) -> Folder | None:
    try:
        return Folder(place, overlay)
    except SettingsProblem:
        return None


def configuration(path: str) -> Overlay:
    """The settings over base.toml with which this one has an effect."""
    found: Overlay = {}
    for mark in leaves()[path].metadata if path in leaves() else ():
        found |= {mark.path: mark.value} if isinstance(mark, OnlyWith) else {}
        found |= mark.overlay if isinstance(mark, Applies) else {}
    return found


def changed(place: Path, path: str, before: Folder) -> Folder:
    section, _, key = path.partition(".")
    value = dict(getattr(before.settings, section))[key]
    annotation = leaves()[path].annotation if path in leaves() else str
    for other in candidates(path, value, annotation):
        if other != value and (found := legal(place, configuration(path) | {path: other})):
            return found
    pytest.fail(
        f"{path} = {value!r}: no other legal value is known; add one to OTHERS, or Applies(...) beside the field"
    )


@cache
def observed(observe: Observe, folder: Folder) -> Any:
    return observe(folder.settings, folder)


def differs(one: Folder, other: Folder) -> bool:
    return any(observed(observe, one) != observed(observe, other) for observe in OBSERVATIONS)


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Overlay], Folder]:
    """One folder for each configuration: what follows from it is computed once."""
    folders: dict[str, Folder] = {}

    def folder(overlay: Overlay) -> Folder:
        name = json.dumps(overlay)
        if name not in folders:
            folders[name] = Folder(tmp_path_factory.mktemp("settings"), overlay)
        return folders[name]

    return folder


@pytest.mark.parametrize("path", [*leaves(), "tags.project"])
def test_a_setting_changes_something_that_is_sent_or_done(path, folder_of, tmp_path):
    before = folder_of(configuration(path))
    assert differs(before, changed(tmp_path / "changed", path, before)), (
        f"{path} has no effect: give it one, delete it, or say beside the field with which settings it has one"
    )


def test_the_same_settings_are_no_difference(tmp_path):
    assert not differs(Folder(tmp_path / "one", {}), Folder(tmp_path / "another", {}))


@pytest.mark.parametrize("key", ScalingSchedule.model_fields)
def test_each_key_of_a_schedule_changes_something(key, folder_of, tmp_path):
    path = "serving.autoscaling_schedules"
    before = folder_of(configuration(path) | {path: [SCHEDULE]})
    after = Folder(tmp_path / "changed", configuration(path) | {path: [SCHEDULE | {key: OTHERS_OF_A_SCHEDULE[key]}]})
    assert differs(before, after)
