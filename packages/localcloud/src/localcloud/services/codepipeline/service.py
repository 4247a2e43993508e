"""CodePipeline: pipelines of type V2 (and plain V1), their executions, approvals and triggers.

Not reproduced: conditions of stages but those that skip one, actions other than those of providers.py, other regions,
custom actions, webhooks, pull requests, encryption of artifacts (keys are recorded), the trigger of a rule (reported as
StartPipelineExecution). A new pipeline runs at once only if it can: when its source is a branch that exists, and every
variable has a default. An execution keeps the structure that it started with.
"""

from __future__ import annotations

from typing import ClassVar

from localcloud.core.cloud import Cloud
from localcloud.core.service import Service
from localcloud.core.tag_operations import CAMEL_CASE, TagOperations
from localcloud.services.codebuild.service import CodeBuild
from localcloud.services.codepipeline.actions import Actions
from localcloud.services.codepipeline.approvals import Approvals
from localcloud.services.codepipeline.build_actions import BuildActions
from localcloud.services.codepipeline.engine import Engine
from localcloud.services.codepipeline.event_target import add_pipeline_target
from localcloud.services.codepipeline.executions import Executions
from localcloud.services.codepipeline.pipelines import PAGES, Pipelines
from localcloud.services.codepipeline.pushes import start_pipelines
from localcloud.services.codepipeline.source_actions import SourceActions
from localcloud.services.codepipeline.state import States
from localcloud.services.codepipeline.triggers import Push
from localcloud.services.events.service import Events


class CodePipeline(Service):
    name: ClassVar[str] = "codepipeline"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.pipelines = Pipelines(cloud)
        actions = Actions(cloud)
        self.engine = Engine(cloud, self.pipelines, actions)
        self.executions = Executions(cloud, self.pipelines, self.engine)
        states, approvals = (
            States(cloud, self.pipelines, self.engine),
            Approvals(cloud, self.pipelines, actions, self.engine),
        )
        self.build_actions = BuildActions(cloud, actions, self.engine)
        self.source_actions = SourceActions(cloud, actions, self.engine)
        tag_operations = TagOperations(
            self.pipelines.tags_of,
            spelling=CAMEL_CASE,
            paging={"limit": 50, **PAGES},
            invalid="InvalidTagsException",
            too_many="TooManyTagsException",
        )
        parts = (self.engine, self.pipelines, self.executions, states, approvals, self.build_actions)
        self.parts = (*parts, tag_operations)

    def connect(self) -> None:
        if isinstance(codebuild := self.cloud.services.get("codebuild"), CodeBuild):
            self.build_actions.connect(codebuild)
        if isinstance(events := self.cloud.services.get("events"), Events):
            add_pipeline_target(events.target_kinds, self.cloud)

    def start_for_push(self, push: Push) -> list[str]:
        """Under the lock; returns a line for each pipeline that the push triggers."""
        return start_pipelines(self.pipelines, self.executions, push)
