"""Reads and merges: base.toml first, the overlays over it, and for every value the file it comes from."""

from __future__ import annotations

import re
import tomllib
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from settings.errors import SettingsProblem
from settings.formatting import SECRET, short, toml

BASE = "base.toml"
PLAIN = "write key = value, text in quotes, true and false in lower case, brackets and quotes closed"
TWICE = "defines a name that is defined already; name each section and each key once"
LONG = "holds a number of thousands of digits; write a shorter one"
SENTENCES = {"Cannot": TWICE, "Exceeds": LONG}  # by the first word of the parser's
LONG_NUMBER = re.compile(r"\d{4300}")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass
class Merged:
    folder: str  # as messages show it
    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)  # "training.rounds", and "training" itself, -> "dev.toml"
    files: list[str] = field(default_factory=list)  # in their order, the topmost last

    def add(self, file: str, content: dict[str, Any]) -> None:
        """Section by section, key by key; lists are replaced whole."""
        self.files.append(file)
        for section, keys in content.items():
            self.sources[section] = file
            if not isinstance(keys, dict):
                self.values[section] = _with_tuples(keys)
                continue
            if not isinstance(self.values.get(section), dict):
                self.values[section] = {}
            for key, value in keys.items():
                self.values[section][key] = _with_tuples(value)
                self.sources[f"{section}.{key}"] = file

    def name(self, file: str) -> str:
        return f"{self.folder}/{file}"

    def file_of(self, path: str) -> str:
        """A value that is set nowhere is missing in the base."""
        return self.name(self.sources.get(path, BASE))

    def precedence(self, path: str) -> int:
        """0 for a value from the base, more for each layer above it."""
        return self.files.index(self.sources.get(path, BASE))

    def value(self, path: str) -> Any:
        section, dot, key = path.partition(".")
        return self.values[section][key] if dot else self.values[section]


def _with_tuples(value: Any) -> Any:
    return tuple(_with_tuples(item) for item in value) if isinstance(value, list) else value


def read(path: Path, name: str) -> dict[str, Any]:
    """The content of one TOML file; ``name`` is for messages."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsProblem(f"{name}: cannot be read ({error.strerror}); fix the file or its permissions") from error
    if content.startswith(BYTE_ORDER_MARK):
        raise SettingsProblem(f"{name}: begins with a byte order mark; save it as plain UTF-8 (without BOM)")
    try:
        return deepcopy(_parse(content.decode()))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SettingsProblem(f"{name}: line {line} is not UTF-8 text; save the file as UTF-8") from error
    except (ValueError, RecursionError) as error:  # plain ValueError: a number of thousands of digits
        raise SettingsProblem(f"{name}: {_syntax(str(error), content.decode())}") from error


@lru_cache(maxsize=8)
def _parse(text: str) -> dict[str, Any]:
    """Cached: a command that reads several environments reads base.toml for each."""
    return tomllib.loads(text)


def _syntax(message: str, text: str) -> str:
    reason = re.sub(r" \(at .*\)$", "", message)
    sentence = SENTENCES.get(reason.partition(" ")[0], f"is not valid TOML ({reason}); {PLAIN}")
    return f"{_place(message, text)} {sentence}"


def _place(message: str, text: str) -> str:
    place = re.search(r" \(at line (\d+), column (\d+)\)", message)
    if not place:
        number = LONG_NUMBER.search(text)
        where = f"line {text.count(chr(10), 0, number.start()) + 1}" if number else "the file"
        return "the end of the file" if "end of document" in message else where
    source = text.replace("\r\n", "\n").split("\n")[int(place[1]) - 1].strip()
    quoted = "" if SECRET.search(source) else f" in {short(toml(source))}"
    return f"line {place[1]}, column {place[2]}{quoted}"
