"""A buildspec, version 0.2, as plain data; an error is reported in one sentence, as by CodeBuild.

Stricter than CodeBuild, which ignores unknown keys: here a misspelt key is refused.
Not reproduced: batch builds, proxies, RETRY on failure, other shells than sh and bash, run-as: each refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PHASES = ("install", "pre_build", "build", "post_build")
SHELLS = {"bash": "bash", "/bin/sh": "sh", "sh": "sh"}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEYS = {
    "": {"version", "env", "phases", "reports", "artifacts", "cache"},
    "env": {"shell", "variables", "parameter-store", "secrets-manager", "exported-variables", "git-credential-helper"},
    "artifacts": {
        *("files", "name", "discard-paths", "base-directory", "exclude-paths", "enable-symlinks"),
        *("s3-prefix", "secondary-artifacts"),
    },
    "reports": {"files", "file-format", "base-directory", "discard-paths"},
    "cache": {"paths", "key", "fallback-keys", "action"},
    "phase": {"commands", "finally", "on-failure", "runtime-versions"},
}
NOT_IMPLEMENTED = {"batch": "batch builds", "proxy": "a proxy", "run-as": "another user"}


class YamlFileError(Exception):
    """The message of the phase context YAML_FILE_ERROR."""


@dataclass(frozen=True)
class Phase:
    commands: tuple[str, ...] = ()
    finally_commands: tuple[str, ...] = ()
    on_failure: str = ""  # ABORT, CONTINUE or "": the phase's default
    runtimes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Files:
    """The files of an artifact or a report."""

    patterns: tuple[str, ...]
    base: str = ""
    exclude: tuple[str, ...] = ()
    discard_paths: bool = False
    name: str = ""
    format: str = "JUNITXML"


@dataclass(frozen=True)
class Buildspec:
    phases: Mapping[str, Phase]
    shell: str = "sh"
    variables: Mapping[str, str] = field(default_factory=dict)
    parameter_store: Mapping[str, str] = field(default_factory=dict)
    secrets_manager: Mapping[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    artifacts: Files | None = None
    secondary_artifacts: Mapping[str, Files] = field(default_factory=dict)
    reports: Mapping[str, Files] = field(default_factory=dict)
    cache: tuple[str, ...] = ()


def inline(text: str) -> bool:
    """Whether a project's buildspec is its text rather than a path in the source."""
    return "\n" in text or text.lstrip().startswith(("version", "{"))


def parse(text: str) -> Buildspec:
    import yaml  # type: ignore[import-untyped]

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise YamlFileError(f"the buildspec is not YAML: {' '.join(str(error).split())}") from None
    spec = _section(content, "")
    if str(spec.get("version")) != "0.2":
        raise YamlFileError(f"unsupported version {spec.get('version')!r}: localcloud reads buildspecs of version 0.2")
    env = _section(spec.get("env", {}), "env")
    artifacts = spec.get("artifacts")
    secondary = _mapping(
        _mapping(artifacts, "artifacts").get("secondary-artifacts", {}), "artifacts.secondary-artifacts"
    )
    return Buildspec(
        phases=_phases(spec.get("phases")),
        shell=_shell(env.get("shell", "sh")),
        variables=_variables(env, "variables"),
        parameter_store=_variables(env, "parameter-store"),
        secrets_manager=_variables(env, "secrets-manager"),
        exported=_strings(env.get("exported-variables", []), "env.exported-variables"),
        artifacts=_files(artifacts, "artifacts", optional=bool(secondary)) if artifacts is not None else None,
        secondary_artifacts={name: _files(entry, "artifacts") for name, entry in secondary.items()},
        reports={
            name: _files(entry, "reports") for name, entry in _mapping(spec.get("reports", {}), "reports").items()
        },
        cache=_strings(_section(spec.get("cache", {}), "cache").get("paths", []), "cache.paths"),
    )


