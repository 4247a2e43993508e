"""Translates errors of AWS and of the connection to it into one sentence: what, where, what next.

``translate`` is for the outermost ``except`` of a command. Any other exception is a defect and is raised unchanged.
"""

from __future__ import annotations

import re
from typing import Any

from aws.refusals import TRANSIENT
from settings.errors import AwsProblem
from settings.model import Settings

RENEW = "`aws sso login`, or new keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
REHEARSE = "without an AWS account, --env local rehearses everything"
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden")
MISSING = ("ResourceNotFound", "ResourceNotFoundException", "NoSuchEntity", "NoSuchKey", "404", "NotFound")

# botocore's own errors, raised before or instead of a response; the first class that matches.
BY_CLASS = (
    ("NoCredentialsError", f"no AWS credentials found: sign in ({RENEW}), or set AWS_PROFILE; {REHEARSE}"),
    ("ProfileNotFound", "{message}: set AWS_PROFILE to one that `aws configure list-profiles` prints"),
    (
        "SSOError TokenRetrievalError NoAuthTokenError RefreshWithMFAUnsupportedError",
        f"the sign-in to AWS has expired or is missing: renew it ({RENEW}), then repeat ({{message}})",
    ),
    (
        "PartialCredentialsError CredentialRetrievalError ConfigParseError ConfigNotFound",
        "the AWS credentials of this machine cannot be used: {message}; fix them with `aws configure`",
    ),
    (
        "BaseEndpointResolverError InvalidRegionError UnknownRegionError",
        "aws.region = {region!r}: AWS has no such region; write one such as eu-west-1",
    ),
    (
        "ConnectionError HTTPClientError",
        "AWS cannot be reached: check the network, the proxy (HTTPS_PROXY) and aws.region = {region!r} ({message})",
    ),
    ("BotoCoreError", "the request cannot be sent to AWS: {message}"),
)
# Error responses of AWS, by their code.
BY_CODE = (
    (
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
        f"the AWS credentials have expired: renew them ({RENEW}), then repeat",
    ),
    (
        ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidToken", "AuthFailure"),
        f"AWS does not recognize these credentials: check AWS_PROFILE and the keys ({{message}}); {REHEARSE}",
    ),
    (
        ("RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"),
        "AWS does not accept the signature: check this machine's clock and the secret key ({message})",
    ),
    (
        ("NoSuchBucket",),
        "the bucket {bucket} does not exist: run `make bootstrap`, or name another as aws.bucket in the settings",
    ),
    (
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "301", "IllegalLocationConstraintException"),
        "the bucket {bucket} is not in {region}: correct aws.region or aws.bucket in the settings ({message})",
    ),
    (MISSING, "{operation}: {message}; check the name and aws.region = {region!r}, or create it with --upsert"),
    (
        ("ResourceLimitExceeded", "LimitExceededException", "ServiceQuotaExceededException"),
        "{operation}: {message}; ask for more under Service Quotas, or choose other instance types in the settings",
    ),
    (TRANSIENT, "AWS is too busy for {operation}, also after several attempts: wait a minute, then repeat ({message})"),
)
S3_ACTIONS = {
    "PutObject": "s3:PutObject",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "HeadBucket": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
}


def translate(error: Exception, settings: Settings) -> AwsProblem:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return AwsProblem(_refusal(error, settings))
    if isinstance(error, ResponseParserError):
        where = _local(settings)[0] or "the configured endpoint"
        return AwsProblem(f"the server at {where} does not respond as AWS does: check what runs there ({_line(error)})")
    if isinstance(error, BotoCoreError):
        return AwsProblem(_before_a_response(error, settings))
    raise error


def _before_a_response(error: Exception, settings: Settings) -> str:
    from botocore import exceptions

    names, template = next(
        (names, template)
        for names, template in BY_CLASS
        if isinstance(error, tuple(getattr(exceptions, name) for name in names.split()))
    )
    url, key = _local(settings)
    if url and "ConnectionError" in names:
        what_next = "start the local AWS there, or choose another environment with --env"
        return f"no server responds at {url} ({key} of the environment {settings.env}): {what_next}"
    if url and names == "NoCredentialsError":
        return f"no credentials for {url}: set aws.access_key_id and aws.secret_access_key beside it, any text will do"
    return template.format(message=_line(error), region=settings.aws.region)


def _local(settings: Settings) -> tuple[str, str]:
    """The server on this machine and the setting that names it; empty for AWS itself."""
    if settings.aws.endpoint_command:
        return f"the server of `{' '.join(settings.aws.endpoint_command)}`", "aws.endpoint_command"
    return settings.aws.endpoint_url, "aws.endpoint_url"


def _refusal(error: Any, settings: Settings) -> str:
    error_response = error.response.get("Error", {})
    code, message = str(error_response.get("Code", "")), _line(error_response.get("Message") or "no reason given")
    operation, bucket = error.operation_name, error_response.get("BucketName") or settings.bucket
    if operation == "HeadBucket" and code in MISSING:  # S3 responds to a HEAD without a message
        code = "NoSuchBucket"
    if re.search(r"\bassume\b.*\brole\b", message, re.IGNORECASE):
        hosting = operation == "CreateModel"
        role, setting = (settings.hosting_role_arn, "hosting_role_arn") if hosting else (settings.role_arn, "role_arn")
        trust = (
            f"create it (aws.{setting} in the settings), or let sagemaker.amazonaws.com assume it in its trust policy"
        )
        return f"SageMaker cannot assume the role {role}: {trust} ({message})"
    if code in DENIED:
        return _denied(operation, message, settings)
    template = next(
        (template for codes, template in BY_CODE if code in codes), "AWS refused {operation}: {message} ({code})"
    )
    return template.format(message=message, code=code, operation=operation, bucket=bucket, region=settings.aws.region)


def _denied(operation: str, message: str, settings: Settings) -> str:
    """AWS's own message names who, what and where; that of S3 does not."""
    named = re.search(
        r'(?:User|Role): (\S+) is not authorized to perform: (\S+)(?: on resource: "?([^\s"]+)"?)?', message
    )
    if not named:
        action = S3_ACTIONS.get(operation, f"sagemaker:{operation}")
        place = f"the bucket {settings.bucket}" if operation in S3_ACTIONS else "this account"
        return f"you have no permission for {action} in {place}: {_remedy(action)} ({message})"
    who, action, resource = named.groups()
    target = f" on {resource}" if resource else ""
    reason = ", the role that the jobs run as" if action.lower() == "iam:passrole" else ""
    cause = message[named.end() :].strip(" .")
    return f"{who} has no permission for {action}{target}{reason}: {_remedy(action)}{f' ({cause})' if cause else ''}"


def _remedy(action: str) -> str:
    return f"have {action} allowed, or choose another AWS_PROFILE"


def _line(text: Any) -> str:
    return " ".join(str(text).split())[:400]
