"""Who delivers: pushes, approves, looks at what became of it. Everything through AWS's own API, as people do it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from localcloud.testing import git_repository, settle_events
from tests.story.delivery.checkout import Checkout
from tests.story.delivery.models import Registry

T = TypeVar("T")
LONGEST_SECONDS = 300.0
RUNNING = ("InProgress", "Stopping")
RED = ("tests/test_tiny.py", "def test_it():\n    assert 1 == 2\n")
MAILBOX = "mailbox"


class Office:
    def __init__(self, cloud: Any, checkout: Checkout) -> None:
        self.cloud, self.checkout, self.aws = cloud, checkout, cloud.client
        self._heard: list[dict[str, Any]] = []

    def run(self, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        """``python -m module`` of the checkout."""
        asked = [sys.executable, "-m", module, *words]
        env = os.environ | self.cloud.environment()
        return subprocess.run(asked, cwd=self.checkout.folder, env=env, capture_output=True, text=True, timeout=120)

    def bootstrap(self) -> str:
        done = self.run("codepipeline.bootstrap", "--env", "local")
        assert not done.returncode, done.stdout + done.stderr
        return done.stdout

    def push(self, message: str) -> tuple[str, str]:
        return self.checkout.push(git_repository(self.cloud), message)

    def push_code_that_makes_no_model(self) -> None:
        """What deploys comes from the repository; the build, with all that it would take, ends at a red test."""
        self.checkout.write(*RED)
        self.push("what deploys")
        (build,) = self.executions("build")
        assert self.ended("build", build) == "Failed"
        self.mail()
        self._heard.clear()

    def listen(self) -> None:
        """Somebody who reads what the topic tells."""
        arn = self.cloud.arn("sqs", MAILBOX)
        self._mailbox = self.aws("sqs").create_queue(QueueName=MAILBOX)["QueueUrl"]
        self.aws("sns").subscribe(TopicArn=self.cloud.arn("sns", "churn-local"), Protocol="sqs", Endpoint=arn)

    def registry(self) -> Registry:
        return Registry(self.aws("sagemaker"), self.aws("s3"))

    # --- what is asked for

    def approve(self, package: str, status: str = "Approved") -> None:
        self.aws("sagemaker").update_model_package(ModelPackageArn=package, ModelApprovalStatus=status)
        self.settle()

    def approve_unheard(self, package: str) -> None:
        """Approved, and the event of it never came."""
        self.cloud.faults.drop("SageMaker Model Package State Change")
        self.approve(package)

    def settle(self) -> None:
        """Every event has reached those whom it is for: what has not begun by now never will."""
        settle_events(self.cloud)

    def answer(self, execution: str, word: str) -> None:
        """To the question whether it may go into production, once it is asked."""
        found = until(lambda: self._asked(execution))
        self.aws("codepipeline").put_approval_result(
            pipelineName="churn-local-deploy",
            stageName="Approval",
            actionName="Approve",
            token=found["token"],
            result={"summary": "said", "status": word},
        )

    def _asked(self, execution: str) -> dict[str, Any] | None:
        assert self.status("deploy", execution) in RUNNING, self.told("deploy", execution)
        states = self.aws("codepipeline").get_pipeline_state(name="churn-local-deploy")["stageStates"]
        (stage,) = (state for state in states if state["stageName"] == "Approval")
        found: dict[str, Any] = stage["actionStates"][0].get("latestExecution", {})
        inside = stage.get("latestExecution", {}).get("pipelineExecutionId") == execution
        return found if inside and "token" in found else None

    # --- what became of it

    def executions(self, kind: str) -> list[str]:
        """From the first on."""
        told = self.aws("codepipeline").list_pipeline_executions(pipelineName=f"churn-local-{kind}")
        return [each["pipelineExecutionId"] for each in reversed(told["pipelineExecutionSummaries"])]

    def ended(self, kind: str, execution: str) -> str:
        return until(lambda: (status := self.status(kind, execution)) not in RUNNING and status)

    def status(self, kind: str, execution: str) -> str:
        asked = {"pipelineName": f"churn-local-{kind}", "pipelineExecutionId": execution}
        told = self.aws("codepipeline").get_pipeline_execution(**asked)["pipelineExecution"]
        return str(told["status"])

    def actions(self, kind: str, execution: str) -> list[dict[str, Any]]:
        asked = {"pipelineName": f"churn-local-{kind}", "filter": {"pipelineExecutionId": execution}}
        found = self.aws("codepipeline").list_action_executions(**asked)["actionExecutionDetails"]
        return list(reversed(found))

    def outcomes(self, kind: str, execution: str) -> dict[str, str]:
        """Of the actions that were begun."""
        return {f"{each['stageName']}/{each['actionName']}": each["status"] for each in self.actions(kind, execution)}

    def span(self, execution: str, stage: str) -> tuple[datetime, datetime]:
        """When a stage of a release began and ended."""
        found = [each for each in self.actions("deploy", execution) if each["stageName"] == stage]
        return min(each["startTime"] for each in found), max(each["lastUpdateTime"] for each in found)

    def told(self, kind: str, execution: str) -> str:
        """All that its builds printed."""
        ids = [each.get("output", {}).get("executionResult", {}) for each in self.actions(kind, execution)]
        ids = [each["externalExecutionId"] for each in ids if ":" in each.get("externalExecutionId", "")]
        return "\n".join(self._log(build) for build in (self._builds(ids) if ids else []))

    def _builds(self, ids: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.aws("codebuild").batch_get_builds(ids=ids)["builds"]
        return found

    def _log(self, build: dict[str, Any]) -> str:
        assert self.cloud.logs.flush()
        where = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
        events = self.aws("logs").get_log_events(**where, startFromHead=True)["events"]
        return "\n".join(event["message"] for event in events)

    def mail(self) -> list[dict[str, Any]]:
        """All messages so far."""
        self.settle()
        while True:
            told = self.aws("sqs").receive_message(QueueUrl=self._mailbox, MaxNumberOfMessages=10)
            for message in told.get("Messages", []):
                self._heard.append(json.loads(json.loads(message["Body"])["Message"]))
                self.aws("sqs").delete_message(QueueUrl=self._mailbox, ReceiptHandle=message["ReceiptHandle"])
            if not told.get("Messages"):
                return self._heard

    def questions(self) -> list[str]:
        """What people were told when they were asked for their word."""
        return [each["approval"]["customData"] for each in self.mail() if "approval" in each]

    def failures(self) -> list[tuple[str, str]]:
        """The pipelines' that somebody was told of."""
        told = [each["detail"] for each in self.mail() if each.get("source") == "aws.codepipeline"]
        return [(each["pipeline"], each["execution-id"]) for each in told if each["state"] == "FAILED"]

    def endpoints(self) -> list[str]:
        return sorted(each["EndpointName"] for each in self.aws("sagemaker").list_endpoints()["Endpoints"])

    def live(self, stage: str) -> str:
        """The package that an endpoint's model was made from; "" without an endpoint."""
        if f"churn-{stage}" not in self.endpoints():
            return ""
        sagemaker = self.aws("sagemaker")
        endpoint = sagemaker.describe_endpoint(EndpointName=f"churn-{stage}")
        assert endpoint["EndpointStatus"] == "InService"
        config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
        return str(model["Containers"][0]["ModelPackageName"])

    def ask(self, stage: str, row: bytes = b"33,basic\n") -> str:
        runtime = self.aws("sagemaker-runtime")
        told = runtime.invoke_endpoint(EndpointName=f"churn-{stage}", ContentType="text/csv", Body=row)
        return str(told["Body"].read().decode().strip())


def until(ask: Callable[[], T], seconds: float = LONGEST_SECONDS) -> Any:
    """What a function answers once that is true."""
    end = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < end, f"it did not happen within {seconds:g} s"
        time.sleep(0.1)
    return found
