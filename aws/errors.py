"""What AWS, or the way to it, said no to, as one sentence: what, where, what next. The only place that knows the words.

``sentence`` is for the outermost ``except`` of a command. What is not of AWS is a defect of ours, and raised as it is.
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

# botocore's own errors, before or instead of an answer; the first class that fits.
BY_CLASS = (
    ("NoCredentialsError", f"no AWS credentials found: sign in ({RENEW}), or set AWS_PROFILE; {REHEARSE}"),
    ("ProfileNotFound", "{said}: set AWS_PROFILE to one that `aws configure list-profiles` prints"),
    (
        "SSOError TokenRetrievalError NoAuthTokenError RefreshWithMFAUnsupportedError",
        f"the sign-in to AWS has expired or is missing: renew it ({RENEW}), then repeat ({{said}})",
    ),
    (
        "PartialCredentialsError CredentialRetrievalError ConfigParseError ConfigNotFound",
        "the AWS credentials of this machine cannot be used: {said}; mend them with `aws configure`",
    ),
    (
        "BaseEndpointResolverError InvalidRegionError UnknownRegionError",
        "aws.region = {region!r}: AWS has no such region; write one such as eu-west-1",
    ),
    (
        "ConnectionError HTTPClientError",
        "AWS cannot be reached: check the network, the proxy (HTTPS_PROXY) and aws.region = {region!r} ({said})",
    ),
    ("BotoCoreError", "the request cannot be sent to AWS: {said}"),
)
# The answers of AWS, by their code.
BY_CODE = (
    (
        ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
        f"the AWS credentials have expired: renew them ({RENEW}), then repeat",
    ),
    (
        ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "InvalidToken", "AuthFailure"),
        f"AWS does not know these credentials: check AWS_PROFILE and the keys ({{said}}); {REHEARSE}",
    ),
    (
        ("RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"),
        "AWS does not accept the signature: check this machine's clock and the secret key ({said})",
    ),
    (
        ("NoSuchBucket",),
        "the bucket {bucket} does not exist: `make bootstrap` makes it, or name another as aws.bucket in the settings",
    ),
    (
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "301", "IllegalLocationConstraintException"),
        "the bucket {bucket} is not in {region}: make aws.region and aws.bucket in the settings fit ({said})",
    ),
    (MISSING, "{operation}: {said}; check the name and aws.region = {region!r}, or create it with --upsert"),
    (
        ("ResourceLimitExceeded", "LimitExceededException", "ServiceQuotaExceededException"),
        "{operation}: {said}; ask for more under Service Quotas, or choose other instance types in the settings",
    ),
    (TRANSIENT, "AWS is too busy for {operation}, asked several times: wait a minute, then repeat ({said})"),
)
S3_ACTIONS = {
    "PutObject": "s3:PutObject",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "HeadBucket": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
}


def sentence(error: Exception, settings: Settings) -> AwsProblem:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return AwsProblem(_refusal(error, settings))
    if isinstance(error, ResponseParserError):
        where = _local(settings)[0] or "the way to AWS"
        return AwsProblem(f"something that is not AWS answers at {where}: check what runs there ({_line(error)})")
    if isinstance(error, BotoCoreError):
        return AwsProblem(_before_an_answer(error, settings))
    raise error


def _before_an_answer(error: Exception, settings: Settings) -> str:
    from botocore import exceptions

    names, words = next(
        (names, words)
        for names, words in BY_CLASS
        if isinstance(error, tuple(getattr(exceptions, name) for name in names.split()))
    )
    url, key = _local(settings)
    if url and "ConnectionError" in names:
        what_next = "start the local AWS there, or choose another environment with --env"
        return f"nothing answers at {url} ({key} of the environment {settings.env}): {what_next}"
    if url and names == "NoCredentialsError":
        return f"no credentials for {url}: set aws.access_key_id and aws.secret_access_key beside it, any text will do"
    return words.format(said=_line(error), region=settings.aws.region)


def _local(settings: Settings) -> tuple[str, str]:
    """The server on this machine and the setting that names it; empty for AWS itself."""
    if settings.aws.endpoint_command:
        return f"the server of `{' '.join(settings.aws.endpoint_command)}`", "aws.endpoint_command"
    return settings.aws.endpoint_url, "aws.endpoint_url"


def _refusal(error: Any, settings: Settings) -> str:
    answer = error.response.get("Error", {})
    code, said = str(answer.get("Code", "")), _line(answer.get("Message") or "no reason given")
    operation, bucket = error.operation_name, answer.get("BucketName") or settings.bucket
    if operation == "HeadBucket" and code in MISSING:  # S3 answers a HEAD without words
        code = "NoSuchBucket"
    if re.search(r"\bassume\b.*\brole\b", said, re.IGNORECASE):
        trust = "create it (aws.role_arn in the settings), or let sagemaker.amazonaws.com assume it in its trust policy"
        return f"SageMaker cannot assume the role {settings.role_arn}: {trust} ({said})"
    if code in DENIED:
        return _denied(operation, said, settings)
    words = next((words for codes, words in BY_CODE if code in codes), "AWS refused {operation}: {said} ({code})")
    return words.format(said=said, code=code, operation=operation, bucket=bucket, region=settings.aws.region)


def _denied(operation: str, said: str, settings: Settings) -> str:
    """AWS's own text names who, what and where; S3's does not."""
    named = re.search(r"(?:User|Role): (\S+) is not authorized to perform: (\S+)(?: on resource: (\S+))?", said)
    if not named:
        action = S3_ACTIONS.get(operation, f"sagemaker:{operation}")
        place = f"the bucket {settings.bucket}" if operation in S3_ACTIONS else "this account"
        return f"you may not {action} in {place}: have {action} allowed, or choose another AWS_PROFILE ({said})"
    who, action, resource = named.groups()
    target = f" on {resource}" if resource else ""
    reason = ", the role that the jobs run as" if action.lower() == "iam:passrole" else ""
    cause = said[named.end() :].strip(" .")
    remedy = f"have {action} allowed, or choose another AWS_PROFILE"
    return f"{who} may not {action}{target}{reason}: {remedy}{f' ({cause})' if cause else ''}"


def _line(text: Any) -> str:
    return " ".join(str(text).split())[:400]
