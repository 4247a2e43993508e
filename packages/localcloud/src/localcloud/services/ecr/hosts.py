"""The name of the registry: AWS's, or with ``--docker`` this server's, where the engine of this machine finds it.

An engine sends ``docker push`` to the host in an image's name. AWS's host is not this server, and an engine's proxy is
not localcloud's to configure; one on the loopback address needs no certificate. So with ``--docker`` the URI of a
repository is ``127.0.0.1:<port>/<name>``, and an image has two names, of which each stands for the other.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from localcloud.runtime.jobs.containers import SWITCH

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


def aws_host(cloud: Cloud, account: str = "") -> str:
    return f"{account or cloud.account}.dkr.ecr.{cloud.region}.amazonaws.com"


def local_host(cloud: Cloud) -> str:
    return cloud.url.partition("://")[2]


def registry_host(cloud: Cloud) -> str:
    """In the URIs of repositories."""
    return local_host(cloud) if os.environ.get(SWITCH) else aws_host(cloud)
