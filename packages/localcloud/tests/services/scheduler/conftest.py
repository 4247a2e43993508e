"""EventBridge Scheduler and EventBridge, with moto's SQS and SNS and fake services that record their requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

ROLE = "arn:aws:iam::000000000000:role/r"


@pytest.fixture
def services() -> list[Any]:
    from localcloud.core.refusal import Refusal
    from localcloud.core.service import Service, operation
    from localcloud.services.events.service import Events
    from localcloud.services.scheduler.service import Scheduler

    class Recording(Service):
        def __init__(self, cloud: Any) -> None:
            super().__init__(cloud)
            self.requests: list[dict[str, Any]] = []
            self.busy = 0  # the number of next calls to throttle

        def record(self, request: dict[str, Any]) -> None:
            self.requests.append(request)
            if self.busy:
                self.busy -= 1
                raise Refusal("ThrottlingException", "Rate exceeded")

    class SageMaker(Recording):
        name = "sagemaker"

        @operation("StartPipelineExecution")
        def start_pipeline_execution(self, request: dict[str, Any]) -> dict[str, Any]:
            self.record(request)
            return {"PipelineExecutionArn": self.cloud.arn("sagemaker", "pipeline/churn/execution/abcdefghijkl")}

    class CodePipeline(Recording):
        name = "codepipeline"

        @operation("StartPipelineExecution")
        def start_pipeline_execution(self, request: dict[str, Any]) -> dict[str, Any]:
            self.record(request)
            return {"pipelineExecutionId": "1"}

    class CodeBuild(Recording):
        name = "codebuild"

        @operation("StartBuild")
        def start_build(self, request: dict[str, Any]) -> dict[str, Any]:
            self.record(request)
            return {}

    return [Events, Scheduler, SageMaker, CodePipeline, CodeBuild]


@pytest.fixture
def scheduler(cloud: Any) -> Any:
    return cloud.client("scheduler")


@pytest.fixture
def bodies(drain: Callable[[str], list[Any]]) -> Callable[[str], list[str]]:
    return lambda name: [message["Body"] for message in drain(name)]


def request(arn: str, expression: str = "rate(1 hour)", **members: Any) -> dict[str, Any]:
    target = {"Arn": arn, "RoleArn": ROLE, **members.pop("target", {})}
    return {"ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target, **members}


@pytest.fixture
def schedule(scheduler: Any) -> Callable[..., str]:
    """``schedule("nightly", arn, "cron(0 2 * * ? *)", target={...})``"""

    def create(name: str, arn: str, expression: str = "rate(1 hour)", **members: Any) -> str:
        schedule_arn: str = scheduler.create_schedule(Name=name, **request(arn, expression, **members))["ScheduleArn"]
        return schedule_arn

    return create
