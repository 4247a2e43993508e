"""The text of a template, from a request's body or, with the permissions of the caller, from S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from localcloud.core.access.caller import caller
from localcloud.core.cloud import Cloud
from localcloud.services.cloudformation.errors import length_error, validation_error

MAX_BODY_BYTES, MAX_OBJECT_BYTES = 51_200, 1_048_576


def read_text(cloud: Cloud, request: Mapping[str, Any]) -> str:
    if ("TemplateBody" in request) == ("TemplateURL" in request):
        raise validation_error("Either Template URL or Template Body must be specified.")
    if "TemplateURL" in request:
        return _download(cloud, request["TemplateURL"])
    body: str = request["TemplateBody"]
    if len(body.encode()) > MAX_BODY_BYTES:
        raise length_error("templateBody", MAX_BODY_BYTES)
    return body


def _download(cloud: Cloud, url: str) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, key = _bucket_and_key(cloud.url, url)
    try:
        response = cloud.client_as(caller(), "s3").get_object(Bucket=bucket, Key=key)
        if response["ContentLength"] > MAX_OBJECT_BYTES:
            raise validation_error(f"Template may not exceed {MAX_OBJECT_BYTES} bytes in size.")
        text: str = response["Body"].read().decode()
    except ClientError as error:
        raise validation_error(f"S3 error: {error.response['Error'].get('Message', '')} ({url})") from None
    except (BotoCoreError, UnicodeDecodeError) as error:
        raise validation_error(f"S3 error: {url} cannot be read: {error}") from None
    return text


def _bucket_and_key(cloud_url: str, url: str) -> tuple[str, str]:
    """Of AWS's URLs in either style, or of localcloud's."""
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
    first, _, rest = path.partition("/")
    if f"{parts.scheme}://{parts.netloc}" == cloud_url or host in ("127.0.0.1", "localhost"):
        return first, rest
    bucket, dot, domain = host.rpartition(".s3")
    if host.endswith(".amazonaws.com"):
        if dot and domain[:1] in (".", "-"):
            return bucket, path
        if host.startswith(("s3.", "s3-")):
            return first, rest
    raise validation_error(f"S3 error: Domain name specified in {host or url} is not a valid S3 domain")
