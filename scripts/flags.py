"""The flags of a step's command. A wrong one is a reason like any other: it belongs where SageMaker reads reasons."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from failures import Refused


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, not in a usage text."""

    def error(self, message: str) -> NoReturn:
        raise Refused(f"{message}; {self.prog} --help lists every flag")


def known_early(arguments: Sequence[str], flag: str) -> str:
    """Known before anything else is parsed, so that a wrong flag can be told there too; "" when it is not given."""
    early = Parser(add_help=False, allow_abbrev=False)
    early.add_argument(flag, dest="found", default="")
    try:
        return str(early.parse_known_args(arguments)[0].found)
    except Refused:  # it has no value: the full parser says so
        return ""
