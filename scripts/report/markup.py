"""HTML and SVG without injection: text is escaped unless it is markup already.

Names of columns, classes and levels are untrusted; they reach the page only through ``tag``.
"""

from __future__ import annotations

from html import escape


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str | float) -> Html:
    """``tag("td", "a<b", class_="x")`` is ``<td class="x">a&lt;b</td>``; ``stroke_width`` becomes stroke-width."""
    rendered = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"' for key, value in attributes.items()
    )
    return Html(f"<{name}{rendered}>{join(*children)}</{name}>")


def join(*children: str) -> Html:
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def table(head: list[str], rows: list[Html], style: str = "") -> Html:
    cells = [tag("th", words, scope="col", class_="" if words else "track") for words in head]
    body = tag("tbody", *rows)
    return tag("div", tag("table", tag("thead", tag("tr", *cells)), body, class_=style), class_="scroll")


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
