"""What a pipeline's steps do on this machine: jobs through the job runner, registration into a folder.

Registration writes the request as ``<registry>/<group>/<version>.json``. Not reproduced here yet: approval,
events and everything else that happens to a package afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.execution import Action, StepFailed
from localcloud.jobs import processing, runner, training
from localcloud.jobs.job import Job, Refused
from localcloud.jobs.runtimes import Prepare, process
from localcloud.store import Store


@dataclass(frozen=True)
class LocalActions:
    store: Store
    folder: Path  # job folders and the registry live below it
    execution: str
    prepare: Prepare = process
    stop: Callable[[], bool] = lambda: False

    def by_type(self) -> dict[str, Action]:
        return {"Processing": self.processing, "Training": self.training, "RegisterModel": self.register}

    def processing(self, step: str, arguments: dict[str, Any]) -> dict[str, Any]:
        request = {**arguments, "ProcessingJobName": self._job_name(step)}
        self._run(processing.job, request)
        return {**request, "ProcessingJobStatus": "Completed"}

    def training(self, step: str, arguments: dict[str, Any]) -> dict[str, Any]:
        request = {**arguments, "TrainingJobName": self._job_name(step)}
        self._run(training.job, request)
        artifacts = {"S3ModelArtifacts": training.artifact(request)}
        return {**request, "TrainingJobStatus": "Completed", "ModelArtifacts": artifacts}

    def register(self, _: str, arguments: dict[str, Any]) -> dict[str, Any]:
        group = self.folder / "registry" / arguments["ModelPackageGroupName"]
        group.mkdir(parents=True, exist_ok=True)
        version = 1 + max((int(path.stem) for path in group.glob("*.json")), default=0)
        while not _created(group / f"{version}.json", json.dumps(arguments, indent=2)):
            version += 1
        return {"ModelPackageArn": f"local:model-package/{group.name}/{version}"}

    def log(self, step: str) -> Path:
        return self._instance(self._job_name(step)) / "log"

    def _run(self, build: Callable[[dict[str, Any]], Job], request: dict[str, Any]) -> None:
        try:
            job = build(request)
        except Refused as refusal:
            raise StepFailed(str(refusal)) from refusal
        instance = self._instance(job.name)
        outcome = runner.run(job, instance, self.store, prepare=self.prepare, stop=self.stop)
        if outcome.status != "Completed":
            raise StepFailed(outcome.reason or f"job {job.name} was stopped")
        shutil.rmtree(instance / "opt")  # inputs and outputs are in the store; the log stays

    def _job_name(self, step: str) -> str:
        return f"{step}-{self.execution}"

    def _instance(self, job: str) -> Path:
        return self.folder / "jobs" / job


def _created(path: Path, content: str) -> bool:
    """False when somebody else just took that name; a reader never sees half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(content)
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        return False
    finally:
        partial.unlink()
    return True
