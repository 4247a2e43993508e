"""Output files that are renamed together when all are complete: a failed step leaves none of them."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from atomic_files import UNFINISHED


class Outputs:
    def __init__(self) -> None:
        self.paths: dict[Path, Path] = {}

    def path(self, final: Path) -> Path:
        """The temporary path to write to."""
        final.parent.mkdir(parents=True, exist_ok=True)
        self.paths[final] = final.with_name(final.name + UNFINISHED)
        return self.paths[final]

    def text(self, final: Path, content: str) -> None:
        self.path(final).write_text(content, encoding="utf-8")

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for final, unfinished in self.paths.items():
            if error is None:
                unfinished.replace(final)
            else:
                unfinished.unlink(missing_ok=True)
