"""Errors that the user can fix: every command prints ``error: <sentence>`` and ends with the exit code."""

from __future__ import annotations

from collections.abc import Sequence


class Problem(Exception):
    """One sentence for the user: what, where, what next. Anything else that is raised is a defect."""

    exit_code = 1


class SettingsProblem(Problem):
    """The settings are invalid. ``lines`` has one sentence for each problem."""

    def __init__(self, *lines: str) -> None:
        self.lines: Sequence[str] = lines
        several = f"{len(lines)} settings are wrong:\n  " + "\n  ".join(lines)
        super().__init__(lines[0] if len(lines) == 1 else several)


class UsageProblem(Problem):
    """The command line is invalid; argparse exits with 2 as well."""

    exit_code = 2


class AwsProblem(Problem):
    """AWS or the network returned an error; the sentence says what to do about it."""
