"""A picture on the terminal that follows what is shown to it; each command draws its own."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from rich.console import Console, Group

S = TypeVar("S")


class LiveTable(Generic[S]):
    def __init__(self, console: Console) -> None:
        from rich.live import Live

        self._snapshot: S | None = None
        self._trouble = ""
        self._live = Live(get_renderable=self.picture, console=console, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, snapshot: S) -> None:
        self._snapshot, self._trouble = snapshot, ""
        self._live.refresh()

    def trouble(self, error: Exception) -> None:
        self._trouble = f"no answer, asking again: {' '.join(str(error).split())}"
        self._live.refresh()

    def picture(self) -> Group:
        raise NotImplementedError
