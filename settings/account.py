"""The sections of names and places: project, AWS account, network."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.aws_names import (
    AccountId,
    Bucket,
    EndpointUrl,
    GroupName,
    KmsKey,
    ProjectName,
    Region,
    RoleArn,
    SecurityGroup,
    Subnet,
)
from settings.fields import Applies, Section

PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-isob-": "aws-iso-b", "us-iso-": "aws-iso"}


SIGNED_LOCALLY = Applies(
    {"aws.endpoint_url": "http://127.0.0.1:5155", "aws.access_key_id": "local", "aws.secret_access_key": "local"}
)
IN_A_VPC = Applies({"network.subnets": ["subnet-0a1b2c3d"], "network.security_groups": ["sg-0a1b2c3d"]})


class Project(Section):
    name: ProjectName
    group: GroupName


class Aws(Section):
    region: Region
    account_id: AccountId
    bucket: Bucket
    role_arn: RoleArn
    hosting_role_arn: RoleArn
    endpoint_url: EndpointUrl
    endpoint_command: tuple[str, ...]
    access_key_id: Annotated[str, SIGNED_LOCALLY] = Field(repr=False)
    secret_access_key: Annotated[str, SIGNED_LOCALLY] = Field(repr=False)

    @property
    def partition(self) -> str:
        """The first part of every ARN in this region."""
        return next((name for prefix, name in PARTITIONS.items() if self.region.startswith(prefix)), "aws")


class Network(Section):
    subnets: Annotated[tuple[Subnet, ...], IN_A_VPC] = Field(
        max_length=16, description="SageMaker takes at most 16 subnets"
    )
    security_groups: Annotated[tuple[SecurityGroup, ...], IN_A_VPC] = Field(
        max_length=5, description="SageMaker takes at most 5 groups"
    )
    isolation: bool
    encrypt_traffic: bool
    kms_key_id: KmsKey
