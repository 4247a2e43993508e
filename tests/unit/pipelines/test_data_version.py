"""New or changed files under the same URI are another version of the data."""

import pytest

from pipelines.data_version import data_version
from settings.errors import AwsProblem


class S3:
    def __init__(self, *pages):
        self.pages = [
            {"Contents": [dict(zip(("Key", "Size", "ETag"), entry, strict=True)) for entry in p]} for p in pages
        ]

    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket, Prefix):
        assert (Bucket, Prefix) == ("bucket", "data")
        return self.pages or [{}]


def version(*pages):
    return data_version("s3://bucket/data", S3(*pages))


ONE, TWO = ("data/1.csv", 10, '"aa"'), ("data/2.csv", 20, '"bb"')


def test_the_same_listing_is_the_same_version_however_it_is_paged():
    assert version([ONE, TWO]) == version([ONE], [TWO])


@pytest.mark.parametrize("other", [[ONE], [ONE, ("data/2.csv", 20, '"cc"')], [ONE, ("data/3.csv", 20, '"bb"')]])
def test_fewer_changed_or_renamed_files_are_another_version(other):
    assert version(other) != version([ONE, TWO])


@pytest.mark.parametrize("pages", [[], [[("data/", 0, '"d4"')]]])
def test_an_address_without_data_is_refused(pages):
    with pytest.raises(AwsProblem, match=r"s3://bucket/data holds no data: .*data\.uri"):
        version(*pages)


@pytest.mark.parametrize("uri", ["/home/me/data", "s3://", "data.csv", "s3://My Bucket/data", "http://b/data"])
def test_a_uri_outside_s3_is_refused_before_any_call(uri):
    with pytest.raises(AwsProblem, match="is not a data location: write s3://bucket/prefix"):
        data_version(uri, None)
