"""Calls that localcloud makes itself name a principal: nothing of it is the administrator."""

from __future__ import annotations

import re
from pathlib import Path

import localcloud

SOURCES = Path(localcloud.__file__).parent
AS_ADMINISTRATOR = re.compile(r"\b_?cloud\.client\b|\.client_as\(\s*[\w.]*administrator")
ALLOWED = {"core/cloud.py"}  # where tests get it


def test_nothing_calls_as_the_administrator() -> None:
    texts = {str(file.relative_to(SOURCES)): file.read_text() for file in SOURCES.rglob("*.py")}
    assert {name for name, text in texts.items() if AS_ADMINISTRATOR.search(text)} == ALLOWED
    assert AS_ADMINISTRATOR.search('self._cloud.client("s3")')
