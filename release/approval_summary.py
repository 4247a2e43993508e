"""``python -m release.approval_summary``, a step of the deploy pipeline: what a person should know before production.

Prints two lines for a shell: RELEASE, "no" when the package is live already, which needs no approval, and SUMMARY,
which the approval shows: the version, the gate's metric beside the champion's, the commit, the location of the report.
With --candidate also how its predictions differ from those of the live model; it fails when more differ than
delivery.max_changed_labels allows.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from aws.caller import clients
from aws.command_errors import run_in_environment
from aws.default_key import with_default_key
from aws.environment_parser import environment_parser
from aws.s3 import split_uri
from release.context import Context
from release.live import is_live
from release.names import short
from release.prediction_changes import over_limit
from release.prediction_comparison import Comparison, compare_models
from settings.errors import Problem
from settings.loader import load
from settings.model import Settings

LIMIT = 1000  # characters of a value in an action's configuration


def main(argv: Sequence[str] | None = None) -> int:
    return run_in_environment(_print, _parser().parse_args(argv))


def _parser() -> argparse.ArgumentParser:
    parser = environment_parser("release.approval_summary", __doc__, "where it would be deployed")
    parser.add_argument("--candidate", metavar="ENV", help="where it is deployed already, to compare predictions")
    parser.add_argument("--document", metavar="S3URI", help="with --candidate: the prefix for the comparison in full")
    parser.add_argument("--package", required=True, metavar="ARN", help="the model package")
    return parser


def _print(options: argparse.Namespace) -> int:
    settings = load(options.env, options.config)
    client = clients(settings)
    package = client("sagemaker").describe_model_package(ModelPackageName=options.package)
    changes = _compare(options, settings, package) if options.candidate else ""
    text = summary(package, read_evaluation(package, client("s3")), settings, changes)
    live = is_live(Context(with_default_key(settings, client), client, _report), options.package)
    for variable, value in (("RELEASE", "no" if live else "yes"), ("SUMMARY", text)):
        print(f"export {variable}={shlex.quote(value)}")
    return 0


def _report(line: str) -> None:
    print(line, file=sys.stderr)


def _compare(options: argparse.Namespace, settings: Settings, package: dict[str, Any]) -> str:
    """How the predictions differ, with the place of the document; Problem beyond the limit."""
    staging, production = _context(load(options.candidate, options.config)), _context(settings)
    comparison = compare_models(staging, production, package)
    where = _store(comparison, options.document, package, production) if options.document else ""
    print(comparison.document or comparison.text, file=sys.stderr)
    refusal = over_limit(comparison.changes, settings.delivery.max_changed_labels) if comparison.changes else ""
    if refusal:
        raise Problem(f"{refusal}. {comparison.text}{where}")
    return f"{comparison.text}{where}"


def _context(settings: Settings) -> Context:
    return Context(settings, clients(settings), _report)


def _store(comparison: Comparison, prefix: str, package: dict[str, Any], context: Context) -> str:
    if not comparison.document:
        return ""
    uri = f"{prefix.rstrip('/')}/{short(package['ModelPackageArn'])}.md"
    bucket, key = split_uri(uri)
    body = comparison.document.encode()
    context.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/markdown; charset=utf-8")
    return f" In full: {uri}"


def summary(package: dict[str, Any], evaluation: dict[str, Any], settings: Settings, changes: str = "") -> str:
    metadata = package.get("CustomerMetadataProperties", {})
    version = package["ModelPackageArn"].partition(":model-package/")[2]
    lines = [
        f"Release {version} to {settings.endpoint_name}?",
        metrics(evaluation),
        *([changes] if changes else []),
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
