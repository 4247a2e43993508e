"""moto stumbled over a request: would AWS have refused it? Then the client hears that, and nobody looks for a defect.

moto takes requests without a look at AWS's model, and fails somewhere inside where a required member is missing or a
number is none. Requests that moto answers are not looked at here: what it takes too much of, it takes.
"""

from __future__ import annotations

from typing import Any

from localcloud.core import protocols
from localcloud.core.protocols import Call
from localcloud.core.refusal import Refusal
from localcloud.core.request_validation import request_problems
from localcloud.server import routing

CODES = {"rest-xml": "InvalidRequest", "query": "ValidationError"}


def refusal(environ: dict[str, Any], call: Call, what: str) -> Refusal | None:
    """``call`` as ``routing.foreign`` knows it, ``what`` the name of its operation; None: AWS's model has nothing
    against it, or does not know it."""
    from botocore.exceptions import UnknownServiceError
    from botocore.model import OperationNotFoundError
    from moto.core.parse import RequestParserError

    try:
        known = routing.read_again(environ, call, what.partition(".")[2])
        request = protocols.raw(known) if known.protocol == "json" else protocols.parse(known)
        problems = request_problems(known.service, known.operation, request)
    except (UnknownServiceError, OperationNotFoundError):
        return None
    except RequestParserError:
        return Refusal("MalformedXML", "The XML you provided was not well-formed.")
    except Refusal as unreadable:
        return unreadable
    code = CODES.get(known.protocol, "ValidationException")
    return Refusal(code, "; ".join(problems)) if problems else None
