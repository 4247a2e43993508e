"""``python -m release.approval_summary``, a step of the deploy pipeline: what a person should know before production.

Prints two lines for a shell: MODEL_PACKAGE_ARN, with "latest-approved" resolved, and SUMMARY, which the approval shows:
the version, the gate's metric beside the champion's, the commit, the location of the report.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aws import model_registry
from aws.caller import clients
from aws.command_errors import run_in_environment
from aws.s3 import split_uri
from settings.environments import CONFIG
from settings.errors import Problem
from settings.loader import load
from settings.model import Settings

LATEST = "latest-approved"
LIMIT = 1000  # characters of a value in an action's configuration


def main(argv: Sequence[str] | None = None) -> int:
    return run_in_environment(_print, _parser(os.environ.get("PIPELINE_ENV") or "local").parse_args(argv))


def _parser(environment: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m release.approval_summary", description=__doc__, allow_abbrev=False)
    parser.add_argument("--env", default=environment, help="where it would be deployed (now: %(default)s)")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="DIR", help="folder of the settings")
    parser.add_argument("--package", required=True, metavar="ARN", help=f"the model package, or {LATEST}")
    return parser


def _print(options: argparse.Namespace) -> int:
    settings = load(options.env, options.config)
    client = clients(settings)
    arn = resolve(options.package, settings, client("sagemaker"))
    package = client("sagemaker").describe_model_package(ModelPackageName=arn)
    text = summary(package, read_evaluation(package, client("s3")), settings)
    for variable, value in (("MODEL_PACKAGE_ARN", arn), ("SUMMARY", text)):
        print(f"export {variable}={shlex.quote(value)}")
    return 0


def resolve(package: str, settings: Settings, sagemaker: Any) -> str:
    """The named package; never another one in its place without saying so."""
    if package != LATEST:
        return package
    arn = model_registry.latest_approved(sagemaker, settings.project.group)
    if arn is None:
        raise Problem(f"no package of {settings.project.group} is approved: approve one, or name one with --package")
    print(f"no package was named: taking the latest approved one, {arn}", file=sys.stderr)
    return arn


def summary(package: dict[str, Any], evaluation: dict[str, Any], settings: Settings) -> str:
    metadata = package.get("CustomerMetadataProperties", {})
    version = package["ModelPackageArn"].partition(":model-package/")[2]
    lines = [
        f"Release {version} to {settings.endpoint_name}?",
        metrics(evaluation),
        f"Commit {metadata.get('git_commit', 'unknown')}.",
        f"Report: {metadata['report_uri']}" if "report_uri" in metadata else "No report.",
    ]
    return " ".join(lines)[:LIMIT]


def metrics(evaluation: dict[str, Any]) -> str:
    try:
        gate = evaluation["gate"]
        name, value, best = gate["metric"], float(gate["value"]), gate["champion"]
        if best is None:
            why = ": it cannot score the same rows" if gate.get("comparison") == "impossible" else ""
            return f"{name} {value:.4f}, no champion to compare with{why}."
        return f"{name} {value:.4f}, champion {float(best):.4f} ({value - float(best):+.4f}{_certainty(gate)})."
    except (KeyError, TypeError, ValueError):  # a package that was registered in another way
        return "No evaluation was found."


def _certainty(gate: dict[str, Any]) -> str:
    """Empty for a package of a version that compared with the champion's stored metric."""
    if "difference_confidence_interval" not in gate:
        return ""
    low, high = map(float, gate["difference_confidence_interval"])
    return f", 95 % interval {low:+.4f} to {high:+.4f}, on the same {int(gate['rows']):,} rows"


def read_evaluation(package: dict[str, Any], s3: Any) -> dict[str, Any]:
    """Empty where it cannot be read: a person decides, and sees that it is missing."""
    uri = package.get("ModelMetrics", {}).get("ModelQuality", {}).get("Statistics", {}).get("S3Uri", "")
    bucket, key = split_uri(uri)
    if not key:
        return {}
    try:
        content = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except (s3.exceptions.ClientError, ValueError) as error:
        print(f"{uri} cannot be read: {error}", file=sys.stderr)
        return {}
    return content if isinstance(content, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
