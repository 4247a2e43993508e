"""A table on the terminal that is redrawn with every snapshot; each command renders its own."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from rich.console import Console, Group

S = TypeVar("S")


def retry_message(error: Exception) -> str:
    return f"no response, retrying: {' '.join(str(error).split())}"


class LiveTable(Generic[S]):
    def __init__(self, console: Console) -> None:
        from rich.live import Live

        self._snapshot: S | None = None
        self._error = ""
        self._live = Live(get_renderable=self.render, console=console, refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, snapshot: S) -> None:
        self._snapshot, self._error = snapshot, ""
        self._live.refresh()

    def show_error(self, error: Exception) -> None:
        self._error = retry_message(error)
        self._live.refresh()

    def render(self) -> Group:
        raise NotImplementedError
