"""What a package promises: known requests, each with the answer that the evaluated model gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from release import known_requests, samples
from release.context import Context
from release.invocation import Request
from release.known_requests import KnownRequest
from release.response_contract import Violation
from release.watch.traffic import Reply


@dataclass(frozen=True)
class Promises:
    requests: Sequence[Request] = ()
    answers: Mapping[Request, KnownRequest] = field(default_factory=dict)  # none for raw rows

    def difference(self, reply: Reply) -> str | None:
        """A sentence for a wrong answer, "" for the right one; None where nothing is promised."""
        promised = self.answers.get(reply.request)
        if promised is None or reply.status != 200:
            return None
        try:
            [difference] = known_requests.compare([promised], reply.body, reply.content_type)
        except Violation as violation:
            return f"row {promised.number}: {violation}"
        return difference


def read(context: Context, package: Mapping[str, Any]) -> Promises:
    """Raw rows where the package is older than promised answers."""
    known = known_requests.read(context, package)
    if not known.requests:
        return Promises([Request(body) for body in samples.read(context, package).bodies()])
    answers = {Request(one.body, known.content_type): one for one in known.requests}
    return Promises(list(answers), answers)
