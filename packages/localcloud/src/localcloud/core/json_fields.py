"""The fields of a JSON object that a person wrote, strictly checked: what is wrong is a Problem of one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from localcloud.core.errors import Problem

TYPES = {str: "a text", int: "a number", list: "a list"}


class Form(NamedTuple):
    """What a text has to look like, for the machine and for a person."""

    pattern: re.Pattern[str]
    description: str

    @classmethod
    def of(cls, pattern: str, description: str) -> Form:
        return cls(re.compile(pattern), description)


ANY = Form.of(r"(?s).+", "a text that is not empty")


class Fields:
    """``where`` names the object in messages, as in ``seed.json: buckets[0]``; ``names`` are the fields it may have."""

    def __init__(self, value: Any, where: str, names: Sequence[str]) -> None:
        self.where = where
        if not isinstance(value, dict):
            raise Problem(f"{where}: must be an object, and is {_shown(value)}")
        self._values: dict[str, Any] = value
        for name in value:
            if name not in names:
                raise Problem(f'{where}: there is no field "{name}"; the fields are {", ".join(names)}')

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def value(self, name: str, kind: type, default: Any = None) -> Any:
        """Required where no default is given."""
        value = self._values.get(name, default)
        if value is None:
            raise Problem(f'{self.where}: the field "{name}" is missing')
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.problem(name, f"must be {TYPES[kind]}, and is {_shown(value)}")
        return value

    def text(self, name: str, form: Form = ANY, default: str | None = None) -> str:
        value = str(self.value(name, str, default))
        if name in self and not form.pattern.fullmatch(value):
            raise self.problem(name, f"is {_shown(value)}: it must be {form.description}")
        return value

    def parts(self, name: str, form: Form) -> Mapping[str, str]:
        """The named groups of the form's pattern."""
        match = form.pattern.fullmatch(self.text(name, form))
        return match.groupdict() if match else {}

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        value = self.text(name, default=default)
        if value not in choices:
            raise self.problem(name, f"is {_shown(value)}: it must be one of {', '.join(choices)}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.value(name, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.problem(name, f"must be a list of texts, and is {_shown(values)}")
        return tuple(values)

    def entries(self, name: str, names: Sequence[str]) -> Iterator[Fields]:
        """The objects of a list."""
        separator = "." if ": " in self.where else ": "
        for number, value in enumerate(self.value(name, list, [])):
            yield Fields(value, f"{self.where}{separator}{name}[{number}]", names)

    def problem(self, name: str, sentence: str) -> Problem:
        return Problem(f"{self.where}: {name} {sentence}")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"
