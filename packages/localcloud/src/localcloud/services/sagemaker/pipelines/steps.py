"""The types of steps: they call the operations of this service under the pipeline's role, as AWS's pipelines do.

Not reproduced: step types that are not in ``definition_structure.SUPPORTED`` (CreatePipeline refuses them).
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localcloud.core.access.principal import Principal
from localcloud.core.caller import Caller
from localcloud.core.refusal import Refusal
from localcloud.core.request_validation import request_problems
from localcloud.services.sagemaker import execution_roles
from localcloud.services.sagemaker.pipelines import conditions
from localcloud.services.sagemaker.pipelines.definition_checks import CALLS
from localcloud.services.sagemaker.pipelines.records import Execution, StepRun
from localcloud.services.sagemaker.refusals import invalid

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

ABSENT = "ValidationException"  # of a model package group
ALPHABET = string.ascii_lowercase + string.digits
LONGEST_NAME = 63
MOST_TAGS = 50


@dataclass(frozen=True)
class StepResult:
    """Of a step that ends at once. A failure may be without a reason: a Fail step may have no message."""

    output: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of job or resource, by the names of its members in the API."""

    member: str  # in a step's Metadata
    name: str  # the member that has its name
    arn: str  # the member that has its ARN

    @property
    def status(self) -> str:
        return f"{self.member}Status"


JOBS = {kind: Kind(f"{kind}Job", f"{kind}JobName", f"{kind}JobArn") for kind in ("Processing", "Training", "Transform")}
MODEL = Kind("Model", "ModelName", "ModelArn")
PACKAGE = Kind("RegisterModel", "ModelPackageName", "ModelPackageArn")


class Steps:
    """``prepare`` builds the request of a step's Create call, ``create`` makes it."""

    def __init__(self, cloud: Cloud, caller: Caller) -> None:
        self._cloud, self._caller = cloud, caller

    def decide(self, execution: Execution, run: StepRun) -> StepResult:
        """Of a condition: the branch that it takes."""
        resolve = execution.scope.resolve
        outcome = all(conditions.holds(each, resolve) for each in run.entry["Arguments"]["Conditions"])
        return StepResult({"Outcome": outcome}, {"Condition": {"Outcome": str(outcome)}})

    def fail(self, execution: Execution, run: StepRun) -> StepResult:
        message = str(execution.scope.resolve(run.entry["Arguments"].get("ErrorMessage", "")))
        return StepResult(metadata={"Fail": {"ErrorMessage": message}}, reason=message, failed=True)

    def prepare(self, execution: Execution, run: StepRun) -> dict[str, Any]:
        """The request of a step's Create call, references resolved."""
        request: dict[str, Any] = execution.scope.resolve(run.entry["Arguments"])
        if run.kind == "RegisterModel":
            origin = {"GeneratedBy": execution.arn}
            return {**request, "MetadataProperties": {**origin, **request.get("MetadataProperties", {})}}
        kind = JOBS.get(run.kind, MODEL)
        request[kind.name] = job_name(execution, run, request.get(kind.name))
        own = (("sagemaker:pipeline-execution-arn", execution.arn), ("sagemaker:pipeline-step-name", run.name))
        request["Tags"] = [*request.get("Tags", []), *({"Key": key, "Value": value} for key, value in own)][:MOST_TAGS]
        return request

    def create(self, execution: Execution, run: StepRun, request: dict[str, Any]) -> None:
        """UnsupportedRequest as a client's call would be: its request is validated as well."""
        operation = CALLS[run.kind][0]
        problems = request_problems("sagemaker", operation, request)
        if problems:
            raise invalid("; ".join(problems))
        if run.kind == "RegisterModel":
            self._ensure_group(execution, request.get("ModelPackageGroupName"))
        response = self._call(execution, operation, request)
        kind = {**JOBS, "Model": MODEL, "RegisterModel": PACKAGE}[run.kind]
        run.metadata = {kind.member: {"Arn": response[kind.arn]}}

    def describe(self, execution: Execution, run: StepRun, request: dict[str, Any]) -> dict[str, Any]:
        """Of a model or a package that was just created."""
        if run.kind == "RegisterModel":
            name = run.metadata[PACKAGE.member]["Arn"]
            return self._call(execution, "DescribeModelPackage", {"ModelPackageName": name})
        return self._call(execution, "DescribeModel", {"ModelName": request["ModelName"]})

    def check_description(self, execution: Execution, run: StepRun, job: str) -> None:
        """AWS's pipelines describe their jobs until they end; here an event brings the description."""
        kind, principal = JOBS[run.kind], self._principal(execution)
        self._cloud.access.authorize(principal, "sagemaker", f"Describe{kind.member}", {kind.name: job})

    def stop(self, execution: Execution, run: StepRun) -> None:
        kind = JOBS[run.kind]
        self._call(execution, f"Stop{kind.member}", {kind.name: run.job})

    def _call(self, execution: Execution, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return self._caller.call(self._principal(execution), operation, request)

    def _principal(self, execution: Execution) -> Principal:
        return execution_roles.assume(self._cloud, execution.role_arn, execution.pipeline.arn)

    def _ensure_group(self, execution: Execution, group: str | None) -> None:
        """As on AWS, the first registration in a group creates it."""
        if group is None:
            return
        try:
            self._call(execution, "DescribeModelPackageGroup", {"ModelPackageGroupName": group})
        except Refusal as refusal:
            if refusal.code != ABSENT:
                raise
            self._call(execution, "CreateModelPackageGroup", {"ModelPackageGroupName": group})


def job_name(execution: Execution, run: StepRun, prefix: str | None = None) -> str:
    """pipelines-<execution>-<step>-<random>, as on AWS; a definition may have a prefix of its own."""
    suffix = "".join(secrets.choice(ALPHABET) for _ in range(10))
    start = prefix or f"pipelines-{execution.id}-{run.name}"
    plain = re.sub(r"[^a-zA-Z0-9]+", "-", start)[: LONGEST_NAME - len(suffix) - 1].strip("-")
    return f"{plain}-{suffix}"
