"""Parses the text of a template, YAML or JSON; short forms (``!Sub``) become full ones (``Fn::Sub``)."""

from __future__ import annotations

import json
from typing import Any

import yaml  # type: ignore[import-untyped, unused-ignore]

from localcloud.services.cloudformation.errors import format_error, template_error

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PLAIN = {"Ref": "Ref", "Condition": "Condition"}  # all other tags become Fn::<tag>
TIMESTAMP, MERGE = "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge"


class _TemplateLoader(Loader):  # type: ignore[misc]
    """Dates stay text: ``2012-10-17`` is the version of a policy language."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML declares it
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in (TIMESTAMP, MERGE)]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }


def parse(text: str) -> dict[str, Any]:
    try:
        document = _json(text) if text.lstrip().startswith("{") else _yaml(text)
    except RecursionError:
        raise format_error("it is nested too deeply") from None
    if not isinstance(document, dict):
        raise format_error("unsupported structure.")
    return document


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except ValueError:
        return _yaml(text)  # JSON with trailing commas or unquoted keys can be valid YAML


def _yaml(text: str) -> Any:
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=Loader)):
            raise template_error("YAML aliases are not allowed in CloudFormation templates")
        return yaml.load(text, Loader=_TemplateLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise format_error(f"YAML not well-formed.{where} {error.problem or ''}".rstrip()) from None
    except yaml.YAMLError as error:
        raise format_error(f"YAML not well-formed. {' '.join(str(error).split())}") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A duplicate key would hide a resource."""
    mapping: dict[str, Any] = {}
    for key, value in pairs:
        if key in mapping:
            raise format_error(f"the key {key!r} occurs twice")
        mapping[key] = value
    return mapping


def _mapping(loader: Any, node: Any) -> dict[str, Any]:
    pairs = [
        (loader.construct_object(key, deep=True), loader.construct_object(value, deep=True))
        for key, value in node.value
    ]
    return _pairs([(key if isinstance(key, str) else str(key), value) for key, value in pairs])


def _short_form(loader: Any, tag: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if tag == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = _mapping(loader, node)
    return {PLAIN.get(tag, f"Fn::{tag}"): value}


_TemplateLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
_TemplateLoader.add_multi_constructor("!", _short_form)
