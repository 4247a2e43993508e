"""JUnit's XML, as test runners write it, read into test cases. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

OUTCOMES = {"failure": "FAILED", "error": "ERROR", "skipped": "SKIPPED"}
LIMIT = 5000  # characters of a message


@dataclass(frozen=True)
class Case:
    suite: str
    prefix: str  # JUnit's class name
    name: str
    status: str
    nanoseconds: int
    message: str
    file: str


def cases(text: str, file: str) -> Iterator[Case]:
    """ValueError when it is not XML."""
    try:
        root = Xml.fromstring(text)  # noqa: S314 - the build's own file; the parser limits the growth of entities
    except Xml.ParseError as error:
        raise ValueError(f"{file} is not XML: {error}") from None
    for suite in [root] if root.tag == "testsuite" else root.iter("testsuite"):
        for case in suite.findall("testcase"):
            yield _case(case, suite.get("name", ""), file)


def _case(case: Xml.Element, suite: str, file: str) -> Case:
    status, message = "SUCCEEDED", ""
    for child in case:
        if child.tag in OUTCOMES:
            status, message = OUTCOMES[child.tag], child.get("message") or (child.text or "").strip()
            break
    seconds = _number(case.get("time", "0"))
    name, prefix = case.get("name", ""), case.get("classname", "")
    return Case(suite, prefix, name, status, int(seconds * 1_000_000_000), message[:LIMIT], file)


def _number(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return 0.0
