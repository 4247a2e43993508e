"""Each line of calls.toml names what exists: operations, members, actions, resource types, keys, a page of AWS's."""

from __future__ import annotations

import jmespath
import pytest
from support.sample_requests import model

from localcloud.core.access.call_table import Row, table
from localcloud.core.access.expressions import HOLE, OPTIONS, members
from localcloud.core.access.reference import actions, arn_pattern, find_action, resource_types

ROWS = [(operation, row) for operation, rows in table().rows.items() for row in rows]
FIXED = {"Partition", "Region", "Account"}
SERVICES = """
    application-autoscaling cloudformation cloudwatch codebuild codecommit codeconnections codepipeline
    codestar-connections ec2 ecr events iam kms logs s3 sagemaker sagemaker-runtime scheduler secretsmanager
    service-quotas sns sqs ssm sts
"""
NO_MEMBER = {"reportGroupName"}  # of what a build does itself: CreateReport is an action, but no operation


def expressions(row: Row) -> list[str]:
    texts = [row.resource, row.role, *row.keys.values()]
    holes = [hole for text in texts for hole in HOLE.findall(text) if hole not in FIXED]
    return [*holes, *([row.when] if row.when else [])]


def members_of_service(service: str) -> set[str]:
    """Of all requests of a service."""
    shapes = [model(service).operation_model(name).input_shape for name in model(service).operation_names]
    return {member for shape in shapes if shape for member in shape.members}


@pytest.mark.parametrize(("operation", "row"), ROWS, ids=[f"{name}-{row.action}" for name, row in ROWS])
def test_a_row_names_what_exists(operation: str, row: Row) -> None:
    service, _, name = operation.partition(".")
    assert name in model(service).operation_names
    shape = model(service).operation_model(name).input_shape
    known = set(shape.members) if shape else set()
    for expression in expressions(row):
        jmespath.compile(expression).search({}, OPTIONS)
        # an expression may serve several operations, each with some of its members
        assert members(expression) & known, expression
        assert members(expression) <= members_of_service(service), expression
    assert row.source.startswith("https://docs.aws.amazon.com/")
    if row.action:
        action = find_action(row.action)
        assert action, row.action
        assert not row.type or row.type in action.resources
        assert {key for key in row.keys if key not in action.keys} == set()
    assert row.called or row.action != f"{table().prefix(service)}:{name}" or row.resource


@pytest.mark.parametrize("prefix", table().variables)
def test_variables_are_of_a_pattern_and_are_read_from_members(prefix: str) -> None:
    patterns = " ".join(arn_pattern(prefix, name) for name in resource_types(prefix))
    for variable, expression in table().variables[prefix].items():
        assert f"${{{variable}}}" in patterns
        assert members(expression) <= members_of_service(prefix) | NO_MEMBER, variable


@pytest.mark.parametrize("name", table().patterns)
def test_a_pattern_replaces_one_of_the_reference(name: str) -> None:
    prefix, _, resource_type = name.partition(":")
    assert resource_type in resource_types(prefix)
    own = {hole for hole in HOLE.findall(arn_pattern(prefix, resource_type)) if hole not in FIXED}
    for hole in set(HOLE.findall(table().patterns[name])) - FIXED - own:
        assert members(hole) <= members_of_service(prefix)


@pytest.mark.parametrize("key", table().keys)
def test_a_key_is_known_to_an_action_whose_requests_have_its_member(key: str) -> None:
    services = [service for service in SERVICES.split() if knows(table().prefix(service), key)]
    assert services, "no action knows it"
    assert members(table().keys[key]) & set().union(*(members_of_service(service) for service in services))


def knows(prefix: str, key: str) -> bool:
    return any(action and key in action.keys for action in map(find_action, actions(prefix)))
