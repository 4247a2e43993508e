"""Turns a failure inside moto into AWS's refusal, where AWS would have refused the request too.

moto does not check requests against AWS's model, and fails somewhere inside when a required member is missing or a
number is not one. Requests that moto does answer are not checked here: some that AWS refuses are accepted.
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
    """``call`` is from ``routing.moto_call``, ``what`` the name of its operation. None: AWS's model does not know the
    operation, or allows the request."""
    from botocore.exceptions import UnknownServiceError
    from botocore.model import OperationNotFoundError
    from moto.core.parse import RequestParserError

    try:
        complete = routing.read_again(environ, call, what.partition(".")[2])
        request = protocols.parse_json(complete) if complete.protocol == "json" else protocols.parse(complete)
        problems = request_problems(complete.service, complete.operation, request)
    except (UnknownServiceError, OperationNotFoundError):
        return None
    except RequestParserError:
        return Refusal("MalformedXML", "The XML you provided was not well-formed.")
    except Refusal as unreadable:
        return unreadable
    code = CODES.get(complete.protocol, "ValidationException")
    return Refusal(code, "; ".join(problems)) if problems else None
