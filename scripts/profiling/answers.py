"""The settings that the data needs in addition to those that were given, each with the sentence that asks for it."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from failures import SettingNeeded, UserError
from preprocessing.private_columns import ACTIONS, REPORT

LISTS = ("key", "missing", "ignore", "categorical", "numeric", "facets")
SECTIONS = ("data", "problem", "quality_gate")
OTHER_ROLES = {"ignore": ("categorical", "numeric", "facets"), "categorical": ("ignore", "numeric")}
OTHERS = "*"
# A gate that a model passes if it is better than the best constant answer. A multiclass threshold depends on the data.
GATES: dict[str, dict[str, Any]] = {
    "binary": {"quality_gate.metric": "auc", "quality_gate.threshold": 0.6},
    "multiclass": {"quality_gate.metric": "accuracy"},
    "regression": {"quality_gate.metric": "r2", "quality_gate.threshold": 0.05},
}


@dataclass
class Answers:
    """``options`` are those of preprocess: they change with every answer."""

    options: argparse.Namespace
    reasons: dict[str, list[str]] = field(default_factory=dict)  # by the setting's path
    others: dict[str, Any] = field(default_factory=dict)  # settings of other steps that follow

    @property
    def sentences(self) -> list[str]:
        return list(dict.fromkeys(sentence for each in self.reasons.values() for sentence in each))

    def add(self, question: SettingNeeded) -> None:
        """One that comes again has no answer here."""
        if str(question) in self.sentences:
            raise UserError(str(question)) from question
        for path, value in question.settings.items():
            self.set(path, value, str(question))

    def set(self, path: str, value: Any, sentence: str) -> None:
        """Adds to a list; a column has one role."""
        section, _, name = path.partition(".")
        if name == "private":
            self._protect(value)
        elif section == "problem":
            setattr(self.options, "problem" if name == "type" else name, value)
        elif name in LISTS:
            self._take_out(value, OTHER_ROLES.get(name, ()))
            self.replace(path, [*dict.fromkeys([*getattr(self.options, name), *value])], sentence)
            return
        else:
            setattr(self.options, name, value)
        self._note(path, sentence)
        if path == "problem.type":
            self._change_problem(value)

    def replace(self, path: str, value: Sequence[str], sentence: str) -> None:
        setattr(self.options, path.partition(".")[2], list(value))
        self._note(path, sentence)

    def toml(self) -> str:
        """What a person adds to an overlay."""
        paths = [*self.reasons, *self.others]
        blocks = []
        for section in SECTIONS:
            found = [path for path in paths if path.startswith(f"{section}.")]
            lines = [line for path in found for line in self._lines(path)]
            blocks += ["\n".join([f"[{section}]", *lines])] if lines else []
        return "\n\n".join(blocks)

    def _lines(self, path: str) -> list[str]:
        comments = [f"# {_one_line(sentence)}" for sentence in dict.fromkeys(self.reasons.get(path, ()))]
        return [*comments, f"{path.partition('.')[2]} = {toml(self._value(path))}"]

    def _value(self, path: str) -> Any:
        section, _, name = path.partition(".")
        if path in self.others:
            return self.others[path]
        if section == "problem":
            return getattr(self.options, "problem" if name == "type" else name)
        return private_setting(self.options) if name == "private" else getattr(self.options, name)

    def _note(self, path: str, sentence: str) -> None:
        found = self.reasons.setdefault(path, [])
        if sentence not in found:
            found.append(sentence)

    def _take_out(self, columns: Sequence[str], roles: Sequence[str]) -> None:
        for name in roles:
            before = list(getattr(self.options, name))
            rest = [column for column in before if column not in columns]
            if rest != before:
                self.replace(f"data.{name}", rest, "a column has one role")

    def _protect(self, actions: Mapping[str, str]) -> None:
        for column, action in actions.items():
            name = f"private_{action}"
            setattr(self.options, name, [*getattr(self.options, name), column])

    def _change_problem(self, problem: str) -> None:
        self.others |= {"problem.positive": ""} | GATES[problem]
        self.options.positive = ""
        if problem == "regression" and self.options.split == "stratified":
            self.set("data.split", "key", "a regression has no classes")


def private_setting(options: argparse.Namespace) -> dict[str, str]:
    named = {column: action for action in ACTIONS for column in getattr(options, f"private_{action}")}
    return named | ({OTHERS: options.private_others} if options.private_others != REPORT else {})


def toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {toml(item)}' for key, item in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml(key)


def _one_line(sentence: str) -> str:
    return "".join(character if character.isprintable() else " " for character in sentence)
