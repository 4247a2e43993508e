"""Reads a page of a report as a browser would, strictly."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta"}
FETCHING = {"script", "link", "img", "iframe", "object", "embed", "form", "base"}


class Reader(HTMLParser):
    """Collects tags and text; every opened tag must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def assert_self_contained(self) -> None:
        """Nothing is fetched, nothing runs."""
        assert not {tag for tag, _ in self.tags} & {
            "script",
            "link",
            "img",
            "iframe",
            "object",
            "embed",
            "form",
            "base",
        }
        names = {name for _, attributes in self.tags for name in attributes}
        assert not [name for name in names if name in ("src", "href") or name[:2] == "on"]
