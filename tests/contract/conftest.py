"""The CloudFormation templates as data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "codepipeline/templates"


class Loader(yaml.SafeLoader):
    """!Ref x is {"Ref": x}, every other short form {"Fn::...": ...}."""


def _tag(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    kinds = {
        yaml.ScalarNode: loader.construct_scalar,
        yaml.SequenceNode: lambda n: loader.construct_sequence(n, deep=True),
        yaml.MappingNode: lambda n: loader.construct_mapping(n, deep=True),
    }
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": kinds[type(node)](node)}


Loader.add_multi_constructor("!", _tag)


@pytest.fixture(scope="session")
def template() -> Callable[[str], dict[str, Any]]:
    """``template("pipelines")``"""
    return lambda name: yaml.load((TEMPLATES / f"{name}.yml").read_text(), Loader)  # noqa: S506 - a safe loader's child


@pytest.fixture(scope="session")
def templates() -> list[Path]:
    return sorted(TEMPLATES.glob("*.yml"))
