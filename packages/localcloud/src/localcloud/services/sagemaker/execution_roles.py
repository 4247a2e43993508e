"""Execution roles: SageMaker's sessions of them, and the check that the role of a job or a model exists.

AWS makes the check before it accepts them.

Checked only in an account that has roles (``up`` creates one), and only for roles of this account. Not reproduced: who
may assume the role, and what it allows.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from localcloud.core.access.principal import Principal
from localcloud.services.sagemaker.refusals import invalid

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

SERVICE, SESSION = "sagemaker.amazonaws.com", "SageMaker"


def assume(cloud: Cloud, role_arn: str, source_arn: str) -> Principal:
    """SageMaker's session of a role, for the resource that it acts for."""
    return cloud.access.assume(role_arn, SESSION, service=SERVICE, source_arn=source_arn)


def check_role(cloud: Cloud, arn: str) -> None:
    if f":{cloud.account}:role/" not in arn or "moto.iam.models" not in sys.modules:
        return  # another account's; or IAM is not in use, and its import would take long
    with cloud.moto("iam") as iam:
        known = [role.arn for role in iam.roles.values()]
    if known and arn not in known:
        may = "Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role."
        raise invalid(f"Could not assume role {arn}. {may}")
