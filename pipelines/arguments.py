"""``--parameters k=v ...``: checked against the pipeline's declarations before any call; all problems at once."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws.tables import columns
from settings.errors import UsageProblem

LONGEST_VALUE = 1024  # StartPipelineExecution: Parameter.Value
INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str  # String, Integer, Float or Boolean
    default: Any = None  # None: required
    allowed: tuple[str, ...] = ()

    @property
    def row(self) -> list[str]:
        default = "(required)" if self.default is None else str(self.default) or "(empty)"
        return [self.name, self.type, default, ", ".join(self.allowed)]


def parse_declarations(definition: dict[str, Any]) -> list[Parameter]:
    return [
        Parameter(
            entry["Name"],
            entry.get("Type", "String"),
            entry.get("DefaultValue"),
            tuple(str(value) for value in entry.get("EnumValues", ())),
        )
        for entry in definition.get("Parameters", [])
    ]


def render_table(parameters: Sequence[Parameter]) -> str:
    return columns([["parameter", "type", "default", "allowed"], *(parameter.row for parameter in parameters)])


def parse_values(pairs: Sequence[str], parameters: Sequence[Parameter]) -> dict[str, str]:
    """The values for StartPipelineExecution; an error lists everything that is wrong."""
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, str] = {}
    problems: list[str] = []
    for pair in pairs:
        try:
            name, value = _pair(pair, known)
            if name in values:
                raise ValueError(f"{name} is given twice")
            values[name] = value
        except ValueError as error:
            problems.append(str(error))
    given = {pair.partition("=")[0] for pair in pairs}
    problems += [
        f"{p.name} has no default: give {p.name}=VALUE" for p in parameters if p.default is None and p.name not in given
    ]
    if problems:
        raise UsageProblem(_render_problems(problems, parameters))
    return values


def _pair(pair: str, known: dict[str, Parameter]) -> tuple[str, str]:
    name, sign, text = pair.partition("=")
    if name not in known:
        raise ValueError(f"{name!r} is not declared{_suggestion(name, known)}")
    if not sign:
        raise ValueError(f"{name} has no value: write {name}=VALUE")
    return name, _typed(known[name], text)


def _typed(parameter: Parameter, text: str) -> str:
    value = _READERS.get(parameter.type, str)(text)
    if value is None:
        raise ValueError(f"{parameter.name}={text}: must be {_EXPECTED[parameter.type]}")
    if parameter.allowed and value not in parameter.allowed:
        near = difflib.get_close_matches(value, parameter.allowed, 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise ValueError(f"{parameter.name}={text}: must be one of {', '.join(parameter.allowed)}{hint}")
    if len(value) > LONGEST_VALUE:
        raise ValueError(f"{parameter.name}: {len(value)} characters, at most {LONGEST_VALUE} can be passed")
    return str(value)


def _integer(text: str) -> str | None:
    return str(int(text)) if INTEGER.fullmatch(text) and len(text) < 20 else None


def _float(text: str) -> str | None:
    return text if FLOAT.fullmatch(text) and math.isfinite(float(text)) else None


def _boolean(text: str) -> str | None:
    return text.lower() if text.lower() in ("true", "false") else None


_READERS = {"Integer": _integer, "Float": _float, "Boolean": _boolean}
_EXPECTED = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}


def _suggestion(name: str, known: dict[str, Parameter]) -> str:
    """Also finds ``InputData`` for ``input_data``: people type names of settings here."""
    plain = {re.sub(r"[^a-z0-9]", "", candidate.lower()): candidate for candidate in known}
    near = difflib.get_close_matches(re.sub(r"[^a-z0-9]", "", name.lower()), plain, 1)
    return f": did you mean {plain[near[0]]}?" if near else ""


def _render_problems(problems: list[str], parameters: Sequence[Parameter]) -> str:
    listed = "".join(f"\n  - {problem}" for problem in problems)
    return f"--parameters refused, nothing was started:{listed}\nThe pipeline declares:\n{render_table(parameters)}"
