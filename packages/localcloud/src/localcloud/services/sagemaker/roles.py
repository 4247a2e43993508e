"""Whether a role that a request names is there, as AWS looks before it takes a job or a model.

Looked at only in an account that has roles at all (``up`` makes one), and only for roles of this account. Not
reproduced: who may assume the role, and what it may do.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from localcloud.core.refusal import Refusal

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


def check_role(cloud: Cloud, arn: str) -> None:
    if f":{cloud.account}:role/" not in arn or "moto.iam.models" not in sys.modules:
        return  # another account's; or nobody has asked for IAM yet, and importing it would take long
    with cloud.moto("iam") as iam:
        known = [role.arn for role in iam.roles.values()]
    if known and arn not in known:
        may = "Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role."
        raise Refusal("ValidationException", f"Could not assume role {arn}. {may}")
