"""The reason of a failed step goes to stderr, and to the file that SageMaker reads if it can be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from failures import UserError, quote, report
from flags import Parser, parse_early


def test_a_reason_that_cannot_be_written_is_still_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("a file")

    def step() -> None:
        raise UserError("the volume is full: give the job more")

    assert report(step, tmp_path / "taken" / "message") == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "ERROR: the volume is full: give the job more"
    assert second.startswith(f"ERROR: the reason could not be written to {tmp_path / 'taken' / 'message'}: ")


def test_a_quoted_value_is_short_and_does_not_control_the_terminal() -> None:
    assert quote("7" * 5000) == "7" * 40 + "..."
    assert quote("a\x1b[2J\x00b") == "a\ufffd[2J\ufffdb"
    assert quote(12) == "12"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--nonsense", "--message", "here"], "here"),
        (["--message=here", "--target"], "here"),
        (["--message"], ""),
        ([], ""),
    ],
)
def test_the_message_file_is_known_although_other_flags_are_wrong(arguments: list[str], found: str) -> None:
    assert parse_early(arguments, "--message") == found


def test_a_wrong_flag_is_one_sentence() -> None:
    with pytest.raises(UserError, match=r"^unrecognized arguments: --nonsense; step.py --help lists every flag$"):
        Parser(prog="step.py").parse_args(["--nonsense"])
