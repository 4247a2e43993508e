"""Parameters of a stack: what was given, against what the template declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.core.refusal import Refusal, not_implemented
from localcloud.services.cloudformation.functions import text
from localcloud.services.cloudformation.template import Template
from localcloud.services.cloudformation.template_syntax import NUMBER
from localcloud.services.cloudformation.yaml_text import broken

SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
AWS_ID = r"AWS::(EC2|Route53|SSM)::[A-Za-z:]+"
TYPE = re.compile(rf"String|Number|CommaDelimitedList|List<(String|Number|{AWS_ID})>|{AWS_ID}")
HIDDEN = "****"
MOST = 200
NO_PREVIOUS = "Cannot specify usePreviousValue as true for a parameter key not in the previous template"
Given = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Parameter:
    key: str
    value: str  # as it was given, or the default
    resolved: str = ""  # of a parameter that names one of Systems Manager's
    hidden: bool = False
    listed: bool = False

    @property
    def used(self) -> Any:
        """What Ref gives."""
        value = self.resolved or self.value
        return [item.strip() for item in value.split(",")] if self.listed and value else [] if self.listed else value

    def told(self) -> dict[str, str]:
        told = {"ParameterKey": self.key, "ParameterValue": HIDDEN if self.hidden else self.value}
        return told | ({"ResolvedValue": self.resolved} if self.resolved else {})


def chosen(
    template: Template,
    given: Given,
    before: Mapping[str, Parameter] | None,
    look_up: Callable[[list[str]], dict[str, str]],
) -> dict[str, Parameter]:
    """``before``: the parameters of the stack; None when there is none yet. ``look_up`` asks Systems Manager."""
    if unknown := [item["ParameterKey"] for item in given if item["ParameterKey"] not in template.parameters]:
        raise Refusal("ValidationError", f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    if len(template.parameters) > MOST:
        raise broken(f"a template has at most {MOST} parameters")
    values = {key: text(told["Default"]) for key, told in template.parameters.items() if "Default" in told}
    for item in given:
        if (value := _given(item, before)) is not None:
            values[item["ParameterKey"]] = value
    if missing := [key for key in template.parameters if key not in values]:
        raise Refusal("ValidationError", f"Parameters: [{', '.join(missing)}] must have values")
    names = {key: values[key] for key, told in template.parameters.items() if SSM_VALUE.fullmatch(told["Type"])}
    resolved = _resolved(names, look_up) if names else {}
    return {key: _parameter(key, told, values[key], resolved.get(key)) for key, told in template.parameters.items()}


def declared(template: Template) -> Iterator[dict[str, Any]]:
    for key, told in template.parameters.items():
        default = {"DefaultValue": text(told["Default"])} if "Default" in told else {}
        yield {
            "ParameterKey": key,
            **default,
            "NoEcho": _hidden(told),
            "Description": str(told.get("Description", "")),
            "ParameterType": told["Type"],
            "ParameterConstraints": {"AllowedValues": [text(value) for value in told.get("AllowedValues", [])]},
        }


def _given(item: Mapping[str, Any], before: Mapping[str, Parameter] | None) -> str | None:
    key = item["ParameterKey"]
    if not item.get("UsePreviousValue"):
        return item.get("ParameterValue")
    if before is None:
        raise Refusal("ValidationError", f"Invalid input for parameter key {key}. {NO_PREVIOUS}")
    if "ParameterValue" in item:
        raise Refusal(
            "ValidationError", f"Invalid input for parameter key {key}. Cannot specify usePreviousValue and a value"
        )
    return before[key].value if key in before else None


def _resolved(names: Mapping[str, str], look_up: Callable[[list[str]], dict[str, str]]) -> dict[str, str]:
    found = look_up(sorted(set(names.values())))
    if missing := sorted({name for name in names.values() if name not in found}):
        sentence = f"Unable to fetch parameters [{','.join(missing)}] from parameter store for this account."
        raise Refusal("ValidationError", sentence)
    return {key: found[name] for key, name in names.items()}


def _parameter(key: str, told: Mapping[str, Any], value: str, resolved: str | None) -> Parameter:
    kind = told["Type"]
    if inner := SSM_VALUE.fullmatch(kind):
        kind = inner[1]
    if not TYPE.fullmatch(kind):
        raise broken(f"Unrecognized parameter type: {told['Type']}")
    if kind.startswith(("AWS::Route53", "List<AWS::Route53")):
        raise not_implemented(f"CloudFormation's parameter type {kind}")
    listed = kind.startswith("List<") or kind == "CommaDelimitedList"
    parameter = Parameter(key, value, resolved or "", _hidden(told), listed)
    for each in parameter.used if listed else [parameter.used]:
        for problem in _problems(each, told, "Number" in kind):
            sentence = str(told["ConstraintDescription"]) if "ConstraintDescription" in told else ""
            raise Refusal(
                "ValidationError",
                f"Parameter '{key}' failed to satisfy constraint: {sentence}"
                if sentence
                else f"Parameter '{key}' {problem}",
            )
    return parameter


def _problems(value: str, told: Mapping[str, Any], number: bool) -> Iterator[str]:
    if number and not NUMBER.fullmatch(value):
        yield f"must be a number, not {value!r}"
        return
    if "AllowedValues" in told and value not in [text(each) for each in told["AllowedValues"]]:
        yield "must be one of AllowedValues"
    if "AllowedPattern" in told and not _fits(str(told["AllowedPattern"]), value):
        yield f"must match pattern {told['AllowedPattern']}"
    if len(value) < int(told.get("MinLength", 0)):
        yield f"must contain at least {told['MinLength']} characters"
    if "MaxLength" in told and len(value) > int(told["MaxLength"]):
        yield f"must contain at most {told['MaxLength']} characters"
    if number and "MinValue" in told and float(value) < float(told["MinValue"]):
        yield f"must be a number not less than {told['MinValue']}"
    if number and "MaxValue" in told and float(value) > float(told["MaxValue"]):
        yield f"must be a number not greater than {told['MaxValue']}"


def _fits(pattern: str, value: str) -> bool:
    try:
        return bool(re.fullmatch(pattern, value))
    except re.error as problem:
        raise broken(f"AllowedPattern {pattern} is no regular expression: {problem}") from None


def _hidden(told: Mapping[str, Any]) -> bool:
    return text(told.get("NoEcho", "false")) == "true"
