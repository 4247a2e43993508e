"""The sections of a release: how a model is served, rolled out and monitored.

Limits are SageMaker's (deployment guardrails, endpoint and transform quotas) and CloudWatch's.
"""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal

from pydantic import Field

from settings.aws_names import AlarmName, InstanceType, Statistic
from settings.fields import Applies, Fraction, OnlyWith, Section
from settings.scaling_schedule import ScalingSchedule

MIB = 1024 * 1024
COOLDOWN = "an hour between two changes of the count is too late for any traffic"
BAKE = "SageMaker bakes for an hour at most; linear and rolling bake several times"
CANARY, LINEAR, ROLLING = (OnlyWith("rollout.strategy", strategy) for strategy in ("canary", "linear", "rolling"))
SERVERLESS = OnlyWith("serving.kind", "serverless")
POSSIBLE_SERVERLESS = {
    "serving.max_payload_bytes": 4 * MIB,
    "serving.data_capture_percent": 0,
    "rollout.strategy": "all_at_once",
}
AS_SERVERLESS = Applies({"serving.kind": "serverless", **POSSIBLE_SERVERLESS})
PROVISIONED = Applies({**AS_SERVERLESS.overlay, "serving.serverless_provisioned_concurrency": 1})
PROVISIONED_SCALED = Applies({**PROVISIONED.overlay, "serving.serverless_provisioned_max": 6})
AUTOSCALED = Applies({"serving.instance_count": 4, "serving.autoscaling_max_instances": 8})


class Serving(Section):
    kind: Annotated[Literal["realtime", "serverless", "async", "batch"], Applies(POSSIBLE_SERVERLESS)]
    instance_type: InstanceType
    instance_count: int = Field(ge=1)
    max_payload_bytes: int = Field(ge=1024, le=1024 * MIB, description="no kind of endpoint takes more than 1 GiB")
    data_capture_percent: int = Field(ge=0, le=100, description="0 captures nothing")
    serverless_memory_mb: Annotated[int, SERVERLESS, AS_SERVERLESS] = Field(
        ge=1024, le=6144, multiple_of=1024, description="serverless endpoints come in steps of 1024, from 1024 to 6144"
    )
    serverless_max_concurrency: Annotated[int, SERVERLESS, AS_SERVERLESS] = Field(
        ge=1, le=200, description="it is the limit of one serverless endpoint"
    )
    serverless_provisioned_concurrency: Annotated[int, SERVERLESS, AS_SERVERLESS] = Field(
        ge=0, le=200, description="0 keeps nothing warm"
    )
    serverless_provisioned_max: Annotated[int, SERVERLESS, PROVISIONED] = Field(
        ge=0, le=200, description="0 leaves the provisioned concurrency as it is"
    )
    serverless_provisioned_target: Annotated[float, SERVERLESS, PROVISIONED_SCALED] = Field(
        ge=0.1, le=0.9, description="use is at most 1, and a target of 1 is never exceeded"
    )
    autoscaling_min_instances: Annotated[int, AUTOSCALED] = Field(ge=0)
    autoscaling_max_instances: int = Field(ge=0, description="0 turns autoscaling off")
    autoscaling_target_per_instance: Annotated[int, AUTOSCALED] = Field(
        ge=1, description="it is the load that one instance should carry"
    )
    autoscaling_scale_in_cooldown_seconds: Annotated[int, AUTOSCALED] = Field(ge=0, le=3600, description=COOLDOWN)
    autoscaling_scale_out_cooldown_seconds: Annotated[int, AUTOSCALED] = Field(ge=0, le=3600, description=COOLDOWN)
    autoscaling_schedules: Annotated[tuple[ScalingSchedule, ...], AUTOSCALED] = Field(
        max_length=20, description="for more changes, let the target per instance follow the load"
    )

    @property
    def autoscales(self) -> bool:
        return self.autoscaling_max_instances > 0

    @property
    def scales_concurrency(self) -> bool:
        """Of a serverless endpoint, whose provisioned concurrency is the least."""
        return self.kind == "serverless" and self.serverless_provisioned_max > 0

    @property
    def fewest_instances(self) -> int:
        """The least number of instances that the endpoint may have when a deployment begins."""
        if not self.autoscales:
            return self.instance_count
        scheduled = (schedule.min_instances for schedule in self.autoscaling_schedules)
        return min(self.instance_count, self.autoscaling_min_instances, *scheduled)


class Rollout(Section):
    strategy: Literal["canary", "linear", "all_at_once", "rolling"]
    canary_percent: Annotated[int, CANARY] = Field(
        ge=1, le=50, description="SageMaker lets a canary be half of the fleet at most"
    )
    linear_step_percent: Annotated[int, LINEAR] = Field(
        ge=10, le=50, description="SageMaker shifts 10 to 50 % in one step"
    )
    rolling_batch_percent: Annotated[int, ROLLING] = Field(
        ge=5, le=50, description="SageMaker replaces 5 to 50 % in one batch"
    )
    rolling_rollback_percent: Annotated[int, ROLLING] = Field(ge=5, le=100, description="100 rolls back in one go")
    wait_seconds: int = Field(ge=0, le=3600, description=BAKE)
    termination_wait_seconds: int = Field(
        ge=0, le=3600, description="SageMaker keeps the old fleet for an hour at most"
    )
    timeout_seconds: int = Field(
        ge=600,
        le=23_400,
        description="SageMaker gives a deployment at least 10 minutes, and CodePipeline a build 8 hours",
    )
    bake_requests_per_second: int = Field(
        ge=0, le=1000, description="0 sends none; one process sends no more than 1000"
    )
    keep_last_good: int = Field(ge=1, le=20, description="without the last good release there is no way back")

    @property
    def total_wait_seconds(self) -> int:
        """All bakes of a deployment that succeeds."""
        bakes = {
            "canary": 1,
            "linear": ceil(100 / self.linear_step_percent) - 1,
            "rolling": ceil(100 / self.rolling_batch_percent),
            "all_at_once": 0,
        }[self.strategy]
        ending = 0 if self.strategy == "rolling" else self.termination_wait_seconds
        return bakes * self.wait_seconds + ending


class Alarms(Section):
    error_rate: Fraction
    error_4xx_rate: Fraction
    latency_ms: int = Field(ge=0, le=3_600_000, description="no request lasts longer than an hour; 0 is no such alarm")
    latency_statistic: Statistic
    idle_minutes: int = Field(ge=0, le=1440, description="an endpoint that nobody uses shows within a day")
    memory_percent: int = Field(ge=0, le=100, description="of the memory of an instance; 0 is no such alarm")
    concurrency_percent: Annotated[int, AS_SERVERLESS] = Field(
        ge=0, le=100, description="of serverless_max_concurrency; 0 is no such alarm"
    )
    disk_percent: int = Field(ge=0, le=100, description="of the disk of an instance; 0 is no such alarm")
    traffic_floor: int = Field(ge=1, description="below it a rate says nothing")
    period_seconds: int = Field(ge=60, le=3600, multiple_of=60, description="SageMaker's metrics come once a minute")
    datapoints: int = Field(ge=1)
    evaluation_periods: int = Field(ge=1, le=24, description="CloudWatch looks back a day at most")
    extra: tuple[AlarmName, ...] = Field(
        max_length=4, description="SageMaker watches at most 10 alarms, and up to 6 are the deployment's own"
    )
