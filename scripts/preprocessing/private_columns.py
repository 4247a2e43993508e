"""The setting data.private: what happens to columns with private data, named there or recognised by their cells."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from failures import SettingNeeded, UserError
from preprocessing.private_patterns import meaning
from preprocessing.samples import Samples
from preprocessing.sources import close_match
from private_data import HASH, MASK

DROP, KEEP = "drop", "keep"
ACTIONS = (DROP, HASH, MASK, KEEP)
OTHERS = REPORT, REFUSE, _ = ("report", "refuse", DROP)
CLASHES = {
    DROP: ("categorical", "numeric", "facets"),
    HASH: ("ignore", "numeric"),
    MASK: ("ignore", "numeric", "facets"),
    KEEP: (),
}
DONE = {HASH: "hashed (data.private)", MASK: "masked (data.private)"}


@dataclass(frozen=True)
class PrivateColumns:
    actions: Mapping[str, str] = field(default_factory=dict)
    others: str = REPORT  # what happens to other columns that look private
    looks: Mapping[str, str] = field(default_factory=dict)  # what these look like

    @classmethod
    def of(cls, options: argparse.Namespace) -> PrivateColumns:
        named = {action: getattr(options, f"private_{action}") for action in ACTIONS}
        return cls({name: action for action, names in named.items() for name in names}, options.private_others)

    def check(self, header: Sequence[str], file: str, target: str, roles: Mapping[str, Sequence[str]]) -> None:
        for name, action in self.actions.items():
            if name not in header:
                raise UserError(
                    f'data.private names "{name}", which is no column of {file}: {close_match(name, header)}'
                )
            if name == target and action != KEEP:
                raise UserError(f'data.private names "{name}", which is the target: take it out of one of them')
            taken = next((role for role in CLASHES[action] if name in roles[role]), None)
            if taken:
                raise UserError(f'"{name}" is in data.{taken}, and data.private says {action}: take it out of one')

    def recognise(self, samples: Samples, target: str) -> PrivateColumns:
        """With the columns that look private."""
        found = {name: meaning(name, one) for name, one in samples.items() if name not in self.actions}
        looks = {name: look for name, look in found.items() if look}
        if self.others == REFUSE and looks:
            listed = ", ".join(f'"{name}" ({look})' for name, look in looks.items())
            example = ", ".join(f'{json.dumps(name, ensure_ascii=False)} = "drop"' for name in looks)
            raise SettingNeeded(
                f"columns look private: {listed}; set drop, hash, mask or keep, as in data.private = {{ {example} }}",
                {"data.private": {name: KEEP if name == target else DROP for name in looks}},
            )
        dropped = [name for name in looks if name != target] if self.others == DROP else []
        return replace(self, actions={**self.actions, **dict.fromkeys(dropped, DROP)}, looks=looks)

    @property
    def protected(self) -> dict[str, str]:
        """Hashed or masked columns and their action."""
        return {name: action for name, action in self.actions.items() if action in DONE}

    @property
    def present(self) -> bool:
        """Whether there may be any whose values must not be stored."""
        return self.others != REPORT or any(action != KEEP for action in self.actions.values())

    def drops(self, name: str) -> bool:
        return self.actions.get(name) == DROP

    def note(self, name: str) -> str:
        looks = f"looks like {self.looks[name]} (data.private)" if name in self.looks else ""
        return looks or DONE.get(self.actions.get(name, ""), "")
