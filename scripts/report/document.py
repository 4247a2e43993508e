"""A page as one file, without scripts or external resources."""

from __future__ import annotations

from report.markup import Html, tag
from report.style import STYLE

META = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'


def document(title: str, *sections: Html) -> str:
    head = tag("head", Html(META), tag("title", title), tag("style", Html(STYLE)))
    return f"<!doctype html>\n{tag('html', head, tag('body', tag('main', *sections)), lang='en')}\n"


def facts(pairs: list[tuple[str, str]]) -> Html:
    return tag("dl", *(tag("div", tag("dt", what), tag("dd", value)) for what, value in pairs), class_="facts")


def figure(title: str, picture: Html, caption: str) -> Html:
    words = tag("figcaption", tag("h3", title), tag("p", caption))
    return tag("figure", words, picture, class_="card")
