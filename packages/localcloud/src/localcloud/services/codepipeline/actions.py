"""The runs of actions: started, with their configuration, inputs and outputs, and concluded. All under the lock."""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Callable
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.services.codepipeline.events import emit_action
from localcloud.services.codepipeline.providers import Action, configuration, names, provider
from localcloud.services.codepipeline.records import (
    ABANDONED,
    FAILED,
    SUCCEEDED,
    ActionRun,
    Artifact,
    Execution,
    StageRun,
)
from localcloud.services.codepipeline.variables import Unresolved, resolve

Start = Callable[[Execution, ActionRun], None]
LETTERS = string.ascii_letters + string.digits


class ActionFailed(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Actions:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.providers: dict[str, Start] = {}  # starts an action: quickly, under the lock

    def start(self, execution: Execution, stage: StageRun, action: Action) -> None:
        now = self.cloud.clock.now()
        run = ActionRun(str(uuid.uuid4()), stage.name, action, now, now)
        stage.actions.append(run)
        execution.updated = now
        try:
            namespaces = execution.all_namespaces()
            run.configuration = {key: resolve(value, namespaces) for key, value in configuration(action).items()}
            run.inputs = [_input(execution, name) for name in names(action, "inputArtifacts")]
            run.outputs = [self._output(execution, name) for name in names(action, "outputArtifacts")]
            emit_action(self.cloud, execution, run)
            self.providers[provider(action)](execution, run)
        except Unresolved as problem:
            self.conclude(execution, run, ActionFailed("InvalidVariableReference", str(problem)))
        except ActionFailed as problem:
            self.conclude(execution, run, problem)

    def conclude(self, execution: Execution, run: ActionRun, error: ActionFailed | None) -> None:
        run.updated = execution.updated = self.cloud.clock.now()
        run.token = ""
        if run.timer:
            run.timer.cancel()
        if error:
            _fail(execution, run, error)
        else:
            _succeed(execution, run)
        emit_action(self.cloud, execution, run)

    def abandon(self, execution: Execution, run: ActionRun) -> None:
        """The action may go on, but its result is ignored."""
        abandon_silently(run)
        run.updated, run.token = self.cloud.clock.now(), ""
        emit_action(self.cloud, execution, run)

    def _output(self, execution: Execution, name: str) -> Artifact:
        """With an object key in CodePipeline's own layout."""
        declaration = execution.declaration
        store: Any = declaration.get("artifactStore") or declaration["artifactStores"][self.cloud.region]
        unique = "".join(random.choices(LETTERS, k=7))  # noqa: S311 - a name, not a secret
        return Artifact(name, store["location"], f"{execution.pipeline[:20]}/{name[:10]}/{unique}")


def abandon_silently(run: ActionRun) -> None:
    run.status = ABANDONED
    if run.timer:
        run.timer.cancel()


def _fail(execution: Execution, run: ActionRun, error: ActionFailed) -> None:
    run.status = FAILED
    execution.stages[run.stage].failed.add(run.name)
    run.error = {"code": error.code, "message": error.message} if error.code else {}
    run.summary = run.summary or error.message


def _succeed(execution: Execution, run: ActionRun) -> None:
    run.status = SUCCEEDED
    execution.stages[run.stage].succeeded.add(run.name)
    execution.artifacts |= {artifact.name: artifact for artifact in run.outputs}
    if namespace := run.declaration.get("namespace"):
        execution.namespaces[namespace] = run.variables


def _input(execution: Execution, name: str) -> Artifact:
    if name not in execution.artifacts:
        raise ActionFailed("ConfigurationError", f"The artifact {name} does not exist: no earlier action produced it.")
    return execution.artifacts[name]
