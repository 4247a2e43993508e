"""Aligned columns and durations as text: the same on a terminal, in a file and in a build log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def duration(span: timedelta) -> str:
    """Never negative: the clocks of this machine and of AWS may differ."""
    seconds = max(0, round(span.total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
