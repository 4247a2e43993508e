"""New or other files under the same address are another version of the data."""

import pytest

from pipelines.data_version import data_version
from pipelines.errors import AwsProblem


class S3:
    def __init__(self, *pages):
        self.pages = [
            {"Contents": [dict(zip(("Key", "Size", "ETag"), entry, strict=True)) for entry in p]} for p in pages
        ]

    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket, Prefix):
        assert (Bucket, Prefix) == ("b", "data")
        return self.pages or [{}]


def version(*pages):
    return data_version("s3://b/data", S3(*pages))


ONE, TWO = ("data/1.csv", 10, '"aa"'), ("data/2.csv", 20, '"bb"')


def test_the_same_listing_is_the_same_version_however_it_is_paged():
    assert version([ONE, TWO]) == version([ONE], [TWO])


@pytest.mark.parametrize("other", [[ONE], [ONE, ("data/2.csv", 20, '"cc"')], [ONE, ("data/3.csv", 20, '"bb"')]])
def test_fewer_changed_or_renamed_files_are_another_version(other):
    assert version(other) != version([ONE, TWO])


@pytest.mark.parametrize("pages", [[], [[("data/", 0, '"d4"')]]])
def test_an_address_without_data_is_refused(pages):
    with pytest.raises(AwsProblem, match=r"s3://b/data holds no data: .*data\.uri"):
        version(*pages)