def _phases(value: Any) -> dict[str, Phase]:
    phases = _mapping(value, "phases")
    if not phases:
        raise YamlFileError("phases are missing: a buildspec needs at least one")
    if unknown := [name for name in phases if name not in PHASES]:
        raise YamlFileError(f"unknown phase {unknown[0]!r}: the phases are {', '.join(PHASES)}")
    return {name: _phase(entry, f"phases.{name}", optional=name == "install") for name, entry in phases.items()}


def _phase(value: Any, where: str, *, optional: bool) -> Phase:
    phase = _section(value, "phase", where)
    on_failure = str(phase.get("on-failure", ""))
    if on_failure.startswith("RETRY"):
        raise YamlFileError(f"{where}.on-failure: localcloud does not retry builds; use ABORT or CONTINUE")
    if on_failure not in ("", "ABORT", "CONTINUE"):
        raise YamlFileError(f"{where}.on-failure is {on_failure!r}: it must be ABORT, CONTINUE or RETRY")
    commands = _strings(phase.get("commands", []), f"{where}.commands")
    if not commands and not optional:
        raise YamlFileError(f"{where}: commands are missing")
    finally_commands = _strings(phase.get("finally", []), f"{where}.finally")
    runtimes = _mapping(phase.get("runtime-versions", {}), f"{where}.runtime-versions")
    return Phase(commands, finally_commands, on_failure, runtimes)


def _files(value: Any, where: str, *, optional: bool = False) -> Files:
    entry = _section(value, where)
    patterns = _strings(entry.get("files", []), f"{where}.files")
    if not patterns and not optional:
        raise YamlFileError(f"{where}: files are missing")
    return Files(
        patterns,
        base=str(entry.get("base-directory", "")),
        exclude=_strings(entry.get("exclude-paths", []), f"{where}.exclude-paths"),
        discard_paths=str(entry.get("discard-paths", "no")).lower() in ("yes", "true"),
        name=str(entry.get("name", "")),
        format=str(entry.get("file-format", "JUNITXML")).upper(),
    )


def _shell(value: Any) -> str:
    if not isinstance(value, str) or value not in SHELLS:
        raise YamlFileError(f"env.shell is {value!r}: localcloud has bash and /bin/sh")
    return SHELLS[value]


def _variables(env: Mapping[str, Any], kind: str) -> dict[str, str]:
    variables = {}
    for name, value in _mapping(env.get(kind, {}), f"env.{kind}").items():
        if not NAME.fullmatch(str(name)):
            raise YamlFileError(f"env.{kind}: {name!r} is not a valid variable name")
        if str(name).startswith("CODEBUILD_"):
            raise YamlFileError(f"env.{kind}: {name} begins with CODEBUILD_, which is reserved")
        if isinstance(value, list | dict) or value is None:
            raise YamlFileError(f"env.{kind}: the value of {name} must be a string")
        variables[str(name)] = str(value).lower() if isinstance(value, bool) else str(value)
    return variables


def _section(value: Any, kind: str, where: str = "") -> dict[str, Any]:
    where = where or kind or "the buildspec"
    entries = _mapping(value, where)
    for key in entries:
        if key in NOT_IMPLEMENTED:
            raise YamlFileError(f"{where}: {key} ({NOT_IMPLEMENTED[key]}) is not implemented by localcloud")
        if key not in KEYS[kind]:
            raise YamlFileError(f"{where}: unknown key {key!r}; known are {', '.join(sorted(KEYS[kind]))}")
    return entries


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise YamlFileError(f"{where} must be a map of keys and values")
    return value


def _strings(value: Any, where: str) -> tuple[str, ...]:
    """A list of strings, or a single string."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        raise YamlFileError(f"{where} must be a list")
    for number, item in enumerate(items):
        if not isinstance(item, str):
            found = "subkeys" if isinstance(item, dict) else f"a {type(item).__name__} ({item!r})"
            raise YamlFileError(f"Expected {where}[{number}] to be of string type: found {found} instead; quote it")
    return tuple(items)
