"""Stand-ins for fleets: they start at once or when the test lets them, and fail when the test makes them."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any

import pytest

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
DATA = "s3://bucket/model.tar.gz"


class FakeFleet:
    """Refuses what a fleet cannot do: shrink by more than it has, start after it was stopped."""

    def __init__(self, *_: Any, automatic: bool = True, variant: Any = None, **more: Any) -> None:
        self.automatic, self.more, self.variant = automatic, more, variant
        self.variant_name = (variant or {}).get("VariantName", "AllTraffic")
        self.size, self.places, self.stopped, self.fails = 0, 0, False, ""
        self.waiting: list[tuple[int, Callable[[str], None]]] = []

    def start(self, count: int, done: Callable[[str], None]) -> None:
        assert count > 0 and not self.stopped
        self.places += count
        self.waiting.append((count, done))
        if self.automatic:
            self.ready()

    def ready(self) -> None:
        """All started instances answer now, or the last one fails."""
        waiting, self.waiting = self.waiting, []
        for count, done in waiting:
            self.size += count - 1 if self.fails else count
            done(self.fails)

    def shrink(self, count: int) -> None:
        """First those that do not answer."""
        assert 0 < count <= self.places
        self.places -= count
        self.size = min(self.size, self.places)

    def stop(self) -> None:
        self.size, self.places, self.stopped = 0, 0, True
        self.waiting.clear()


class Harness:
    """A deployment of ``new`` instances over ``old`` running ones, all called AllTraffic."""

    def __init__(self, config: dict[str, Any], old: int = 4, new: int = 4) -> None:
        from localcloud.core.clock import Clock
        from localcloud.services.sagemaker.endpoints.deployment import machine, stages
        from localcloud.services.sagemaker.endpoints.deployment.side import Member, Side

        def side(name: str, desired: int) -> Side:
            return Side(name, {"AllTraffic": Member({}, FakeFleet(automatic=False), {}, 1.0, desired)})

        self.clock = Clock(stepped=True)
        self.blue, self.green = side("old", old), side("new", new)
        self.old = old
        blue = self.blue.members["AllTraffic"]
        blue.count = blue.active = blue.requested = blue.fleet.size = blue.fleet.places = old
        self.routes: list[list[tuple[str, float]]] = []
        self.changes: list[Any] = []  # the stage at each, and other changes
        self.active_alarms: list[str] = []
        self.rollback_fault = ""
        self.at: Callable[[int], None] = lambda _: None  # called with a stage's number when it begins
        self.deployment = machine.Deployment(
            stages.plan(config, {"AllTraffic": old}, {"AllTraffic": new}),
            self.blue,
            self.green,
            clock=self.clock,
            lock=RLock(),
            route=self._route,
            active_alarms=lambda names: self.active_alarms if names else [],
            on_change=self._on_change,
            rollback_fault=lambda: self.rollback_fault,
        )

    @property
    def plan(self) -> Any:
        return self.deployment.plan

    @property
    def outcome(self) -> str:
        """ "" while it goes on."""
        return self.changes[-1] if self.deployment.over and self.changes and isinstance(self.changes[-1], str) else ""

    @property
    def statuses(self) -> list[tuple[str, str, int]]:
        return [(s.status, s.side, s.counts["AllTraffic"]) for s in self.changes if not isinstance(s, str)]

    def fleet(self, side: str) -> FakeFleet:
        return getattr(self, side).members["AllTraffic"].fleet

    def go(self) -> None:
        """To its end: every start succeeds at once, unless the fleet fails."""
        self.deployment.begin()
        for _ in range(2000):
            if self.deployment.over:
                return
            if self.fleet("green").waiting or self.fleet("blue").waiting:
                self.fleet("green").ready()
                self.fleet("blue").ready()
            else:
                self.clock.advance(10)
        raise AssertionError(f"it does not end: {self.statuses}")

    def _route(self, shares: Any) -> None:
        names = {id(self.fleet("blue")): "blue", id(self.fleet("green")): "green"}
        self.routes.append([(names[id(fleet)], round(share, 4)) for fleet, share in shares])

    def _on_change(self, change: str) -> None:
        self.changes.append(self.deployment.stage if change == "stage" else change)
        if change == "stage" and not self.deployment.rolling_back:
            self.at(len(self.statuses) - 1)


def size(value: int, kind: str = "INSTANCE_COUNT") -> dict[str, Any]:
    return {"Type": kind, "Value": value}


def blue_green(kind: str, wait: int = 300, termination: int = 120, timeout: int = 0, **sizes: Any) -> dict[str, Any]:
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **sizes}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination}
    if timeout:
        policy["MaximumExecutionTimeoutInSeconds"] = timeout
    return {"BlueGreenUpdatePolicy": policy, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]}}


def rolling(batch: int = 1, wait: int = 60, **more: Any) -> dict[str, Any]:
    policy = {"MaximumBatchSize": size(batch), "WaitIntervalInSeconds": wait, **more}
    return {"RollingUpdatePolicy": policy, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]}}


STRATEGIES = {
    "all at once": blue_green("ALL_AT_ONCE"),
    "canary": blue_green("CANARY", CanarySize=size(1)),
    "linear": blue_green("LINEAR", LinearStepSize=size(1)),
    "rolling": rolling(),
    "rolling, back by two": rolling(RollbackMaximumBatchSize=size(2)),
}


@pytest.fixture(scope="session")
def configs() -> Any:
    """The makers of deployment configs: size, blue_green, rolling, and one of each in ``strategies``."""

    class Configs:
        strategies = STRATEGIES

    Configs.size, Configs.blue_green, Configs.rolling = map(staticmethod, (size, blue_green, rolling))
    return Configs


@pytest.fixture(scope="session")
def new_harness() -> type[Harness]:
    return Harness


class Endpoints:
    """What tests do with endpoints, over the API. Models and configs are named by their letter."""

    def __init__(self, cloud: Any, aws: Callable[[str], Any]) -> None:
        self.cloud, self.client = cloud, aws("sagemaker")
        self.service = cloud.services["sagemaker"]
        self.fleets: list[FakeFleet] = []
        self.fails: dict[str, str] = {}  # by config name: what its fleets fail with
        self.automatic, self.image = True, "image"
        self.service.endpoints.new_fleet = self._fleet
        s3 = aws("s3")
        s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=b"x")

    def _fleet(self, **given: Any) -> FakeFleet:
        fleet = FakeFleet(automatic=self.automatic, **given)
        fleet.fails = self.fails.get(given["config_name"], "")
        self.fleets.append(fleet)
        return fleet

    def config(self, name: str, count: int = 2, kind: str = "ml.m5.large", **more: Any) -> str:
        if f"model-{name}" not in [each["ModelName"] for each in self.client.list_models()["Models"]]:
            container = {"Image": self.image, "ModelDataUrl": DATA}
            self.client.create_model(ModelName=f"model-{name}", ExecutionRoleArn=ROLE, PrimaryContainer=container)
        variant = {"VariantName": "AllTraffic", "ModelName": f"model-{name}", "InstanceType": kind}
        variants = more.pop("variants", None) or [{**variant, "InitialInstanceCount": count}]
        variants = [{**variant, **each} for each in variants]
        request = {"EndpointConfigName": name, "ProductionVariants": variants, **more}
        return self.client.create_endpoint_config(**request)["EndpointConfigArn"]

    def configs(self) -> list[dict[str, Any]]:
        return self.client.list_endpoint_configs()["EndpointConfigs"]

    def create(self, config: str = "a", **more: Any) -> str:
        if config not in [each["EndpointConfigName"] for each in self.configs()]:
            self.config(config)
        return self.client.create_endpoint(EndpointName="churn", EndpointConfigName=config, **more)["EndpointArn"]

    def update(self, config: str, deployment: Any = None, **more: Any) -> None:
        if deployment:
            more["DeploymentConfig"] = deployment
        self.client.update_endpoint(EndpointName="churn", EndpointConfigName=config, **more)

    def endpoint(self) -> dict[str, Any]:
        return self.client.describe_endpoint(EndpointName="churn")

    def status(self) -> tuple[str, str]:
        endpoint = self.endpoint()
        return endpoint["EndpointStatus"], endpoint["EndpointConfigName"]

    def shares(self) -> list[tuple[str, float]]:
        """(config, share) as the routes have them."""
        routes = self.service.endpoints.routes_of("churn")
        return [(fleet.more["config_name"], round(share, 4)) for fleet, share in routes.shares]

    def alarm(self, name: str = "errors", state: str = "") -> None:
        client = self.cloud.client("cloudwatch")
        if not state:
            metric = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
            rule = {"Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "ignore"}
            client.put_metric_alarm(AlarmName=name, **metric, **rule)
        else:
            client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test sets it")

    def events(self, kind: str) -> list[dict[str, Any]]:
        detail_type = f"SageMaker {kind} State Change"
        return [each["detail"] for each in self.cloud.events.recent if each["detail-type"] == detail_type]


@pytest.fixture
def endpoints(cloud: Any, aws: Callable[[str], Any]) -> Endpoints:
    return Endpoints(cloud, aws)
