"""How clients find localcloud: variables for a shell, or for a child process."""

from __future__ import annotations

import os
from pathlib import Path

from localcloud.core.access.credentials import ADMINISTRATOR_KEY, Keys
from localcloud.core.access.process_keys import PATH

ADMINISTRATOR = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ADMINISTRATOR_KEY)
URL = "LOCALCLOUD_URL"  # of the server that started a process: see child_cli.py
OTHERS = (  # take precedence over these, or are sent with requests
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
)
HERE = "127.0.0.1,localhost"
# Credentials in files of a home take precedence over those of a container.
NO_FILES = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"), os.devnull)


def variables(url: str, region: str, proxy: str, certificate: Path) -> dict[str, str]:
    """Without keys. AWS_ENDPOINT_URL directs calls to localcloud; HTTPS_PROXY those that name an AWS host
    (egress_proxy.py)."""
    values = {
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


def keys_of_process(url: str, token: str) -> dict[str, str]:
    """``token`` is from ``ProcessKeys.open``."""
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}{PATH}", "AWS_CONTAINER_AUTHORIZATION_TOKEN": token}


def keys_of_container(keys: Keys) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_SESSION_TOKEN": keys.token,
    }
