"""The parts of the models: a strict, frozen section, types of text, and marks for settings that depend on others.

A type of text has its own message: what it must be, with an example. Numbers have their limits in ``Field``, whose
``description`` is the reason for the limit or the remedy. Both become part of the message that a user reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

JOB_ARGUMENT_LENGTH = 256  # a processing job's ContainerArguments: column names and missing values are passed in them


class Section(BaseModel):
    """No coercion ("5" is not 5, true is not 1), no unknown keys, no changes after loading."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class OnlyWith:
    """Beside a field that has an effect with one value of another setting only; an overlay that sets it in vain is
    refused."""

    path: str
    value: str


@dataclass(frozen=True)
class Applies:
    """Beside a field that has no effect with the values of base.toml: settings over them with which it has one.

    tests/contract/test_settings_have_effect.py changes the field in that configuration.
    """

    overlay: Mapping[str, Any]


def matching(pattern: str, must: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"must {must}")
        return value

    return AfterValidator(check)


def optional(pattern: str) -> str:
    """Empty text means "not set": TOML has no null."""
    return f"(?:{pattern})?"


def unique(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"must name each once; remove the second {', '.join(twice)}")
    return values


def _job_argument(value: str) -> str:
    if not value.isprintable() or len(value) > JOB_ARGUMENT_LENGTH:
        raise ValueError(
            f"must be one line of at most {JOB_ARGUMENT_LENGTH} characters: it is passed as a job's argument"
        )
    if re.match(r"-[^\d.]", value):  # "-", "-1" and "-.5" are no options
        raise ValueError("must not begin with a dash, as a job would take it for an option; change it in the data")
    return value


Fraction = Annotated[float, Field(ge=0, le=1, description="it is a fraction: 0.05 is 5 %")]
Part = Annotated[float, Field(gt=0, lt=1, description="it is a fraction of the rows: 0.2 is 20 %")]
Text = Annotated[str, AfterValidator(_job_argument)]
Texts = Annotated[tuple[Text, ...], AfterValidator(unique)]
ColumnName = Annotated[Text, matching(r"[\s\S]*\S[\s\S]*", "be a column's name as it stands in the data")]
OptionalColumn = Annotated[Text, matching(optional(r"[\s\S]*\S[\s\S]*"), "be a column's name as it stands in the data")]
Columns = Annotated[tuple[ColumnName, ...], AfterValidator(unique)]
Delimiter = Annotated[
    str, matching(r"[!#-/:-@\[-`{-~ \t]", r'be one character that is no letter, digit or quote, such as "," or "\t"')
]
