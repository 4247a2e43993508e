"""What is sent or done, as functions of the settings: cheap ones first."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aws import sessions
from codepipeline.stack_checks import check
from codepipeline.stacks import stacks, stages
from pipelines import upsert
from pipelines.definition import compile
from release.context import Context
from release.execute.cleanup import cleanup
from release.names import DIGITS
from release.plan.judgement_notes import limits
from release.plan.plan import plan
from release.prediction_changes import Changes, Group, over_limit
from release.state.archive import Archive
from release.state.deployment import Deployment
from release.state.state import State
from release.watch.known_traffic import live_judgement
from settings.environments import CONFIG
from settings.errors import SettingsProblem
from settings.files import BASE, read
from settings.loader import load
from settings.model import Settings
from tests import toml

Overlay = dict[str, Any]  # by path
PACKAGE = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7"
ARCHIVE = Archive("bucket", "model.tar.gz", "version", "0" * 64)


class Folder:
    """Settings as files: an environment that makes models, and those that it delivers to, all as base.toml says."""

    def __init__(self, place: Path, overlay: Overlay) -> None:
        self.place = place
        base = read(CONFIG / BASE, BASE)
        for path, value in ({"aws.account_id": "111122223333"} | overlay).items():
            section, _, key = path.partition(".")
            base[section][key] = value
        place.mkdir(exist_ok=True)
        (place / BASE).write_text(toml.render(base))
        for env in ("test", "dev", "local", "staging", "prod"):
            (place / f"{env}.toml").write_text("")
        self.settings = load("test", place)


Observe = Callable[[Settings, Folder], Any]


def stack_parameters(settings: Settings, folder: Folder) -> Any:
    return [vars(stack) for stack in stacks(settings, folder.place, network=True)]


def refusals_of_bootstrap(settings: Settings, folder: Folder) -> Any:
    try:
        check(settings, stages(settings, folder.place), releases=True)
    except SettingsProblem as problem:
        return [line.replace(str(folder.place), "") for line in problem.lines]
    return []


def client(settings: Settings, _: Folder) -> Any:
    sts = sessions.client(settings, "sts")
    keys = sts._request_signer._credentials
    return sts.meta.endpoint_url, sts.meta.region_name, keys and tuple(keys.get_frozen_credentials())


def requests_of_a_release(settings: Settings, _: Folder) -> Any:
    """A first release, and one that replaces a fleet."""
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}
    package = {
        "ModelPackageArn": PACKAGE,
        "ModelPackageGroupName": "churn",
        "InferenceSpecification": {"Containers": [container]},
    }
    variant = {"VariantName": "AllTraffic", "DesiredInstanceCount": 2}
    endpoint = {"EndpointName": "e", "EndpointConfigName": "c", "EndpointStatus": "InService"}
    states = (
        State(package, PACKAGE, ARCHIVE, None),
        State(package, PACKAGE, ARCHIVE, None, endpoint={**endpoint, "ProductionVariants": [variant]}, config={}),
    )
    plans = [plan(settings, state) for state in states]
    return [
        ([vars(call) for call in (*each.calls, *each.after)], each.alarm_names, vars(each.traffic_shift))
        for each in plans
    ]


class Account:
    """An account with more old releases than any setting keeps; notes what is deleted."""

    def __init__(self, settings: Settings) -> None:
        self.deleted: list[str] = []
        self.context = Context(settings, lambda _: self, lambda _: None)
        self.names = [f"{settings.endpoint_name}-{number:0{DIGITS}x}" for number in range(30)]

    def get_object(self, **_: str) -> dict[str, Any]:
        keys = ("package", "config", "model", "image", "image_digest", "commit", "time")
        content = json.dumps({"releases": [dict.fromkeys(keys, name) for name in self.names]})
        return {"Body": io.BytesIO(content.encode()), "ETag": ""}

    def get_paginator(self, operation: str) -> Account:
        self.listed = "EndpointConfig" if operation == "list_endpoint_configs" else "Model"
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{f"{self.listed}s": [{f"{self.listed}Name": name} for name in self.names]}]

    def delete_model(self, ModelName: str) -> None:
        self.deleted.append(ModelName)

    def delete_endpoint_config(self, EndpointConfigName: str) -> None: ...


DEPLOYMENT = Deployment("p", "c", "m", "", "", "", shifts=False, alarms=())


def kept_releases(settings: Settings, _: Folder) -> Any:
    account = Account(settings)
    cleanup(account.context, DEPLOYMENT, lambda: None)
    return account.deleted


def bake_traffic(settings: Settings, _: Folder) -> Any:
    return live_judgement(Account(settings).context, DEPLOYMENT, {}, compares=False).traffic.per_second


def judgement(settings: Settings, _: Folder) -> Any:
    return vars(limits(settings))


def definition(settings: Settings, _: Folder) -> Any:
    compiled = compile(settings)
    return compiled.body, [vars(call) for call in upsert.plan(settings, compiled, None).calls]


def limit_of_changes(settings: Settings, _: Folder) -> Any:
    return over_limit(Changes(Group("all", 10, 10, 0, 0.0, 0.0)), settings.delivery.max_changed_labels)


OBSERVATIONS = (stack_parameters, refusals_of_bootstrap, client, requests_of_a_release, kept_releases, bake_traffic)
OBSERVATIONS += (judgement, definition, limit_of_changes)
