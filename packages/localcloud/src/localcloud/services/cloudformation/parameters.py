"""Parameters of a stack: the values of a request, checked against the declarations of the template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.core.refusal import not_implemented
from localcloud.services.cloudformation.errors import format_error, validation_error
from localcloud.services.cloudformation.function_syntax import to_text
from localcloud.services.cloudformation.template import Template
from localcloud.services.cloudformation.template_syntax import NUMBER

SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
AWS_ID = r"AWS::(EC2|Route53|SSM)::[A-Za-z:]+"
TYPE = re.compile(rf"String|Number|CommaDelimitedList|List<(String|Number|{AWS_ID})>|{AWS_ID}")
HIDDEN = "****"
MAX_PARAMETERS = 200
NO_PREVIOUS = "Cannot specify usePreviousValue as true for a parameter key not in the previous template"
Entries = Sequence[Mapping[str, Any]]  # as requests contain them
Declaration = Mapping[str, Any]
ReadParameters = Callable[[list[str]], dict[str, str]]


@dataclass(frozen=True)
class Parameter:
    key: str
    value: str  # of the request, or the default
    resolved: str = ""  # the value of the Systems Manager parameter that ``value`` names
    hidden: bool = False
    is_list: bool = False

    @property
    def effective_value(self) -> Any:
        """What Ref returns."""
        value = self.resolved or self.value
        if self.is_list:
            return [item.strip() for item in value.split(",")] if value else []
        return value

    @property
    def items(self) -> list[str]:
        """The values to check one by one."""
        value = self.effective_value
        return value if isinstance(value, list) else [value]

    def describe(self) -> dict[str, str]:
        description = {"ParameterKey": self.key, "ParameterValue": HIDDEN if self.hidden else self.value}
        return description | ({"ResolvedValue": self.resolved} if self.resolved else {})


def resolve(
    template: Template,
    entries: Entries,
    previous: Mapping[str, Parameter] | None,
    read_parameters: ReadParameters,
) -> dict[str, Parameter]:
    """``previous``: the parameters of the stack, None for a new one. ``read_parameters`` calls Systems Manager."""
    declarations = template.parameters
    if unknown := [entry["ParameterKey"] for entry in entries if entry["ParameterKey"] not in declarations]:
        raise validation_error(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    if len(declarations) > MAX_PARAMETERS:
        raise format_error(f"a template has at most {MAX_PARAMETERS} parameters")
    values = {key: to_text(each["Default"]) for key, each in declarations.items() if "Default" in each}
    for entry in entries:
        if (value := _requested_value(entry, previous)) is not None:
            values[entry["ParameterKey"]] = value
    if missing := [key for key in declarations if key not in values]:
        raise validation_error(f"Parameters: [{', '.join(missing)}] must have values")
    names = {key: values[key] for key, each in declarations.items() if SSM_VALUE.fullmatch(each["Type"])}
    resolved = _read_values(names, read_parameters) if names else {}
    return {key: _parameter(key, each, values[key], resolved.get(key, "")) for key, each in declarations.items()}


def describe_declarations(template: Template) -> list[dict[str, Any]]:
    return [_describe_declaration(key, declaration) for key, declaration in template.parameters.items()]


def _describe_declaration(key: str, declaration: Declaration) -> dict[str, Any]:
    default = {"DefaultValue": to_text(declaration["Default"])} if "Default" in declaration else {}
    allowed = [to_text(value) for value in declaration.get("AllowedValues", [])]
    return {
        "ParameterKey": key,
        **default,
        "NoEcho": _is_hidden(declaration),
        "Description": str(declaration.get("Description", "")),
        "ParameterType": declaration["Type"],
        "ParameterConstraints": {"AllowedValues": allowed},
    }


def _requested_value(entry: Mapping[str, Any], previous: Mapping[str, Parameter] | None) -> str | None:
    key = entry["ParameterKey"]
    if not entry.get("UsePreviousValue"):
        return entry.get("ParameterValue")
    if previous is None:
        raise validation_error(f"Invalid input for parameter key {key}. {NO_PREVIOUS}")
    if "ParameterValue" in entry:
        raise validation_error(f"Invalid input for parameter key {key}. Cannot specify usePreviousValue and a value")
    return previous[key].value if key in previous else None


def _read_values(names: Mapping[str, str], read_parameters: ReadParameters) -> dict[str, str]:
    values = read_parameters(sorted(set(names.values())))
    if missing := sorted({name for name in names.values() if name not in values}):
        raise validation_error(
            f"Unable to fetch parameters [{','.join(missing)}] from parameter store for this account."
        )
    return {key: values[name] for key, name in names.items()}


def _parameter(key: str, declaration: Declaration, value: str, resolved: str) -> Parameter:
    type_name = _value_type(declaration["Type"])
    is_list = type_name.startswith("List<") or type_name == "CommaDelimitedList"
    parameter = Parameter(key, value, resolved, _is_hidden(declaration), is_list)
    for item in parameter.items:
        for problem in _problems(item, declaration, "Number" in type_name):
            if reason := str(declaration.get("ConstraintDescription", "")):
                raise validation_error(f"Parameter '{key}' failed to satisfy constraint: {reason}")
            raise validation_error(f"Parameter '{key}' {problem}")
    return parameter


def _value_type(declared: str) -> str:
    """The type of the value itself, which Systems Manager may hold."""
    match = SSM_VALUE.fullmatch(declared)
    type_name = match[1] if match else declared
    if not TYPE.fullmatch(type_name):
        raise format_error(f"Unrecognized parameter type: {declared}")
    if type_name.startswith(("AWS::Route53", "List<AWS::Route53")):
        raise not_implemented(f"CloudFormation's parameter type {type_name}")
    return type_name


def _problems(value: str, declaration: Declaration, is_number: bool) -> Iterator[str]:
    if is_number and not NUMBER.fullmatch(value):
        yield f"must be a number, not {value!r}"
        return
    if "AllowedValues" in declaration and value not in map(to_text, declaration["AllowedValues"]):
        yield "must be one of AllowedValues"
    if "AllowedPattern" in declaration and not _matches(str(declaration["AllowedPattern"]), value):
        yield f"must match pattern {declaration['AllowedPattern']}"
    if len(value) < int(declaration.get("MinLength", 0)):
        yield f"must contain at least {declaration['MinLength']} characters"
    if "MaxLength" in declaration and len(value) > int(declaration["MaxLength"]):
        yield f"must contain at most {declaration['MaxLength']} characters"
    if is_number and "MinValue" in declaration and float(value) < float(declaration["MinValue"]):
        yield f"must be a number not less than {declaration['MinValue']}"
    if is_number and "MaxValue" in declaration and float(value) > float(declaration["MaxValue"]):
        yield f"must be a number not greater than {declaration['MaxValue']}"


def _matches(pattern: str, value: str) -> bool:
    try:
        return bool(re.fullmatch(pattern, value))
    except re.error as problem:
        raise format_error(f"AllowedPattern {pattern} is not a regular expression: {problem}") from None


def _is_hidden(declaration: Declaration) -> bool:
    return to_text(declaration.get("NoEcho", "false")) == "true"
