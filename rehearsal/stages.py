"""The stages of ``make model``, a function each: settings, data into S3, the results."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aws import sessions
from aws.errors import translate
from aws.s3 import split_uri
from pipelines import example_data, executions
from pipelines.arguments import parse_values
from pipelines.declarations import declarations
from rehearsal.data_files import check_data, data_files
from rehearsal.seed import EXAMPLE_TARGET, ROWS
from settings.environments import CONFIG
from settings.errors import UsageProblem
from settings.loader import load
from settings.metrics import METRICS
from settings.model import Settings

GATE, PREPROCESS = "QualityGate", "Preprocess"
MAX_LEFT_OUT = 10  # columns that are named
# By output: the file that a person opens.
REPORTS = {"evaluation": "report.html", "features": "features.json", "rejects": "rejects.csv"}


def settings(folder: Path | None) -> Settings:
    return load("local", folder or CONFIG)


def check(settings: Settings, data: str | None, rows: int, parameters: Sequence[str]) -> None:
    """Checks the request before anything is started."""
    parse_values(parameters, list(declarations(settings).values()))
    if not settings.aws.endpoint_command:
        raise UsageProblem("aws.endpoint_command is not set in the environment local: the demo needs localcloud as AWS")
    if data is None:
        example_data.check(rows, example_data.SEED, ())
    else:
        check_data(data)


def put_data(settings: Settings, data: str | None, rows: int) -> list[str]:
    """Returns the parameter that names it; none when it is there already. Data of two sources never mixes."""
    if data is None and rows == ROWS and settings.data.target == EXAMPLE_TARGET:
        return []
    if data is None:
        print(f"making {rows:,} rows of example data", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "churn.csv"
            example_data.write(file, rows)
            return [_put(settings, file, f"{settings.prefix}/example-data/{rows}")]
    return [_put(settings, Path(data), f"{settings.prefix}/own-data/{secrets.token_hex(6)}")]


def _put(settings: Settings, data: Path, uri: str) -> str:
    bucket, prefix = split_uri(uri)
    s3 = sessions.client(settings, "s3")
    top = data if data.is_dir() else data.parent
    try:
        for file in data_files(data):  # nothing else of a folder is copied
            s3.upload_file(str(file), bucket, f"{prefix}/{file.relative_to(top).as_posix()}")
    except Exception as error:
        raise translate(error, settings) from error
    return f"DataUri={uri}"


def show(settings: Settings, folder: Path) -> None:
    """The results of the newest execution: metrics and verdict are printed, files to open go into ``folder``."""
    try:
        _show(settings, folder)
    except Exception as error:
        raise translate(error, settings) from error


def _show(settings: Settings, folder: Path) -> None:
    s3 = sessions.client(settings, "s3")
    sagemaker = sessions.client(settings, "sagemaker")
    steps = executions.steps(sagemaker, executions.find(sagemaker, settings.pipeline_name, None))
    outputs = dict(_outputs(sagemaker, steps))
    if "evaluation" in outputs and (body := _read(s3, f"{outputs['evaluation']}/evaluation.json")):
        evaluation = json.loads(body)
        features = json.loads(_read(s3, f"{outputs['features']}/features.json") or b"{}")
        passed = any(step.note == "True" for step in steps if step.name == GATE)
        columns = column_lines(features["details"]["columns"])
        print("\n".join([*columns, *metric_lines(evaluation), verdict(evaluation["gate"], passed)]))
    for output, name in REPORTS.items():
        body = _read(s3, f"{outputs[output]}/{name}") if output in outputs else None
        if body and body.count(b"\n") > 1:  # rejects.csv is a header alone when all rows were good
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(body)
            print(f"{name.partition('.')[0]}: {_short(folder / name)}", flush=True)
    if any(step.name == PREPROCESS and step.status == "Failed" for step in steps):
        print("`make data` with the same DATA lists all that preprocess would stop at, with settings", flush=True)


def _outputs(sagemaker: Any, steps: list[executions.Step]) -> Iterator[tuple[str, str]]:
    """Where the outputs of the processing steps are, by name; of a cached step, those of the job that ran."""
    for step in steps:
        if step.job and step.job.kind == "ProcessingJob":
            job = sagemaker.describe_processing_job(ProcessingJobName=step.job.name)
            for output in job.get("ProcessingOutputConfig", {}).get("Outputs", []):
                yield output["OutputName"], output["S3Output"]["S3Uri"].rstrip("/")


def _read(s3: Any, uri: str) -> bytes | None:
    bucket, key = split_uri(uri)
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return body


def metric_lines(evaluation: dict[str, Any]) -> list[str]:
    metrics = next(value for key, value in evaluation.items() if key.endswith("_metrics"))
    lines = [f"\non {evaluation['dataset']['item_count']:,} rows it has never seen:"]
    for name in dict.fromkeys(name for names in METRICS.values() for name in names if name in metrics):
        low, high = metrics[name]["confidence_interval"]
        trivial = f"   (trivial: {metrics[name]['baseline']:.4f})" if "baseline" in metrics[name] else ""
        lines.append(f"  {name:<20}{metrics[name]['value']:>10.4f}   {low:.4f} to {high:.4f}{trivial}")
    return lines


def verdict(gate: dict[str, Any], passed: bool) -> str:
    """``gate`` is of evaluation.json; the pipeline has judged it, by the threshold of its execution."""
    champion = gate["champion"]
    comparison = "no champion yet" if champion is None else f"the champion has {champion:.4f} on the same rows"
    return f"quality gate {'passed' if passed else 'NOT passed'}: {gate['threshold_reason']}; {comparison}"


def column_lines(columns: list[dict[str, Any]]) -> list[str]:
    """``columns`` is of features.json: how many the model learns from, and why not from the others."""
    usable = [one for one in columns if one["taken_as"] != "target"]
    left_out = [one for one in usable if one["why"]]
    lines = [
        f"\nit learns from {len(usable) - len(left_out)} of {len(usable)} columns" + (", without:" * bool(left_out))
    ]
    lines += [f"  {one['name']:<20} {one['why']}" for one in left_out[:MAX_LEFT_OUT]]
    more = len(left_out) - MAX_LEFT_OUT
    return [*lines, *([f"  and {more:,} more, see features.json"] if more > 0 else [])]


def _short(path: Path) -> Path:
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
