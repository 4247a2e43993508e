"""Manual approvals: they wait for somebody's word, at most seven days of the clock unless the action says otherwise."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.codepipeline.engine import ActionFailed, Engine
from localcloud.services.codepipeline.records import RUNNING, ActionRun, Execution

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
PATIENCE = 7 * 24 * 60  # minutes


class Approvals(Engine):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.begins["Manual"] = self._ask

    @operation("PutApprovalResult")
    def put_approval_result(self, request: dict[str, Any]) -> dict[str, Any]:
        execution, run = self._asked(request)
        if run.status != RUNNING:
            raise Refusal("ApprovalAlreadyCompletedException", f"The approval {run.name} is {run.status} already.")
        run.summary = request["result"]["summary"]
        rejected = request["result"]["status"] == "Rejected"
        why = ActionFailed("", run.summary) if rejected else None
        self.finish(execution, run, error=why)
        return {"approvedAt": run.updated}

    def _asked(self, request: dict[str, Any]) -> tuple[Execution, ActionRun]:
        pipeline, stage, action = self.pipeline(request["pipelineName"]), request["stageName"], request["actionName"]
        if stage not in pipeline.stages:
            raise Refusal("StageNotFoundException", f"Pipeline {pipeline.name} has no stage {stage}.")
        found = [
            (execution, run)
            for execution in pipeline.executions.values()
            if stage in execution.stages
            for run in execution.stages[stage].actions
            if run.name == action
        ]
        if not found and not self._declares(pipeline.declaration, stage, action):
            raise Refusal(
                "ActionNotFoundException", f"Stage {stage} of pipeline {pipeline.name} has no action {action}."
            )
        for execution, run in found:
            if run.external_id == request["token"]:
                return execution, run
        raise Refusal("InvalidApprovalTokenException", "The token is not that of the approval that waits.")

    def _declares(self, declaration: dict[str, Any], stage: str, action: str) -> bool:
        stages = [one for one in declaration["stages"] if one["name"] == stage]
        return any(one["name"] == action for found in stages for one in found["actions"])

    def _ask(self, execution: Execution, run: ActionRun) -> None:
        run.token = run.external_id = str(uuid.uuid4())
        minutes = run.declaration.get("timeoutInMinutes", PATIENCE)
        run.timer = self.cloud.clock.after(minutes * 60, lambda: self._expire(execution, run))
        if topic := run.resolved.get("NotificationArn"):
            message = json.dumps(self._message(execution, run, minutes))
            self.cloud.work(self._notify, execution, run, topic, message)

    def _expire(self, execution: Execution, run: ActionRun) -> None:
        sentence = "The approval timed out: nobody approved or rejected it in time."
        self.finish(execution, run, error=ActionFailed("ActionTimedOut", sentence))

    def _notify(self, execution: Execution, run: ActionRun, topic: str, message: str) -> None:
        from botocore.exceptions import ClientError

        subject = f"APPROVAL NEEDED: AWS CodePipeline {execution.pipeline} for action {run.name}"[:100]
        try:
            self.cloud.client("sns").publish(TopicArn=topic, Subject=subject, Message=message)
        except ClientError as error:
            sentence = f"The notification to {topic} was refused: {error.response['Error']['Message']}"
            self.finish(execution, run, error=ActionFailed("PermissionError", sentence))

    def _message(self, execution: Execution, run: ActionRun, minutes: int) -> dict[str, Any]:
        """As CodePipeline writes it."""
        place = (
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
            "externalEntityLink": run.resolved.get("ExternalEntityLink"),
            "approvalReviewLink": f"{place}/{parts}",
            "customData": run.resolved.get("CustomData"),
        }
        return {"region": self.cloud.region, "consoleLink": place, "approval": approval}
