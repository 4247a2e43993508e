"""The environment of a server's process, without the credentials, endpoints and proxies of the shell that starts it."""

from __future__ import annotations

import os

from localcloud.core.errors import Problem
from localcloud.runtime.jobs import containers
from localcloud.runtime.jobs.containers import SWITCH

# Compiled modules are kept, whatever the shell says: without them each start takes twice as long.
HIDDEN = ("AWS_", "BOTO_", "MOTO_", "SAGEMAKER_", "PYTHONDONTWRITEBYTECODE")
OFFLINE = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def server_variables(docker: str) -> dict[str, str]:
    """``docker``: the image that jobs run in, 1: each in its own; "": what the shell says.

    Raises Problem when containers cannot run.
    """
    if problem := containers.problem(docker or os.environ.get(SWITCH, "")):
        raise Problem(problem)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    kept = {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}
    return kept | OFFLINE | ({SWITCH: docker} if docker else {})
