"""The operations on tags that services share: lists or maps, the service's limit and error codes."""

import pytest

from localcloud.core.refusal import Refusal
from localcloud.core.tag_operations import CAMEL_CASE, Spelling, TagOperations

ARN = "arn:aws:events:eu-west-1:000000000000:rule/r"


def test_tags_are_a_list() -> None:
    resource = {"a": "1"}
    operations = TagOperations({ARN: resource}.__getitem__)
    operations.tag_resource({"ResourceARN": ARN, "Tags": [{"Key": "b", "Value": "2"}]})
    operations.untag_resource({"ResourceARN": ARN, "TagKeys": ["a", "unknown"]})
    assert operations.list_tags_for_resource({"ResourceARN": ARN}) == {"Tags": [{"Key": "b", "Value": "2"}]}
    assert resource == {"b": "2"}


def test_tags_are_a_map_and_the_arn_has_another_name() -> None:
    operations = TagOperations({ARN: {"a": "1"}}.__getitem__, spelling=Spelling(arn="resource"), as_map=True)
    operations.tag_resource({"resource": ARN, "Tags": {"a": "2"}})
    assert operations.list_tags_for_resource({"resource": ARN}) == {"Tags": {"a": "2"}}


def test_members_in_camel_case_and_pages() -> None:
    operations = TagOperations({ARN: {"a": "1"}}.__getitem__, spelling=CAMEL_CASE, paging={"limit": 1})
    operations.tag_resource({"resourceArn": ARN, "tags": [{"key": "b", "value": "2"}]})
    page = operations.list_tags_for_resource({"resourceArn": ARN})
    assert page["tags"] == [{"key": "a", "value": "1"}]
    page = operations.list_tags_for_resource({"resourceArn": ARN, "NextToken": page["NextToken"]})
    assert page == {"tags": [{"key": "b", "value": "2"}]}
    operations.untag_resource({"resourceArn": ARN, "tagKeys": ["a", "b"]})
    assert operations.list_tags_for_resource({"resourceArn": ARN}) == {"tags": []}


@pytest.mark.parametrize(("new", "code"), [("aws:x", "Invalid"), ("c", "TooMany")])
def test_refusals_have_the_codes_of_the_service_and_change_nothing(new: str, code: str) -> None:
    resource = {"a": "1", "b": "2"}
    operations = TagOperations({ARN: resource}.__getitem__, limit=2, invalid="Invalid", too_many="TooMany")
    with pytest.raises(Refusal) as caught:
        operations.tag_resource({"ResourceARN": ARN, "Tags": [{"Key": new, "Value": ""}]})
    assert caught.value.code == code
    assert resource == {"a": "1", "b": "2"}
