"""Conflicts between settings of the account, the region and the network."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from settings.conflict import Conflict, Rule, conflict
from settings.model import Settings, bucket_name

LONGEST_BUCKET = 63
LOCAL_HOSTS = ("127.0.0.1", "localhost")


def secrets_stay_local(s: Settings) -> Iterator[Conflict]:
    """With any other endpoint, a secret would have to be in a file that is committed."""
    local = urlsplit(s.aws.endpoint_url).hostname in LOCAL_HOSTS or bool(s.aws.endpoint_command)
    for key in ("access_key_id", "secret_access_key"):
        if getattr(s.aws, key) and not local:
            remedy = "only a local endpoint takes it: for AWS use a profile, a role or the shell's variables"
            yield conflict(f'{remedy}, and set this to ""', f"aws.{key}", "aws.endpoint_url")


def one_way_to_the_endpoint(s: Settings) -> Iterator[Conflict]:
    if s.aws.endpoint_url and s.aws.endpoint_command:
        remedy = "the command says where its server is; keep one of the two"
        yield conflict(remedy, "aws.endpoint_url", "aws.endpoint_command")


def key_and_secret_come_together(s: Settings) -> Iterator[Conflict]:
    if bool(s.aws.access_key_id) != bool(s.aws.secret_access_key):
        yield conflict("set both or neither", "aws.access_key_id", "aws.secret_access_key")


def network_is_whole(s: Settings) -> Iterator[Conflict]:
    if bool(s.network.subnets) != bool(s.network.security_groups):
        remedy = "a VPC needs subnets and security groups; set both, or both to []"
        yield conflict(remedy, "network.subnets", "network.security_groups")


def key_is_in_the_region(s: Settings) -> Iterator[Conflict]:
    arn = s.network.kms_key_id.split(":")
    if len(arn) > 1 and arn[3] != s.aws.region:
        yield conflict(
            "a key works in its own region only; name one of this region", "network.kms_key_id", "aws.region"
        )


def role_is_in_the_account(s: Settings) -> Iterator[Conflict]:
    for key in ("role_arn", "hosting_role_arn"):
        role = getattr(s.aws, key)
        if role and s.aws.account_id and role.split(":")[4] != s.aws.account_id:
            remedy = "SageMaker takes roles of its own account only; correct one of them"
            yield conflict(remedy, f"aws.{key}", "aws.account_id")


def bucket_name_fits(s: Settings) -> Iterator[Conflict]:
    name = bucket_name(s, s.env, s.aws.account_id or "0" * 12)
    if not s.aws.bucket and len(name) > LONGEST_BUCKET:
        fault = f"the bucket would be called {name}, {len(name)} characters of at most {LONGEST_BUCKET}"
        yield conflict(f"{fault}; shorten project.name or set aws.bucket", "project.name", "aws.bucket", "aws.region")


RULES: tuple[Rule, ...] = (
    secrets_stay_local,
    one_way_to_the_endpoint,
    key_and_secret_come_together,
    network_is_whole,
    key_is_in_the_region,
    role_is_in_the_account,
    bucket_name_fits,
)
