"""Each action of each role of the templates: a story would go red without it. `make test` records what stories need.

What no story can show is listed with the reason; each entry must still be in a template, and not be needed by a story.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from codepipeline.stacks import TEMPLATES
from tests import templates
from tests.story.permissions import Permission, recorded

VPC = "only in a VPC, which stories have none of"
UNPROVED: dict[tuple[str, str], str] = {}  # by statement and action


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Those of both branches of a condition."""
    if isinstance(value, dict) and "Effect" in value:
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from statements(each)


def permissions() -> Iterator[Permission]:
    for file in sorted(TEMPLATES.glob("*.yml")):
        for resource in templates.read(file.stem)["Resources"].values():
            if resource["Type"] == "AWS::IAM::Role":
                for policy in resource["Properties"]["Policies"]:
                    yield from of_policy(policy)


def of_policy(policy: dict[str, Any]) -> Iterator[Permission]:
    for number, statement in enumerate(statements(policy["PolicyDocument"]), 1):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            yield policy["PolicyName"], statement.get("Sid", str(number)), action


ALL = sorted(set(permissions()))


@pytest.mark.permissions
@pytest.mark.parametrize("permission", [each for each in ALL if each[1:] not in UNPROVED], ids="-".join)
def test_a_role_without_this_action_fails_a_story(permission: Permission) -> None:
    assert permission in recorded()


@pytest.mark.permissions
@pytest.mark.parametrize(("statement", "action"), UNPROVED, ids=str)
def test_what_no_story_needs_is_there_and_still_not_needed(statement: str, action: str) -> None:
    assert (statement, action) in {each[1:] for each in ALL}
    assert (statement, action) not in {each[1:] for each in recorded()}
