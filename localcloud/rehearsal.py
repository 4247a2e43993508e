"""One run of the compiled pipeline on this machine: what the demo does, step by step."""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localcloud.actions import LocalActions
from localcloud.execution import DefinitionRefused, Execution
from localcloud.jobs import runtimes
from localcloud.store import FolderStore
from pipelines import arguments, definition, example_data, watch
from pipelines.commit import commit
from pipelines.errors import UsageProblem
from pipelines.executions import Execution as Run
from pipelines.executions import Step
from pipelines.settings import Settings, load
from pipelines.settings.metrics import METRICS

LOG_LINES = 20


@dataclass(frozen=True)
class Rehearsal:
    settings: Settings
    compiled: definition.Compiled
    store: FolderStore
    folder: Path
    id: str

    @property
    def variables(self) -> dict[str, Any]:
        name = self.compiled.name
        arn = f"arn:aws:sagemaker:{self.settings.aws.region}:{self.settings.aws.account_id}:pipeline/{name}"
        now = datetime.now(UTC).isoformat()
        return {
            "PipelineName": name,
            "PipelineArn": arn,
            "PipelineExecutionId": self.id,
            "PipelineExecutionArn": f"{arn}/execution/{self.id}",
            "StartDateTime": now,
            "CurrentDateTime": now,
        }


def rehearse(args: argparse.Namespace) -> int:
    began = time.monotonic()
    settings = load(args.env, args.config)
    _say(f"compiling pipeline {settings.pipeline_name} as for AWS")
    compiled = definition.compile(settings)
    body = json.loads(compiled.body)
    given = arguments.parse(args.parameters, arguments.declared(body))
    rehearsal = Rehearsal(settings, compiled, FolderStore(args.folder / "s3"), args.folder, secrets.token_hex(6))
    _publish(compiled, rehearsal.store)
    if "DataUri" not in given:
        given["DataUri"] = _place_data(rehearsal, args)
    given.setdefault("GitCommit", commit(args.config) or "unknown")
    prepare = runtimes.process if args.docker is None else runtimes.docker(args.docker or None)
    with Interrupt() as interrupt:
        actions = LocalActions(rehearsal.store, args.folder, rehearsal.id, prepare, interrupt.asked)
        run = _run(rehearsal, body, actions, given)
    if interrupt.asked():
        raise KeyboardInterrupt
    _conclude(run, rehearsal, actions, time.monotonic() - began)
    return 1 if run.failed else 0


class Interrupt:
    """Ctrl-C asks the jobs to end instead of leaving them behind."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def asked(self) -> bool:
        return self._event.is_set()

    def __enter__(self) -> Interrupt:
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in self._before:
            signal.signal(number, lambda *_: self._event.set())
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _publish(compiled: definition.Compiled, store: FolderStore) -> None:
    for uri, content in (compiled.uploads | compiled.seeds).items():
        if not store.exists(uri):
            store.write(uri, content)


def _place_data(rehearsal: Rehearsal, args: argparse.Namespace) -> str:
    """Every run gets a prefix of its own, so that data of two sources never mixes."""
    uri = f"{rehearsal.settings.prefix}/data/{rehearsal.id}"
    if args.data is None:
        _say(f"making {args.rows:,} rows of example data")
        example_data.write(rehearsal.store.path(uri) / "churn.csv", args.rows)
    elif args.data.is_file():
        rehearsal.store.upload(args.data, f"{uri}/{args.data.name}")
    elif args.data.is_dir():
        rehearsal.store.upload(args.data, uri)
    else:
        raise UsageProblem(f"--data {args.data} does not exist: name a folder or file of CSV or Parquet data")
    return uri


def _run(rehearsal: Rehearsal, body: dict[str, Any], actions: LocalActions, given: dict[str, str]) -> Execution:
    started = datetime.now(UTC)
    lock = threading.Lock()

    def changed(_: object) -> None:
        with lock:
            view.show(_snapshot(rehearsal, run, started))

    try:
        run = Execution(
            body,
            actions.by_type(),
            rehearsal.store.read,
            variables=rehearsal.variables,
            parameters=given,
            changed=changed,
        )
    except DefinitionRefused as refusal:
        raise UsageProblem(str(refusal)) from refusal
    view = _view(list(run.steps))
    with view:
        run.run()
    return run


def _view(names: list[str]) -> watch.Lines | watch.LiveTable:
    if not sys.stdout.isatty():
        return watch.Lines(_say)
    from rich.console import Console

    return watch.LiveTable(names, Console())


def _snapshot(rehearsal: Rehearsal, run: Execution, started: datetime) -> watch.Snapshot:
    arn = rehearsal.variables["PipelineExecutionArn"]
    begun = [step for step in run.steps.values() if step.started]
    steps = [Step(step.name, step.status, step.started, step.ended, step.reason) for step in begun]
    return watch.Snapshot(Run(arn, "Executing", started), steps)


def _conclude(run: Execution, rehearsal: Rehearsal, actions: LocalActions, seconds: float) -> None:
    for step in run.failed:
        _say(f"\n{step.name} failed: {step.reason}")
        _tail(actions.log(step.name))
    if "Evaluate" in run.scope.steps:
        folder = rehearsal.store.path(run.scope.resolve({"Get": EVALUATION}))
        _tell_metrics(json.loads((folder / "evaluation.json").read_text()), _say)
        _say(f"\nreport: {_short(folder / 'report.html')}")
    if registered := run.scope.steps.get("Register"):
        group, version = registered["ModelPackageArn"].split("/")[1:]
        request = rehearsal.folder / "registry" / group / f"{version}.json"
        _say(f"registered: {group} version {version}, {run.scope.parameters['ApprovalStatus']} ({_short(request)})")
    _say(f"took {seconds:.1f} s")


EVALUATION = "Steps.Evaluate.ProcessingOutputConfig.Outputs['evaluation'].S3Output.S3Uri"


def _tell_metrics(evaluation: dict[str, Any], say: Callable[[str], None]) -> None:
    metrics = next(value for key, value in evaluation.items() if key.endswith("_metrics"))
    say(f"\non {evaluation['dataset']['item_count']:,} rows it has never seen:")
    for name in dict.fromkeys(name for names in METRICS.values() for name in names if name in metrics):
        low, high = metrics[name]["confidence_interval"]
        trivial = f"   (trivial: {metrics[name]['baseline']:.4f})" if "baseline" in metrics[name] else ""
        say(f"  {name:<20}{metrics[name]['value']:>10.4f}   {low:.4f} to {high:.4f}{trivial}")


def _tail(log: Path) -> None:
    if log.is_file():
        lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        _say("\n".join(f"    {line}" for line in [f"the last lines of {_short(log)}:", *lines]))


def _short(path: Path) -> Path:
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _say(line: str) -> None:
    print(line, flush=True)
