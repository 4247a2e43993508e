"""The implemented action providers, with the configuration keys of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Action = Mapping[str, Any]  # as a pipeline declares it


@dataclass(frozen=True)
class Provider:
    categories: tuple[str, ...]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    inputs: tuple[int, int] = (0, 0)
    outputs: tuple[int, int] = (0, 0)


PROVIDERS = {
    "CodeStarSourceConnection": Provider(
        ("Source",),
        ("ConnectionArn", "FullRepositoryId", "BranchName"),
        ("OutputArtifactFormat", "DetectChanges"),
        outputs=(1, 1),
    ),
    "CodeCommit": Provider(
        ("Source",),
        ("RepositoryName", "BranchName"),
        ("PollForSourceChanges", "OutputArtifactFormat"),
        outputs=(1, 1),
    ),
    "S3": Provider(
        ("Source",),
        ("S3Bucket", "S3ObjectKey"),
        ("PollForSourceChanges", "AllowOverrideForS3ObjectKey"),
        outputs=(1, 1),
    ),
    "CodeBuild": Provider(
        ("Build", "Test"),
        ("ProjectName",),
        ("PrimarySource", "EnvironmentVariables"),
        inputs=(1, 5),
        outputs=(0, 5),
    ),
    "Manual": Provider(("Approval",), (), ("NotificationArn", "CustomData", "ExternalEntityLink")),
}


def provider(action: Action) -> str:
    return str(action["actionTypeId"]["provider"])


def category(action: Action) -> str:
    return str(action["actionTypeId"]["category"])


def order(action: Action) -> int:
    return int(action.get("runOrder", 1))


def configuration(action: Action) -> dict[str, str]:
    return dict(action.get("configuration", {}))


def names(action: Action, kind: str) -> list[str]:
    """``kind``: inputArtifacts or outputArtifacts."""
    return [artifact["name"] for artifact in action.get(kind, [])]
