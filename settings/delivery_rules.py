"""Conflicts between settings of the delivery of commits and approvals."""

from __future__ import annotations

from collections.abc import Iterator

from settings.conflict import Conflict, Rule, conflict
from settings.environments import LAYER
from settings.model import Settings


def repository_is_named_as_its_source_does(s: Settings) -> Iterator[Conflict]:
    name, source = s.delivery.repository, s.delivery.source
    if name and source == "connection" and "/" not in name:
        yield conflict('behind a connection it is "owner/name"', "delivery.repository", "delivery.source")
    if "/" in name and source == "codecommit":
        yield conflict(
            "a CodeCommit repository has a name without an owner; write only that",
            "delivery.repository",
            "delivery.source",
        )


def codecommit_cannot_filter(s: Settings) -> Iterator[Conflict]:
    if s.delivery.watched_paths and s.delivery.source != "connection":
        remedy = 'the event of a CodeCommit push contains no paths; set it to [], or the source to "connection"'
        yield conflict(remedy, "delivery.watched_paths", "delivery.source")


def connection_belongs_to_its_source(s: Settings) -> Iterator[Conflict]:
    if s.delivery.connection_arn and s.delivery.source != "connection":
        remedy = 'CodeCommit needs no connection; set it to "", or the source to "connection"'
        yield conflict(remedy, "delivery.connection_arn", "delivery.source")


def staging_is_not_production(s: Settings) -> Iterator[Conflict]:
    """The first layer names the endpoint: with the same one, staging would be production."""
    if s.delivery.staging.split(LAYER)[0] == s.delivery.production.split(LAYER)[0]:
        remedy = "they would be one endpoint, so that production itself would be the test; name two environments"
        yield conflict(remedy, "delivery.staging", "delivery.production")


def builds_know_where_in_their_vpc(s: Settings) -> Iterator[Conflict]:
    if s.delivery.vpc_id and not s.network.subnets:
        remedy = "builds use these subnets and security groups; set them as well"
        yield conflict(remedy, "delivery.vpc_id", "network.subnets")


RULES: tuple[Rule, ...] = (
    repository_is_named_as_its_source_does,
    connection_belongs_to_its_source,
    codecommit_cannot_filter,
    staging_is_not_production,
    builds_know_where_in_their_vpc,
)
