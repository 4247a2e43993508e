"""CodePipeline: pipelines of type V2 (and plain V1), their executions, approvals and triggers.

Not reproduced: conditions of stages, other actions than those of providers.py, other regions, custom actions, webhooks,
pull requests, what roles may do, encryption of artifacts (keys are kept and told), the trigger of a rule (it is told as
StartPipelineExecution). A new pipeline runs at once only where it could: when its branch is there and every variable
has a default. An execution keeps the structure that it began with.
"""

from __future__ import annotations

import json
import logging
from typing import ClassVar

from localcloud.core.refusal import Refusal
from localcloud.services.codepipeline.approvals import Approvals
from localcloud.services.codepipeline.build_actions import BuildActions
from localcloud.services.codepipeline.event_target import add_pipeline_target
from localcloud.services.codepipeline.executions import Executions
from localcloud.services.codepipeline.source_actions import SourceActions
from localcloud.services.codepipeline.state import States
from localcloud.services.codepipeline.triggers import Push, started_by
from localcloud.services.events.service import Events

log = logging.getLogger(__name__)


class CodePipeline(Executions, States, Approvals, SourceActions, BuildActions):
    name: ClassVar[str] = "codepipeline"

    def connect(self) -> None:
        super().connect()
        if isinstance(events := self.cloud.services.get("events"), Events):
            add_pipeline_target(events.target_kinds, self.cloud.client)

    def pushed(self, push: Push) -> list[str]:
        """Under the lock: starts what the push is for; answers a line for each."""
        told = []
        for pipeline in list(self.pipelines.values()):
            for action, kind in started_by(pipeline.declaration, push):
                detail = json.dumps({push.kind: push.name, "commit": push.commit})
                override = {"actionName": action, "revisionType": "COMMIT_ID", "revisionValue": push.commit}
                if push.kind == "branch":
                    override["branch"] = push.name
                try:
                    trigger = {"triggerType": kind, "triggerDetail": detail}
                    execution = self.start(pipeline, trigger, overrides={action: override})
                    told.append(f"started {pipeline.name}, execution {execution.id}")
                except Refusal as refusal:
                    log.warning("the push to %s did not start %s: %s", push.name, pipeline.name, refusal.message)
                    told.append(f"did not start {pipeline.name}: {refusal.message}")
        return told
