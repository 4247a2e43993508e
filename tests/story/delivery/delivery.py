"""Delivers as people do, through AWS's own API: pushes, approves, reads the results."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from localcloud.testing import git_repository, settle_events
from tests.story.delivery.checkout import Checkout
from tests.story.delivery.models import BUCKET, Registry

T = TypeVar("T")
LONGEST_SECONDS = 300.0
COMMAND_SECONDS = 400.0
RUNNING = ("InProgress", "Stopping")
RED = ("tests/test_tiny.py", "def test_it():\n    assert 1 == 2\n")
MAILBOX = "mailbox"


class Delivery:
    def __init__(self, cloud: Any, checkout: Checkout) -> None:
        self.cloud, self.checkout, self.aws = cloud, checkout, cloud.client
        self._messages: list[str] = []

    def run(self, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        """``python -m module`` in the checkout."""
        command = [sys.executable, "-m", module, *words]
        env = os.environ | self.cloud.environment()
        return subprocess.run(
            command, cwd=self.checkout.folder, env=env, capture_output=True, text=True, timeout=COMMAND_SECONDS
        )

    def bootstrap(self) -> str:
        done = self.run("codepipeline.bootstrap", "--env", "local")
        assert not done.returncode, done.stdout + done.stderr
        return done.stdout

    def push(self, message: str) -> tuple[str, str]:
        return self.checkout.push(git_repository(self.cloud), message)

    def subscribe_mailbox(self) -> None:
        """A queue that receives what the topics of all stages send."""
        arn = self.cloud.arn("sqs", MAILBOX)
        topics = [self.cloud.arn("sns", f"churn-{stage}") for stage in ("local", "staging", "prod")]
        statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        statement |= {"Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topics}}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._mailbox = self.aws("sqs").create_queue(QueueName=MAILBOX, Attributes={"Policy": policy})["QueueUrl"]
        for topic in topics:
            self.aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def registry(self) -> Registry:
        """Its packages are of a commit of the checkout, whose source is there as if a green build had stored it."""
        commit = self.checkout.commit("the code that deploys")
        archive = self.checkout.folder.with_suffix(".tar.gz")
        self.checkout.archive(archive)
        self.aws("s3").upload_file(str(archive), BUCKET, f"churn/tested/{commit}.tar.gz")
        return Registry(self.aws("sagemaker"), self.aws("s3"), commit)

    # --- requests

    def approve(self, package: str, status: str = "Approved") -> None:
        self.aws("sagemaker").update_model_package(ModelPackageArn=package, ModelApprovalStatus=status)
        self.settle()

    def approve_without_event(self, package: str) -> None:
        """Approved, but the event is lost."""
        self.cloud.faults.drop("SageMaker Model Package State Change")
        self.approve(package)

    def settle(self) -> None:
        """Every event has reached its targets: what has not started by now never will."""
        settle_events(self.cloud)

    def answer_approval(self, execution: str, status: str) -> None:
        """Of the release into production, once the pipeline waits for it."""
        approval = wait_until(lambda: self._open_approval(execution))
        self.aws("codepipeline").put_approval_result(
            pipelineName="churn-local-deploy",
            stageName="Approval",
            actionName="Approve",
            token=approval["token"],
            result={"summary": "a comment", "status": status},
        )

    def answer_by_command(self, execution: str, answer: str, package: str, reason: str) -> str:
        """As a person does it; returns the output."""
        wait_until(lambda: self._open_approval(execution))
        words = (f"--{answer}", package, "--reason", reason)
        done = self.run("release.approve", "--env", "local", *words)
        assert not done.returncode, done.stdout + done.stderr
        return done.stdout

    def _open_approval(self, execution: str) -> dict[str, Any] | None:
        assert self.status("deploy", execution) in RUNNING, self.build_output("deploy", execution)
        states = self.aws("codepipeline").get_pipeline_state(name="churn-local-deploy")["stageStates"]
        (stage,) = (state for state in states if state["stageName"] == "Approval")
        approval: dict[str, Any] = stage["actionStates"][0].get("latestExecution", {})
        inside = stage.get("latestExecution", {}).get("pipelineExecutionId") == execution
        return approval if inside and "token" in approval else None

    # --- results

    def executions(self, kind: str) -> list[str]:
        """The oldest first."""
        response = self.aws("codepipeline").list_pipeline_executions(pipelineName=f"churn-local-{kind}")
        return [each["pipelineExecutionId"] for each in reversed(response["pipelineExecutionSummaries"])]

    def wait_for_end(self, kind: str, execution: str) -> str:
        return wait_until(lambda: (status := self.status(kind, execution)) not in RUNNING and status)

    def status(self, kind: str, execution: str) -> str:
        request = {"pipelineName": f"churn-local-{kind}", "pipelineExecutionId": execution}
        return str(self.aws("codepipeline").get_pipeline_execution(**request)["pipelineExecution"]["status"])

    def actions(self, kind: str, execution: str) -> list[dict[str, Any]]:
        request = {"pipelineName": f"churn-local-{kind}", "filter": {"pipelineExecutionId": execution}}
        response = self.aws("codepipeline").list_action_executions(**request)
        return list(reversed(response["actionExecutionDetails"]))

    def outcomes(self, kind: str, execution: str) -> dict[str, str]:
        """The status of every action that was started."""
        return {f"{each['stageName']}/{each['actionName']}": each["status"] for each in self.actions(kind, execution)}

    def span(self, execution: str, stage: str) -> tuple[datetime, datetime]:
        """The start and the end of a stage of a release."""
        actions = [each for each in self.actions("deploy", execution) if each["stageName"] == stage]
        return min(each["startTime"] for each in actions), max(each["lastUpdateTime"] for each in actions)

    def build_output(self, kind: str, execution: str) -> str:
        """The output of all its builds."""
        ids = [each.get("output", {}).get("executionResult", {}) for each in self.actions(kind, execution)]
        ids = [each["externalExecutionId"] for each in ids if ":" in each.get("externalExecutionId", "")]
        return "\n".join(self._log(build) for build in (self._builds(ids) if ids else []))

    def _builds(self, ids: list[str]) -> list[dict[str, Any]]:
        builds: list[dict[str, Any]] = self.aws("codebuild").batch_get_builds(ids=ids)["builds"]
        return builds

    def _log(self, build: dict[str, Any]) -> str:
        assert self.cloud.logs.flush()
        where = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
        events = self.aws("logs").get_log_events(**where, startFromHead=True)["events"]
        return "\n".join(event["message"] for event in events)

    def messages(self) -> list[str]:
        """The texts of all messages so far."""
        self.settle()
        while True:
            batch = self.aws("sqs").receive_message(QueueUrl=self._mailbox, MaxNumberOfMessages=10).get("Messages", [])
            for message in batch:
                self._messages.append(json.loads(message["Body"])["Message"])
                self.aws("sqs").delete_message(QueueUrl=self._mailbox, ReceiptHandle=message["ReceiptHandle"])
            if not batch:
                return self._messages

    def approval_requests(self) -> list[str]:
        """The texts that people were sent with a request for their approval."""
        return [each["approval"]["customData"] for each in self._documents() if "approval" in each]

    def alarms(self) -> list[str]:
        """The alarms that people were notified of."""
        return [each["AlarmName"] for each in self._documents() if "AlarmName" in each]

    def failures(self) -> list[str]:
        """The notices of failed builds and actions."""
        return [text for text in self.messages() if re.match(r'"what +(a build of|the action) ', text)]

    def _documents(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.messages() if text.startswith("{")]

    def endpoints(self) -> list[str]:
        return sorted(each["EndpointName"] for each in self.aws("sagemaker").list_endpoints()["Endpoints"])

    def live_package(self, stage: str) -> str:
        """The package that an endpoint's model was made from; "" without an endpoint."""
        if f"churn-{stage}" not in self.endpoints():
            return ""
        sagemaker = self.aws("sagemaker")
        endpoint = sagemaker.describe_endpoint(EndpointName=f"churn-{stage}")
        assert endpoint["EndpointStatus"] == "InService"
        config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
        return str(model["Containers"][0]["ModelPackageName"])

    def invoke(self, stage: str, row: bytes = b"33,basic\n") -> str:
        runtime = self.aws("sagemaker-runtime")
        response = runtime.invoke_endpoint(EndpointName=f"churn-{stage}", ContentType="text/csv", Body=row)
        return str(response["Body"].read().decode().strip())


def wait_until(condition: Callable[[], T], seconds: float = LONGEST_SECONDS) -> Any:
    """The first result that is true."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, f"it did not happen within {seconds:g} s"
        time.sleep(0.1)
    return result
