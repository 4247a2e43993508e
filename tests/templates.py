"""The CloudFormation templates as data."""

from __future__ import annotations

from typing import Any

import yaml

from codepipeline.stacks import TEMPLATES


class Loader(yaml.CSafeLoader):
    """!Ref x is {"Ref": x}, every other short form {"Fn::...": ...}."""


def _tag(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    kinds = {
        yaml.ScalarNode: loader.construct_scalar,
        yaml.SequenceNode: lambda n: loader.construct_sequence(n, deep=True),
        yaml.MappingNode: lambda n: loader.construct_mapping(n, deep=True),
    }
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": kinds[type(node)](node)}


Loader.add_multi_constructor("!", _tag)


def read(name: str) -> dict[str, Any]:
    """``read("pipelines")``"""
    template: dict[str, Any] = yaml.load((TEMPLATES / f"{name}.yml").read_text(), Loader)  # noqa: S506 - a safe one's child
    return template
