"""Finds the principal of a request; refuses keys that AWS would refuse, in the words of the service's protocol.

JSON services have names of their own for what the older protocols call InvalidClientTokenId and ExpiredToken.
"""

from __future__ import annotations

from localcloud.core.access.credentials import Credentials, InvalidKey, Problem
from localcloud.core.access.principal import Principal
from localcloud.core.protocols import QUERY_COMPATIBLE, Call
from localcloud.core.refusal import Refusal
from localcloud.server.routing import Signature

INVALID = "The security token included in the request is invalid."
EXPIRED = "The security token included in the request is expired"
UNVALIDATED = "AWS was not able to validate the provided access credentials"
QUERY = {
    Problem.UNSIGNED: ("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
    Problem.UNKNOWN: ("InvalidClientTokenId", INVALID, 403),
    Problem.WRONG_TOKEN: ("InvalidClientTokenId", INVALID, 403),
    Problem.EXPIRED: ("ExpiredToken", EXPIRED, 403),
}
JSON = {
    Problem.UNSIGNED: ("MissingAuthenticationTokenException", "Missing Authentication Token", 400),
    Problem.UNKNOWN: ("UnrecognizedClientException", INVALID, 400),
    Problem.WRONG_TOKEN: ("UnrecognizedClientException", INVALID, 400),
    Problem.EXPIRED: ("ExpiredTokenException", EXPIRED, 400),
}
REST_JSON = {problem: (code, message, 403) for problem, (code, message, _) in JSON.items()}
S3 = {
    Problem.UNSIGNED: ("AccessDenied", "Access Denied", 403),
    Problem.UNKNOWN: ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
    Problem.WRONG_TOKEN: ("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
    Problem.EXPIRED: ("ExpiredToken", "The provided token has expired.", 400),
}
EC2 = {
    Problem.UNSIGNED: ("AuthFailure", UNVALIDATED, 401),
    Problem.UNKNOWN: ("AuthFailure", UNVALIDATED, 401),
    Problem.WRONG_TOKEN: ("AuthFailure", UNVALIDATED, 401),
    Problem.EXPIRED: ("RequestExpired", "Request has expired.", 400),
}
BY_PROTOCOL = {"json": JSON, "rest-json": REST_JSON, "rest-xml": S3, "query": QUERY}


def principal(credentials: Credentials, signature: Signature, call: Call) -> Principal:
    """Raises a Refusal."""
    try:
        return credentials.principal(signature.access_key, signature.token)
    except InvalidKey as invalid:
        raise Refusal(*_table(call)[invalid.problem]) from None


def _table(call: Call) -> dict[Problem, tuple[str, str, int]]:
    if call.service == "ec2":
        return EC2
    return QUERY if call.service in QUERY_COMPATIBLE else BY_PROTOCOL[call.protocol]
