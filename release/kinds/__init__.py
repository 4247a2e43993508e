"""What differs by kind of serving: ``serving.kind`` in the settings selects one.

A kind is a folder here and one line of KINDS, which names the module with its ``KIND``: an instance of a subclass of
``Kind`` (kind.py says what it has to provide). It is imported when the settings select it, and only then. To remove
a kind, delete its folder and its line.
"""

from __future__ import annotations

from importlib import import_module

from release.kinds.kind import Kind
from settings.errors import Problem
from settings.model import Settings

KINDS = {
    "realtime": "release.kinds.realtime.kind",
    "serverless": "release.kinds.serverless.kind",
}
REFUSED = {
    "batch": "has no endpoint to deploy to: run a transform job with the package, or choose another kind",
    "async": 'comes later: choose "realtime" or "serverless", or make the endpoint by hand',
}


def serving_kind(settings: Settings) -> Kind:
    name = settings.serving.kind
    if name not in KINDS:
        reason = REFUSED.get(name, f"is not part of this repository: choose one of {', '.join(KINDS)}")
        raise Problem(f'{settings.file}: serving.kind = "{name}": {reason}')
    kind: Kind = import_module(KINDS[name]).KIND
    return kind
