"""Checks that the execution role of a job or a model exists, as AWS does before it accepts them.

Checked only in an account that has roles (``up`` creates one), and only for roles of this account. Not reproduced: who
may assume the role, and what it allows.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from localcloud.services.sagemaker.refusals import invalid

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


def check_role(cloud: Cloud, arn: str) -> None:
    if f":{cloud.account}:role/" not in arn or "moto.iam.models" not in sys.modules:
        return  # another account's; or IAM is not in use, and its import would take long
    with cloud.moto("iam") as iam:
        known = [role.arn for role in iam.roles.values()]
    if known and arn not in known:
        may = "Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role."
        raise invalid(f"Could not assume role {arn}. {may}")
