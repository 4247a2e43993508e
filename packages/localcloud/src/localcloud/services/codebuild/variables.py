"""The environment variables of a build: their sources, which are secret, and those of the machine.

StartBuild's override the project's, which override the buildspec's; values are literal. Values from the parameter store
or from Secrets Manager are masked in the log.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.runtime import package_indexes
from localcloud.services.codebuild.build import Build
from localcloud.services.codebuild.buildspec import Buildspec

Variable = Mapping[str, str]  # name, value, type
Clients = Callable[[str], Any]  # boto3's client of a service, in the session of the build's role
MASK = "***"
KEPT = (
    "PATH",
    "LD_LIBRARY_PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TMPDIR",
    "TZ",
    "USER",
    "LOGNAME",
    "SHELL",
    "SSL_CERT_FILE",
)
REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
VERSION_PARTS = 4  # secret-id:json-key:version-stage:version-id
ARN_PARTS = 7  # arn:aws:secretsmanager:region:account:secret:name


class Unreadable(Exception):
    """A parameter or a secret that a build cannot read."""


def machine(cloud: Cloud, client: Mapping[str, str], home: Path) -> dict[str, str]:
    """Of every build: this machine's programs and package indexes, a home of its own, and this cloud as AWS.

    ``client`` makes its calls reach this cloud, in the session of its role.
    """
    environment = {name: value for name, value in os.environ.items() if name in KEPT}
    environment |= package_indexes.variables() | {"HOME": str(home), "CI": "true"}
    client = dict(client)
    for name in ("NO_PROXY", "no_proxy"):
        if name in client:  # behind the egress proxy
            client[name] = ",".join([client[name], *package_indexes.hosts()])
    return environment | cloud.processes.environment | client


def of_build(variables: Iterable[Variable], clients: Clients) -> tuple[dict[str, str], set[str]]:
    """The project's and the request's variables, and the names of the secret ones."""
    values, secret = {}, set()
    for variable in variables:
        name, value, kind = variable["name"], variable["value"], variable.get("type", "PLAINTEXT")
        if kind == "PARAMETER_STORE":
            value = parameter(clients, value)
        elif kind == "SECRETS_MANAGER":
            value = secret_value(clients, value)
        values[name] = value
        secret |= {name} if kind != "PLAINTEXT" else set()
    return values, secret


def of_buildspec(spec: Buildspec, clients: Clients) -> tuple[dict[str, str], set[str]]:
    stored = {name: parameter(clients, key) for name, key in spec.parameter_store.items()}
    secret = {name: secret_value(clients, key) for name, key in spec.secrets_manager.items()}
    return {**spec.variables, **stored, **secret}, {*stored, *secret}


def of_codebuild(build: Build, source: Path) -> dict[str, str]:
    values = {
        "BUILD_ID": build.id,
        "BUILD_ARN": build.arn,
        "BUILD_NUMBER": str(build.number),
        "BUILD_IMAGE": build.settings["environment"]["image"],
        "BUILD_SUCCEEDING": "1",
        "INITIATOR": build.initiator,
        "KMS_KEY_ID": build.settings.get("encryptionKey", ""),
        "LOG_PATH": build.log_stream,
        "PROJECT_UUID": build.project,
        "RESOLVED_SOURCE_VERSION": build.resolved,
        "SOURCE_REPO_URL": build.source.get("location", ""),
        "SOURCE_VERSION": build.version,
        "SRC_DIR": str(source),
        "START_TIME": str(int(build.created.timestamp() * 1000)),
    }
    return {f"CODEBUILD_{name}": value for name, value in values.items()}


def parameter(clients: Clients, name: str) -> str:
    from botocore.exceptions import ClientError

    try:
        found = clients("ssm").get_parameters(Names=[name], WithDecryption=True)["Parameters"]
    except ClientError as error:
        raise Unreadable(f"the parameter {name} cannot be read: {_reason(error)}") from None
    if not found:
        raise Unreadable(f"the parameter {name} cannot be read: ParameterNotFound")
    return str(found[0]["Value"])


def secret_value(clients: Clients, reference: str) -> str:
    """``secret-id:json-key:version-stage:version-id``; all but the first may be left out."""
    from botocore.exceptions import ClientError

    secret, key, stage, version = _parts(reference)
    selection = {name: value for name, value in (("VersionStage", stage), ("VersionId", version)) if value}
    try:
        text = str(clients("secretsmanager").get_secret_value(SecretId=secret, **selection)["SecretString"])
    except (ClientError, KeyError) as error:
        raise Unreadable(f"the secret {secret} cannot be read: {_reason(error)}") from None
    return _value_of(key, text, secret) if key else text


def _value_of(key: str, text: str, secret: str) -> str:
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError):
        raise Unreadable(f"the secret {secret} has no key {key!r}") from None
    return value if isinstance(value, str) else json.dumps(value)


def _parts(reference: str) -> list[str]:
    parts = reference.split(":")
    if reference.startswith("arn:"):
        parts = [":".join(parts[:ARN_PARTS]), *parts[ARN_PARTS:]]
    return (parts + [""] * VERSION_PARTS)[:VERSION_PARTS]


def _reason(error: Exception) -> str:
    details: dict[str, Any] = getattr(error, "response", {}).get("Error", {})
    return f"{details['Code']}: {details.get('Message', '')}" if details else "it is not text"


def masked(line: str, secrets: Iterable[str]) -> str:
    """``secrets`` has the longest first, so that a secret within another is masked completely."""
    for secret in secrets:
        line = line.replace(secret, MASK)
    return line


def lines_of(secrets: Iterable[str]) -> list[str]:
    """The lines to mask, as a log is written line by line."""
    parts = {line for secret in secrets for line in secret.splitlines() if line.strip()}
    return sorted(parts, key=len, reverse=True)


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """$NAME and ${NAME} in the paths and names of artifacts; a reference to an unset variable stays."""
    return REFERENCE.sub(lambda match: environment.get(match[1] or match[2], match[0]), text)
