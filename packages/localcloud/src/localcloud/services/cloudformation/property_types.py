"""A resource's properties against its type's schema: texts become the numbers and booleans they stand for, as
CloudFormation has it; what the schema does not allow is told in AWS's words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.services.cloudformation import schemas

Schema = Mapping[str, Any]
Kinds = {"object": dict, "array": list, "string": str, "boolean": bool}
LEAST_MOST = (
    ("minLength", "maxLength", str, "length"),
    ("minItems", "maxItems", list, "number of items"),
    ("minimum", "maximum", (int, float), "value"),
)


def fitted(kind: str, properties: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The properties in their types, and what is wrong with them."""
    walk = _Walk(schemas.schema(kind))
    value = walk.fit(dict(properties), walk.root, "#")
    problems = [f"#: read-only key [{name}] is not permitted" for name in properties if name in schemas.read_only(kind)]
    return value, problems + walk.problems


class _Walk:
    def __init__(self, root: Schema) -> None:
        self.root = root
        self.problems: list[str] = []

    def fit(self, value: Any, schema: Schema, where: str) -> Any:
        schema = self._resolved(schema)
        value = _typed(value, schema.get("type"))
        self.problems += [f"{where}: {problem}" for problem in self._problems(value, schema)]
        for part in schema.get("allOf", ()):
            value = self.fit(value, part, where)
        value = self._chosen(value, schema, where)
        if isinstance(value, dict):
            return self._object(value, schema, where)
        if isinstance(value, list) and "items" in schema:
            return [self.fit(item, schema["items"], f"{where}/{number}") for number, item in enumerate(value)]
        return value

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            found: Any = self.root
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            schema = found
        return schema

    def _object(self, value: dict[str, Any], schema: Schema, where: str) -> dict[str, Any]:
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        fit: dict[str, Any] = {}
        for name, item in value.items():
            part = known.get(name) or next((patterns[each] for each in patterns if _matches(each, name)), None)
            if part is None and schema.get("additionalProperties") is False:
                self.problems.append(f"{where}: extraneous key [{name}] is not permitted")
            elif part is None and isinstance(schema.get("additionalProperties"), dict):
                part = schema["additionalProperties"]
            fit[name] = item if part is None else self.fit(item, part, f"{where}/{name}")
        return fit

    def _chosen(self, value: Any, schema: Schema, where: str) -> Any:
        """anyOf and oneOf: the first alternative that fits; the requirement of exactly one is left to the service."""
        alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        for alternative in alternatives:
            trial = _Walk(self.root)
            fit = trial.fit(value, alternative, where)
            if not trial.problems:
                return fit
        if alternatives:
            self.problems.append(f"{where}: the value fits none of the {len(alternatives)} forms it may have")
        return value

    def _problems(self, value: Any, schema: Schema) -> Iterator[str]:
        wanted = schema.get("type")
        wanted = [wanted] if isinstance(wanted, str) else wanted
        if wanted and not any(_is(value, each) for each in wanted):
            yield f"expected type: {', '.join(map(str, wanted))}, found: {_name(value)}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{value!r} is not a valid enum value"
        if "const" in schema and value != schema["const"]:
            yield f"{value!r} must be {schema['const']!r}"
        if isinstance(value, str) and "pattern" in schema and not _matches(schema["pattern"], value):
            yield f"failed validation constraint for keyword [pattern]: {value!r} does not match {schema['pattern']}"
        if isinstance(value, dict):
            yield from (f"required key [{name}] not found" for name in schema.get("required", ()) if name not in value)
        yield from _outside(value, schema)


def _outside(value: Any, schema: Schema) -> Iterator[str]:
    for least, most, kind, what in LEAST_MOST:
        if isinstance(value, kind) and not isinstance(value, bool):
            size = len(value) if isinstance(value, str | list) else value
            if least in schema and size < schema[least]:
                yield f"expected {least} {what}: {schema[least]}, actual: {size}"
            if most in schema and size > schema[most]:
                yield f"expected {most} {what}: {schema[most]}, actual: {size}"


def _typed(value: Any, wanted: Any) -> Any:
    """Texts and scalars become each other where only the other is allowed, without loss."""
    allowed = [wanted] if isinstance(wanted, str) else wanted or []
    if not allowed or any(_is(value, each) for each in allowed):
        return value
    if isinstance(value, bool | int | float) and "string" in allowed:
        return json.dumps(value)
    if isinstance(value, str):
        if "boolean" in allowed and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if "integer" in allowed and re.fullmatch(r"[+-]?\d{1,18}", value):
            return int(value)
        if "number" in allowed and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value):
            return float(value) if re.search(r"[.eE]", value) else int(value)
    return value


def _is(value: Any, kind: str) -> bool:
    if kind in ("number", "integer"):
        right = isinstance(value, int | float) and not isinstance(value, bool)
        return right and (kind == "number" or float(value).is_integer())
    return kind not in Kinds or isinstance(value, Kinds[kind])


def _name(value: Any) -> str:
    return next((name for name, kind in Kinds.items() if isinstance(value, kind)), "number").capitalize()


def _matches(pattern: str, value: str) -> bool:
    """What Python does not read of other languages' expressions is taken as it is."""
    try:
        return bool(re.search(pattern, value))
    except re.error:
        return True
