"""Types of the names, IDs and ARNs that AWS accepts, each with its message for everything else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer

from settings.fields import matching, optional

KEY_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"
KEY_ARN = rf"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:key/(?:{KEY_ID})"
ROLE_ARN = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}"
BUCKET = r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
TAG_TEXT = r"[\w .:/=+\-@]"

ProjectName = Annotated[
    str,
    matching(
        r"(?=.{2,30}$)[a-z][a-z0-9]*(?:-[a-z0-9]+)*",
        'be 2 to 30 lower-case letters, digits and single hyphens, beginning with a letter, such as "churn"',
    ),
]
GroupName = Annotated[
    str,
    matching(
        r"(?=.{1,63}$)[a-zA-Z0-9](?:-*[a-zA-Z0-9])*",
        'be 1 to 63 letters and digits, with hyphens only between them, such as "churn-dev"',
    ),
]
Region = Annotated[str, matching(r"[a-z]{2}(?:-[a-z]+)+-[0-9]", 'be the code of an AWS region, such as "eu-west-1"')]
AccountId = Annotated[str, matching(optional("[0-9]{12}"), 'be the 12 digits of an AWS account, or ""')]
Bucket = Annotated[
    str,
    matching(
        optional(BUCKET),
        'be the name of a bucket (3 to 63 lower-case letters, digits and hyphens, no "s3://"), or "" for the default',
    ),
]
RoleArn = Annotated[
    str,
    matching(optional(ROLE_ARN), 'be the ARN of a role, "arn:aws:iam::<account>:role/<name>", or "" for the default'),
]
EndpointUrl = Annotated[
    str,
    matching(
        optional(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?"),
        'be scheme, host and port, such as "http://127.0.0.1:5155", or "" for AWS itself',
    ),
]
S3Uri = Annotated[str, matching(optional(rf"s3://{BUCKET}(?:/\S{{0,900}})?"), 'be "s3://bucket/prefix", or ""')]
KmsKey = Annotated[
    str,
    matching(
        optional(f"{KEY_ID}|{KEY_ARN}"),
        'be the ID or ARN of a key (volumes take no alias; `aws kms describe-key` prints it), or "" for none',
    ),
]
KmsKeyArn = Annotated[
    str, matching(optional(KEY_ARN), 'be the ARN of a key (`aws kms describe-key` prints it), or "" for none')
]
InstanceType = Annotated[
    str,
    matching(
        r"ml\.[a-z][a-z0-9-]*\.(?:medium|large|[0-9]{0,3}xlarge)",
        'be a SageMaker instance type, such as "ml.m6i.large"',
    ),
]
Subnet = Annotated[str, matching(r"subnet-[0-9a-f]{8,17}", 'be the ID of a subnet, such as "subnet-0a1b2c3d4e5f67890"')]
SecurityGroup = Annotated[
    str, matching(r"sg-[0-9a-f]{8,17}", 'be the ID of a security group, such as "sg-0a1b2c3d4e5f67890"')
]
AlarmName = Annotated[str, matching(r"(?=.*\S)[ -~]{1,255}", "be the name of a CloudWatch alarm, 1 to 255 characters")]
Statistic = Annotated[
    str,
    matching(
        r"Average|Maximum|p(?:100|[0-9]{1,2}(?:\.[0-9]{1,2})?)", 'be "Average", "Maximum" or a percentile such as "p99"'
    ),
]
TagKey = Annotated[
    str,
    matching(
        rf"(?!(?i:aws):){TAG_TEXT}{{1,128}}",
        'have a key of 1 to 128 letters, digits, spaces or _.:/=+-@, not "aws:..."',
    ),
]
TagValue = Annotated[
    str, matching(rf"{TAG_TEXT}{{0,256}}", "be at most 256 characters, of letters, digits, spaces and _.:/=+-@")
]
Tags = Annotated[
    Mapping[TagKey, TagValue],
    Field(max_length=48, description="AWS takes 50 tags on one resource, and a release adds two"),
    AfterValidator(MappingProxyType),
    PlainSerializer(dict),
]
