"""What the demo prints while it runs, and the summary at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Narrator:
    started: float = field(default_factory=time.monotonic)
    chapters: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def chapter(self, title: str) -> Iterator[None]:
        print(f"\n{len(self.chapters) + 1}. {title}", flush=True)
        started = time.monotonic()
        yield
        self.chapters.append((title, time.monotonic() - started))

    def say(self, line: str) -> None:
        print(f"   {line}", flush=True)

    def quote(self, line: str) -> None:
        """A line of another program's output."""
        print(f"   │ {line}", flush=True)

    def summary(self) -> None:
        width = max(len(title) for title, _ in self.chapters)
        print("\nthe whole way:")
        for title, seconds in self.chapters:
            print(f"   {title:<{width}}  {seconds:6.1f} s")
        print(f"   {'together':<{width}}  {time.monotonic() - self.started:6.1f} s")
