"""How a client finds us: the variables for a child process or a shell, and boto3's client to ourselves."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
URL = "LOCALCLOUD_URL"  # names the server to whom it started: see inside.py
_MAKING = Lock()
OTHERS = (  # would win over these, or be sent along
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
)
HERE = "127.0.0.1,localhost"


def variables(url: str, region: str, guard: str, certificate: Path) -> dict[str, str]:
    """AWS_ENDPOINT_URL brings calls to us; HTTPS_PROXY those that name an AWS host themselves (guard.py)."""
    told = {
        **KEYS,
        URL: url,
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if guard:
        told |= {"AWS_CA_BUNDLE": str(certificate.resolve())}
        told |= dict.fromkeys(("HTTPS_PROXY", "https_proxy"), guard) | dict.fromkeys(("NO_PROXY", "no_proxy"), HERE)
    return told


def client(service: str, region: str, url: str) -> Any:
    from botocore.config import Config

    config = Config(
        max_pool_connections=64,
        proxies={},
        retries={"total_max_attempts": 1},
        read_timeout=120,
        s3={"addressing_style": "path"},
    )
    with _MAKING:  # which is not for several threads
        return _session().client(service, region_name=region, endpoint_url=url, config=config)


@cache
def _session() -> Any:
    """One for all clouds of this process: it keeps what it read of AWS's models."""
    from boto3.session import Session

    names = {"AWS_ACCESS_KEY_ID": "aws_access_key_id", "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key"}
    return Session(**{names[name]: value for name, value in KEYS.items()})
