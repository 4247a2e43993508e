"""The reference is cut from its package, and what is cut is found by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.core.access import reference
from localcloud.core.access.reference import arn_pattern, find_action, resource_keys

PACKAGE = Path(__file__).resolve().parents[3]
TOOL = PACKAGE / "tools/authorization_reference.py"
FILE = Path(reference.__file__).with_name("reference.json")
LARGEST = 400_000


def test_an_action_has_resource_types_and_condition_keys() -> None:
    action = find_action("sagemaker:CreateEndpoint")
    assert action
    assert dict(action.resources) == {"endpoint": True, "endpoint-config": True}
    assert action.keys == ("aws:RequestTag/${TagKey}", "aws:TagKeys")
    assert action.dependents == ("sagemaker:AddTags",)


@pytest.mark.parametrize("name", ["sagemaker:CreateEndpoints", "nothing:CreateEndpoint", "s3:HeadObject"])
def test_what_is_no_action_is_not_found(name: str) -> None:
    assert find_action(name) is None


def test_a_resource_type_has_the_pattern_of_its_arns() -> None:
    assert arn_pattern("sagemaker", "model") == "arn:${Partition}:sagemaker:${Region}:${Account}:model/${ModelName}"


def test_a_resource_gives_keys_to_every_action_on_it() -> None:
    assert "kms:ResourceAliases" in resource_keys("kms", "key")
    assert resource_keys("kms", "alias") == ()


def test_it_is_small_enough_to_be_read_at_every_start() -> None:
    assert FILE.stat().st_size < LARGEST


@pytest.mark.iam
def test_it_is_what_the_tool_cuts_from_the_package(tmp_path: Path) -> None:
    """A new release of the package: `make reference`, and read what changed."""
    subprocess.run(
        [sys.executable, str(TOOL), f"{os.environ['IAM']}/reference", str(tmp_path / "cut.json")],
        check=True,
        timeout=60,
    )
    assert (tmp_path / "cut.json").read_text() == FILE.read_text()
