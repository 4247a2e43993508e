"""Manual approvals: they wait for a person's decision, by default at most seven days of the clock."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from localcloud.core.access.caller import caller
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.services.codepipeline import service_role
from localcloud.services.codepipeline.actions import ActionFailed, Actions
from localcloud.services.codepipeline.engine import Engine
from localcloud.services.codepipeline.pipelines import Pipelines
from localcloud.services.codepipeline.records import RUNNING, ActionRun, Execution

log = logging.getLogger(__name__)
TIMEOUT_MINUTES = 7 * 24 * 60


class Approvals(Part):
    def __init__(self, cloud: Cloud, pipelines: Pipelines, actions: Actions, engine: Engine) -> None:
        self.cloud, self.pipelines, self.engine = cloud, pipelines, engine
        actions.providers["Manual"] = self._start

    @operation("PutApprovalResult")
    def put_approval_result(self, request: dict[str, Any]) -> dict[str, Any]:
        execution, run = self._find(request)
        if run.status != RUNNING:
            raise Refusal("ApprovalAlreadyCompletedException", f"The approval {run.name} is {run.status} already.")
        run.summary, run.updated_by = request["result"]["summary"], caller().arn
        rejected = request["result"]["status"] == "Rejected"
        error = ActionFailed("", run.summary) if rejected else None
        self.engine.finish(execution, run, error=error)
        return {"approvedAt": run.updated}

    def _find(self, request: dict[str, Any]) -> tuple[Execution, ActionRun]:
        pipeline = self.pipelines.get(request["pipelineName"])
        stage, action = request["stageName"], request["actionName"]
        if stage not in pipeline.stages:
            raise Refusal("StageNotFoundException", f"Pipeline {pipeline.name} has no stage {stage}.")
        candidates = [
            (execution, run)
            for execution in pipeline.executions.values()
            if stage in execution.stages
            for run in execution.stages[stage].actions
            if run.name == action
        ]
        if not candidates and not _declares(pipeline.declaration, stage, action):
            raise Refusal(
                "ActionNotFoundException", f"Stage {stage} of pipeline {pipeline.name} has no action {action}."
            )
        for execution, run in candidates:
            if run.external_id == request["token"]:
                return execution, run
        raise Refusal("InvalidApprovalTokenException", "The token is not that of the waiting approval.")

    def _start(self, execution: Execution, run: ActionRun) -> None:
        run.token = run.external_id = str(uuid.uuid4())
        minutes = run.declaration.get("timeoutInMinutes", TIMEOUT_MINUTES)
        run.timer = self.cloud.clock.after(minutes * 60, lambda: self._expire(execution, run))
        if topic := run.configuration.get("NotificationArn"):
            message = json.dumps(self._message(execution, run, minutes))
            self.cloud.work(self._notify, execution, run, topic, message)

    def _expire(self, execution: Execution, run: ActionRun) -> None:
        sentence = "The approval timed out: it was neither approved nor rejected in time."
        self.engine.finish(execution, run, error=ActionFailed("ActionTimedOut", sentence))

    def _notify(self, execution: Execution, run: ActionRun, topic: str, message: str) -> None:
        from botocore.exceptions import ClientError

        subject = f"APPROVAL NEEDED: AWS CodePipeline {execution.pipeline} for action {run.name}"[:100]
        try:
            principal = service_role.of_action(self.cloud, execution, run)
            self.cloud.client_as(principal, "sns").publish(TopicArn=topic, Subject=subject, Message=message)
        except ActionFailed as failure:
            self.engine.finish(execution, run, error=failure)
        except ClientError as error:
            sentence = f"The notification to {topic} was refused: {error.response['Error']['Message']}"
            self.engine.finish(execution, run, error=ActionFailed(service_role.PERMISSION, sentence))

    def _message(self, execution: Execution, run: ActionRun, minutes: int) -> dict[str, Any]:
        """In CodePipeline's own layout."""
        console = (
            f"https://console.aws.amazon.com/codepipeline/home?region={self.cloud.region}#/view/{execution.pipeline}"
        )
        parts = "/".join(quote(part, safe="") for part in (run.stage, run.name, "approve", run.token))
        expires = run.started + timedelta(minutes=minutes)
        approval = {
            "pipelineName": execution.pipeline,
            "stageName": run.stage,
            "actionName": run.name,
            "token": run.token,
            "expires": f"{expires:%Y-%m-%dT%H:%MZ}",
            "externalEntityLink": run.configuration.get("ExternalEntityLink"),
            "approvalReviewLink": f"{console}/{parts}",
            "customData": run.configuration.get("CustomData"),
        }
        return {"region": self.cloud.region, "consoleLink": console, "approval": approval}


def _declares(declaration: dict[str, Any], stage: str, action: str) -> bool:
    stages = (declared for declared in declaration["stages"] if declared["name"] == stage)
    return any(declared["name"] == action for match in stages for declared in match["actions"])
