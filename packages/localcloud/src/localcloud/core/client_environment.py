"""How clients find localcloud: variables for a child process or a shell, and boto3's client."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
URL = "LOCALCLOUD_URL"  # of the server that started a process: see child_cli.py
_CREATING = Lock()
OTHERS = (  # take precedence over these, or are sent with requests
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
)
HERE = "127.0.0.1,localhost"


def variables(url: str, region: str, proxy: str, certificate: Path) -> dict[str, str]:
    """AWS_ENDPOINT_URL directs calls to localcloud; HTTPS_PROXY those that name an AWS host (egress_proxy.py)."""
    values = {
        **KEYS,
        URL: url,
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if proxy:
        values |= {"AWS_CA_BUNDLE": str(certificate.resolve())}
        values |= dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy) | dict.fromkeys(("NO_PROXY", "no_proxy"), HERE)
    return values


def client(service: str, region: str, url: str) -> Any:
    from botocore.config import Config

    config = Config(
        max_pool_connections=64,
        proxies={},
        retries={"total_max_attempts": 1},
        read_timeout=120,
        s3={"addressing_style": "path"},
    )
    with _CREATING:  # boto3 sessions are not thread-safe
        return _session().client(service, region_name=region, endpoint_url=url, config=config)


@cache
def _session() -> Any:
    """One for all clouds of this process: it caches AWS's models."""
    from boto3.session import Session

    names = {"AWS_ACCESS_KEY_ID": "aws_access_key_id", "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key"}
    return Session(**{names[name]: value for name, value in KEYS.items()})
