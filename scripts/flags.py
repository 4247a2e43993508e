"""Parses the flags of a step's command. A wrong flag is reported where SageMaker reads the reason of a failure."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from failures import UserError


class Parser(argparse.ArgumentParser):
    """Reports an error as one sentence, without the usage text."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; {self.prog} --help lists every flag")


def parse_early(arguments: Sequence[str], flag: str) -> str:
    """The value of a flag before all others are parsed, so that their errors can be reported; "" without it."""
    early = Parser(add_help=False, allow_abbrev=False)
    early.add_argument(flag, dest="value", default="")
    try:
        return str(early.parse_known_args(arguments)[0].value)
    except UserError:  # it has no value: the full parser reports that
        return ""
