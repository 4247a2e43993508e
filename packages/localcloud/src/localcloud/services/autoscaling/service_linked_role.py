"""The role under which Application Auto Scaling reads and changes endpoints, linked to the service.

It is created with the first scalable target of an account, by the permissions of the caller who registers it.
"""

from __future__ import annotations

import json
from typing import Any

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud

SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
NAME = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
POLICY = "arn:aws:iam::aws:policy/aws-service-role/AWSApplicationAutoscalingSageMakerEndpointPolicy"
PATH = f"/aws-service-role/{SERVICE}/"
TRUST = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
SESSION = "AutoScaling"


class ServiceLinkedRole:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.arn = f"arn:aws:iam::{cloud.account}:role{PATH}{NAME}"

    def ensure(self, caller: Principal) -> None:
        if self.arn in self._cloud.access.roles():
            return
        self._cloud.access.authorize(caller, "iam", "CreateServiceLinkedRole", {"AWSServiceName": SERVICE})
        with self._cloud.moto("iam") as iam:
            _create(iam)

    def session(self) -> Principal:
        return self._cloud.access.assume(self.arn, SESSION, service=SERVICE)


def _create(iam: Any) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    iam.create_role(NAME, trust, PATH, None, "", [], "3600", linked_service=SERVICE)
    iam.attach_role_policy(POLICY, NAME)
