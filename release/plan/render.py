"""The plan as text: each sentence, and below it the exact request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from textwrap import indent

from release.call import Call


def render(title: str, notes: Sequence[str], calls: Sequence[Call], after: Sequence[Call]) -> str:
    return "\n".join([title, *(f"note: {note}" for note in notes), *_number(calls, after)])


def _number(calls: Sequence[Call], after: Sequence[Call]) -> Iterator[str]:
    if not calls and not after:
        yield "no request to send"
    for number, call in enumerate((*calls, *after), 1):
        if number == len(calls) + 1:
            yield "when the endpoint is InService:"
        yield f"{number}. {call.sentence}"
        yield f"   {call.service} {call.operation}"
        yield indent(json.dumps(call.request, indent=2, ensure_ascii=False), "   ")
