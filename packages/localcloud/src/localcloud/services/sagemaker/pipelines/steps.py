"""What each type of step does: it calls the operations of this service, as AWS's pipelines do.

Not reproduced: step types that are not in ``validation.RUN_HERE`` (they are refused when a pipeline is made).
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, field
from typing import Any

from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.core.request_validation import request_problems
from localcloud.services.sagemaker.part import Part
from localcloud.services.sagemaker.pipelines import conditions
from localcloud.services.sagemaker.pipelines.definition_checks import CALLS
from localcloud.services.sagemaker.pipelines.records import Execution, StepRun

ALPHABET = string.ascii_lowercase + string.digits
LONGEST_NAME = 63
MOST_TAGS = 50


@dataclass(frozen=True)
class Done:
    """A step that is over at once. ``reason`` alone does not make a failure: a Fail step may have no message."""

    answer: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of job or resource: how it is called, described and stopped."""

    member: str  # in a step's Metadata
    name: str  # the member with its name
    arn: str  # the member with its ARN

    @property
    def status(self) -> str:
        return f"{self.member}Status"


JOBS = {kind: Kind(f"{kind}Job", f"{kind}JobName", f"{kind}JobArn") for kind in ("Processing", "Training", "Transform")}
MODEL = Kind("Model", "ModelName", "ModelArn")
PACKAGE = Kind("RegisterModel", "ModelPackageName", "ModelPackageArn")


class Steps:
    """``prepare`` says what a step asks for; the others ask."""

    def __init__(self, service: Part) -> None:
        self.service = service

    def decide(self, execution: Execution, run: StepRun) -> Done:
        """A condition: which branch it takes."""
        resolve = execution.scope.resolve
        outcome = all(conditions.holds(each, resolve) for each in run.entry["Arguments"]["Conditions"])
        return Done({"Outcome": outcome}, {"Condition": {"Outcome": str(outcome)}})

    def fail(self, execution: Execution, run: StepRun) -> Done:
        message = str(execution.scope.resolve(run.entry["Arguments"].get("ErrorMessage", "")))
        return Done(metadata={"Fail": {"ErrorMessage": message}}, reason=message, failed=True)

    def prepare(self, execution: Execution, run: StepRun) -> dict[str, Any]:
        """The request of a step's Create call, references resolved."""
        request: dict[str, Any] = execution.scope.resolve(run.entry["Arguments"])
        if run.kind == "RegisterModel":
            made_by = {"GeneratedBy": execution.arn}
            return {**request, "MetadataProperties": {**made_by, **request.get("MetadataProperties", {})}}
        kind = JOBS.get(run.kind, MODEL)
        request[kind.name] = job_name(execution, run, request.get(kind.name))
        own = (("sagemaker:pipeline-execution-arn", execution.arn), ("sagemaker:pipeline-step-name", run.name))
        request["Tags"] = [*request.get("Tags", []), *({"Key": key, "Value": value} for key, value in own)][:MOST_TAGS]
        return request

    def create(self, run: StepRun, request: dict[str, Any]) -> None:
        """Refused as the operation refuses; what a client's request would be checked for is checked here, too."""
        operation = CALLS[run.kind][0]
        problems = request_problems("sagemaker", operation, request)
        if problems:
            raise Refusal(self.service.validation_code, "; ".join(problems))
        if run.kind == "RegisterModel":
            self._ensure_group(request.get("ModelPackageGroupName"))
        answer = self.service.call(operation, request)
        kind = {**JOBS, "Model": MODEL, "RegisterModel": PACKAGE}[run.kind]
        run.metadata = {kind.member: {"Arn": answer[kind.arn]}}

    def describe(self, run: StepRun, request: dict[str, Any]) -> dict[str, Any]:
        """Of a model or a package that was just made."""
        if run.kind == "RegisterModel":
            return self.service.call("DescribeModelPackage", {"ModelPackageName": run.metadata[PACKAGE.member]["Arn"]})
        return self.service.call("DescribeModel", {"ModelName": request["ModelName"]})

    def stop(self, run: StepRun) -> None:
        kind = JOBS[run.kind]
        self.service.call(f"Stop{kind.member}", {kind.name: run.job})

    def _ensure_group(self, group: str | None) -> None:
        """As on AWS, the first registration into a group makes it."""
        if group is None:
            return
        try:
            self.service.call("DescribeModelPackageGroup", {"ModelPackageGroupName": group})
        except Refusal as refusal:
            if refusal.code == NOT_IMPLEMENTED:
                raise
            self.service.call("CreateModelPackageGroup", {"ModelPackageGroupName": group})


def job_name(execution: Execution, run: StepRun, prefix: str | None = None) -> str:
    """pipelines-<execution>-<step>-<random>, as AWS names them; a definition may bring a prefix of its own."""
    suffix = "".join(secrets.choice(ALPHABET) for _ in range(10))
    start = prefix or f"pipelines-{execution.id}-{run.name}"
    plain = re.sub(r"[^a-zA-Z0-9]+", "-", start)[: LONGEST_NAME - len(suffix) - 1].strip("-")
    return f"{plain}-{suffix}"
