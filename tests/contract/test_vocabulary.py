"""Plain words in all rooms: these have better ones, a response, a record, the desired state, a fix."""

import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("aws", "benchmarks", "codepipeline", "pipelines", "rehearsal", "release", "scripts", "settings", "tests")
# In names, comments, docstrings and messages.
WORDS = re.compile(r"told|wanted|furnish\w*|mend(s|ed|ing)?|desks?|keepers?|whoever|anew|begun")
# In names only: elsewhere they are ordinary words.
NAMES = re.compile(r"asked|made|said|gave|looking|moments|rings?")
PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def violations(text):
    """The line and the word."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        for part in PARTS.findall(token.string):
            word = part.lower()
            if WORDS.fullmatch(word) or (token.type == tokenize.NAME and NAMES.fullmatch(word)):
                yield token.start[0], word


def test_words_that_have_a_better_one_are_not_used():
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py")) if file != Path(__file__)]
    assert len(files) > 200
    found = [
        f"{file.relative_to(ROOT)}:{line}: {word}" for file in files for line, word in violations(file.read_text())
    ]
    assert not found, "\n".join(found)


def test_a_name_is_split_into_words():
    text = "desiredState = _told + mended  # a recommended fix, made by people"
    assert [word for _, word in violations(text)] == ["told", "mended"]
