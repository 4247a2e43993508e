"""Checks a resource's properties against its type's schema. Texts become the numbers and booleans that they represent,
as in CloudFormation; the problems are worded as AWS's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.services.cloudformation import schemas

Schema = Mapping[str, Any]
PYTHON_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool}
LIMITS = (
    ("minLength", "maxLength", str, "length"),
    ("minItems", "maxItems", list, "number of items"),
    ("minimum", "maximum", (int, float), "value"),
)


def validate(type_name: str, properties: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The properties, converted to the types of the schema, and the problems."""
    validator = _Validator(schemas.schema(type_name))
    value = validator.convert(dict(properties), validator.root, "#")
    read_only = schemas.read_only(type_name)
    problems = [f"#: read-only key [{name}] is not permitted" for name in properties if name in read_only]
    return value, problems + validator.problems


class _Validator:
    def __init__(self, root: Schema) -> None:
        self.root = root
        self.problems: list[str] = []

    def convert(self, value: Any, schema: Schema, path: str) -> Any:
        schema = self._resolve(schema)
        value = _convert_scalar(value, schema.get("type"))
        self.problems += [f"{path}: {problem}" for problem in _problems(value, schema)]
        for part in schema.get("allOf", ()):
            value = self.convert(value, part, path)
        value = self._convert_to_alternative(value, schema, path)
        if isinstance(value, dict):
            return self._convert_object(value, schema, path)
        if isinstance(value, list) and "items" in schema:
            return [self.convert(item, schema["items"], f"{path}/{number}") for number, item in enumerate(value)]
        return value

    def _resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            target: Any = self.root
            for name in schema["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            schema = target
        return schema

    def _convert_object(self, value: dict[str, Any], schema: Schema, path: str) -> dict[str, Any]:
        known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        converted: dict[str, Any] = {}
        for name, item in value.items():
            part = known.get(name) or next((patterns[each] for each in patterns if _matches(each, name)), None)
            if part is None and schema.get("additionalProperties") is False:
                self.problems.append(f"{path}: extraneous key [{name}] is not permitted")
            elif part is None and isinstance(schema.get("additionalProperties"), dict):
                part = schema["additionalProperties"]
            converted[name] = item if part is None else self.convert(item, part, f"{path}/{name}")
        return converted

    def _convert_to_alternative(self, value: Any, schema: Schema, path: str) -> Any:
        """anyOf and oneOf: the first valid alternative; whether exactly one is valid is left to the service."""
        alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        for alternative in alternatives:
            trial = _Validator(self.root)
            converted = trial.convert(value, alternative, path)
            if not trial.problems:
                return converted
        if alternatives:
            self.problems.append(f"{path}: the value matches none of the {len(alternatives)} alternatives")
        return value


def _problems(value: Any, schema: Schema) -> Iterator[str]:
    allowed = _type_names(schema.get("type"))
    if allowed and not any(_is(value, name) for name in allowed):
        yield f"expected type: {', '.join(map(str, allowed))}, found: {_type_name(value)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{value!r} is not a valid enum value"
    if "const" in schema and value != schema["const"]:
        yield f"{value!r} must be {schema['const']!r}"
    if isinstance(value, str) and "pattern" in schema and not _matches(schema["pattern"], value):
        yield f"failed validation constraint for keyword [pattern]: {value!r} does not match {schema['pattern']}"
    if isinstance(value, dict):
        yield from (f"required key [{name}] not found" for name in schema.get("required", ()) if name not in value)
    yield from _limit_problems(value, schema)


def _limit_problems(value: Any, schema: Schema) -> Iterator[str]:
    for minimum, maximum, python_type, what in LIMITS:
        if isinstance(value, python_type) and not isinstance(value, bool):
            size = len(value) if isinstance(value, str | list) else value
            if minimum in schema and size < schema[minimum]:
                yield f"expected {minimum} {what}: {schema[minimum]}, actual: {size}"
            if maximum in schema and size > schema[maximum]:
                yield f"expected {maximum} {what}: {schema[maximum]}, actual: {size}"


def _convert_scalar(value: Any, declared: Any) -> Any:
    """Between text and scalars, where only the other is allowed and nothing is lost."""
    allowed = _type_names(declared)
    if not allowed or any(_is(value, name) for name in allowed):
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


def _type_names(declared: Any) -> list[Any]:
    return [declared] if isinstance(declared, str) else declared or []


def _is(value: Any, type_name: str) -> bool:
    if type_name in ("number", "integer"):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and (type_name == "number" or float(value).is_integer())
    return type_name not in PYTHON_TYPES or isinstance(value, PYTHON_TYPES[type_name])


def _type_name(value: Any) -> str:
    names = (name for name, python_type in PYTHON_TYPES.items() if isinstance(value, python_type))
    return next(names, "number").capitalize()


def _matches(pattern: str, value: str) -> bool:
    """Expressions of other languages that Python cannot compile count as matching."""
    try:
        return bool(re.search(pattern, value))
    except re.error:
        return True
