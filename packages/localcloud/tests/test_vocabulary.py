"""Plain words in source and tests: these have better ones, a response, a record, the desired state, a fix."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = ("src", "tests")
# In names, comments, docstrings and messages.
WORDS = re.compile(r"told|wanted|furnish\w*|mend(s|ed|ing)?|desks?|keepers?|whoever|anew|begun|ours")
# In names only: elsewhere they are ordinary words.
NAMES = re.compile(r"asked|made|said|gave|answered|looking|moments|rings?")
PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def violations(text: str) -> Iterator[tuple[int, str]]:
    """The line and the word."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        for part in PARTS.findall(token.string):
            word = part.lower()
            if WORDS.fullmatch(word) or (token.type == tokenize.NAME and NAMES.fullmatch(word)):
                yield token.start[0], word


def test_words_that_have_a_better_one_are_not_used() -> None:
    files = [file for folder in FOLDERS for file in (PACKAGE / folder).rglob("*.py") if file != Path(__file__)]
    assert len(files) > 300
    found = [
        f"{file.relative_to(PACKAGE)}:{line}: {word}" for file in files for line, word in violations(file.read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def _told(): ...", ["told"]),
        ("wantedState = 1", ["wanted"]),
        ("class DeskKeeper: ...", ["desk", "keeper"]),
        ("MADE_BY = 1  # recommended, answered", ["made"]),
        ('"""Furnishes the account, and mends it."""', ["furnishes", "mends"]),
        ('f"nothing {amend} is made of strings, and of course nothing is said"', []),
    ],
)
def test_names_are_split_into_words(text: str, words: list[str]) -> None:
    assert [word for _, word in violations(text)] == words
