"""Tags: both forms, the reserved prefix, the limit."""

import pytest

from localcloud.core import tags
from localcloud.core.refusal import Refusal

MANY = {f"key-{number}": "" for number in range(tags.LIMIT)}


def test_both_forms() -> None:
    assert tags.as_dict(tags.as_list({"a": "1", "b": "2"})) == {"a": "1", "b": "2"}
    assert tags.as_dict(None) == {}


def test_a_replaced_tag_does_not_count_twice() -> None:
    assert tags.checked({"key-0": "new"}, MANY) == {"key-0": "new"}


@pytest.mark.parametrize(("new", "code"), [({"AWS:x": ""}, "Invalid"), ({"one-more": ""}, "TooMany")])
def test_reserved_and_too_many_keys_are_refused(new: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as caught:
        tags.checked(new, MANY, invalid="Invalid", too_many="TooMany")
    assert caught.value.code == code
