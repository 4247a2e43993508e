"""Execution roles: SageMaker's sessions of them, in which jobs and models do everything.

AWS assumes the role before it accepts a job or a model. Where calls are not decided about, only roles of this account
are looked for, and only in an account that has roles (``up`` creates one).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from localcloud.core.access.principal import Principal
from localcloud.core.refusal import Refusal
from localcloud.services.sagemaker.refusals import invalid

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

SERVICE, SESSION = "sagemaker.amazonaws.com", "SageMaker"
MAY = "Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role."


def assume(cloud: Cloud, role_arn: str, source_arn: str) -> Principal:
    """SageMaker's session of a role, for the resource that it acts for."""
    return cloud.access.assume(role_arn, SESSION, service=SERVICE, source_arn=source_arn)


def open_session(cloud: Cloud, role_arn: str, source_arn: str) -> Principal:
    """The same for a job or a model that is being created: a role that cannot be assumed is refused in AWS's words."""
    try:
        if not _is_missing(cloud, role_arn):
            return assume(cloud, role_arn, source_arn)
    except Refusal:
        pass
    raise invalid(f"Could not assume role {role_arn}. {MAY}")


def hosting_source(cloud: Cloud) -> str:
    """Hosting assumes roles for all its resources at once: a trust policy must not name a model or an endpoint."""
    return cloud.arn("sagemaker", "*")


def _is_missing(cloud: Cloud, arn: str) -> bool:
    if f":{cloud.account}:role/" not in arn or "moto.iam.models" not in sys.modules:
        return False  # another account's; or IAM is not in use, and its import would take long
    known = cloud.access.roles()
    return bool(known) and arn not in known
