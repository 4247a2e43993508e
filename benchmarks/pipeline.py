"""Measures the example pipeline on localcloud against its three scripts, run one after the other by hand.

    python benchmarks/pipeline.py [--rows N] [--runs N]

By hand: `python scripts/preprocess.py`, `train.py`, `tar`, `evaluate.py`, with the arguments that the compiled pipeline
gives them, on files that lie ready. The pipeline: from the start of an execution to its end, as its description tells
them; S3, the registry, logs, events and metrics included, compiling not. The two take turns; of each the quickest run
counts, because others may work on the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

RESULTS = ROOT / "benchmarks" / "results" / "pipeline.md"
ML = "/opt/ml"
LINKS = {  # where a step finds the outputs of another one
    "train": "processing/output/train",
    "validation": "processing/output/validation",
    "features": "processing/output/features",
}


def main(argv: list[str] | None = None) -> int:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--rows", type=int, default=20_000, metavar="N")
    command.add_argument("--runs", type=int, default=3, metavar="N")
    options = command.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = _data(folder / "data", options.rows)
        with _cloud(folder) as (settings, client):
            definition = _upsert(settings, client, data)
            hand, cloud = [], []
            for run in range(options.runs):
                hand.append(_by_hand(definition, data, folder / f"hand-{run}"))
                cloud.append(_execution(client, settings))
    report = _render(options, hand, cloud)
    RESULTS.write_text(report)
    print(report)
    return 0


def _data(folder: Path, rows: int) -> Path:
    from pipelines import example_data

    example_data.write(folder / "churn.csv", rows)
    return folder


@contextmanager
def _cloud(folder: Path) -> Iterator[tuple[Any, Any]]:
    """A localcloud of its own; nothing is cached, so that every execution does all the work."""
    from aws import sessions
    from settings.loader import load

    shutil.copytree(ROOT / "config", folder / "config")
    with (folder / "config/local.toml").open("a") as file:
        file.write("[pipeline]\ncache_days = 0\n")
    where = ["--folder", str(folder / "cloud"), "--config", str(folder / "config")]
    os.environ["LOCALCLOUD_URL"] = _python_module("rehearsal.up", *where).split()[-1]
    settings = load("local", folder / "config")
    try:
        yield settings, lambda service: sessions.client(settings, service)
    finally:
        del os.environ["LOCALCLOUD_URL"]
        _python_module("localcloud", "--folder", str(folder / "cloud"), "down")


def _python_module(*words: str) -> str:
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _upsert(settings: Any, client: Any, data: Path) -> dict[str, Any]:
    from pipelines.definition import compile
    from pipelines.upsert import upsert

    compiled = compile(settings)
    upsert(settings, compiled, client)
    client("s3").upload_file(str(data / "churn.csv"), settings.bucket, "benchmark/churn.csv")
    definition: dict[str, Any] = json.loads(compiled.body)
    return definition


def _execution(client: Any, settings: Any) -> float:
    sagemaker = client("sagemaker")
    where = [{"Name": "DataUri", "Value": f"s3://{settings.bucket}/benchmark"}, {"Name": "Threshold", "Value": "0.5"}]
    request = {"PipelineName": settings.pipeline_name, "PipelineParameters": where}
    arn = sagemaker.start_pipeline_execution(**request)["PipelineExecutionArn"]
    while True:
        execution = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        if execution["PipelineExecutionStatus"] not in ("Executing", "Stopping"):
            assert execution["PipelineExecutionStatus"] == "Succeeded", execution
            return float((execution["LastModifiedTime"] - execution["CreationTime"]).total_seconds())
        time.sleep(0.1)


def _by_hand(definition: dict[str, Any], data: Path, folder: Path) -> float:
    steps = {step["Name"]: step["Arguments"] for step in definition["Steps"]}
    defaults = {f"Parameters.{one['Name']}": one.get("DefaultValue") for one in definition["Parameters"]}
    here = folder / "opt/ml"
    folders = ("processing/input", "input/data", "model", "checkpoints", "output", "processing/input/champion")
    for place in folders:
        (here / place).mkdir(parents=True, exist_ok=True)
    (here / "processing/input/data").symlink_to(data)
    (here / "processing/input/test").symlink_to(here / "processing/output/test")
    (here / "processing/input/features").symlink_to(here / "processing/output/features")
    (here / "processing/input/model").symlink_to(here)
    (here / "processing/input/champion/evaluation.json").write_text('{"champion": "none"}')
    began = time.perf_counter()
    _run("preprocess.py", steps["Preprocess"]["AppSpecification"]["ContainerArguments"], here)
    flags = [part for name, value in steps["Train"]["HyperParameters"].items() for part in (f"--{name}", value)]
    flags += [part for name, place in LINKS.items() for part in (f"--{name}", f"{ML}/{place}")]
    _run("train.py", [*flags, "--model-dir", f"{ML}/model"], here)
    subprocess.run(["tar", "-czf", "model.tar.gz", "-C", "model", "."], cwd=here, check=True)
    arguments = [_resolve(one, defaults) for one in steps["Evaluate"]["AppSpecification"]["ContainerArguments"]]
    _run("evaluate.py", arguments, here)
    return time.perf_counter() - began


def _resolve(argument: Any, defaults: dict[str, Any]) -> Any:
    """A parameter of the run, as text, by its default."""
    if isinstance(argument, dict):
        return "".join(str(defaults[value["Get"]]) for value in argument["Std:Join"]["Values"])
    return argument


def _run(script: str, arguments: list[Any], here: Path) -> None:
    words = [str(argument).replace(ML, str(here)) for argument in arguments]
    done = subprocess.run([sys.executable, str(ROOT / "scripts" / script), *words], capture_output=True, text=True)
    assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"


def _render(options: argparse.Namespace, hand: list[float], cloud: list[float]) -> str:
    best = {"the scripts by hand": min(hand), "the pipeline on localcloud": min(cloud)}
    every = {"the scripts by hand": hand, "the pipeline on localcloud": cloud}
    lines = [
        f"# The example pipeline: {options.rows:,} rows",
        "",
        f"`python benchmarks/pipeline.py --rows {options.rows} --runs {options.runs}`, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}. Of each the quickest run counts.",
        "",
        "| way | seconds | all runs |",
        "|---|---|---|",
        *(f"| {way} | {best[way]:.2f} | {', '.join(f'{run:.2f}' for run in runs)} |" for way, runs in every.items()),
        "",
        f"{min(cloud) - min(hand):+.2f} s, {min(cloud) / min(hand):.2f} times as long.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
