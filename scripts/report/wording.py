"""Numbers and names as text."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """Three decimals below 10, fewer for larger numbers."""
    size = abs(value)
    if size >= 1e8 or 0 < size < 5e-4:
        return f"{value:.3g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-").replace("-", "−")
    decimals = 3 if size < 10 else 2 if size < 100 else 1 if size < 1000 else 0
    return f"{value:,.{decimals}f}".replace("-", "−")


def about(value: float) -> str:
    """Two or three digits, for use in a sentence."""
    return f"{value:.2g}" if abs(value) < 1 else number(value) if abs(value) >= 100 else f"{value:.3g}"


def signed(value: float) -> str:
    return number(value) if value < 0 else f"+{number(value)}"


def percent(share: float) -> str:
    """Whole percents, but never 0 or 100 for other values."""
    if 0 < share < 0.01 or 0.99 < share < 1:
        return f"{share * 100:.2g} %" if share < 0.01 else f"{math.floor(share * 1000) / 10:.1f} %"
    return f"{share * 100:.0f} %"


def count(rows: int) -> str:
    return f"{rows:,}"


def plural(rows: int, word: str) -> str:
    return f"{count(rows)} {word}{'' if rows == 1 else 's'}"


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def quoted(name: str, longest: int = 40) -> str:
    """A name from the data, for use in a sentence."""
    return f"“{shortened(name, longest)}”"
