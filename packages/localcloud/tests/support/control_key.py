"""The header that the control plane demands."""

from __future__ import annotations

from localcloud.core.cloud import Cloud
from localcloud.core.control_client import HEADER


def key_of(cloud: Cloud) -> dict[str, str]:
    return {HEADER: cloud.control_key}
