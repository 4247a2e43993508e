"""The archive of a package in S3: what lies there is hashed, each version once."""

import hashlib
import io
from datetime import UTC, datetime

import pytest

from release.state.archive import read_archive

MODIFIED = datetime(2026, 1, 5, 9, tzinfo=UTC)
CONTAINER = {"ModelDataUrl": "s3://bucket/churn/runs/1/model.tar.gz"}


class Body(io.BytesIO):
    def iter_chunks(self, size):
        while chunk := self.read(size):
            yield chunk


class FakeS3:
    """``objects``: what lies there at each request, a version and a content."""

    def __init__(self, *objects):
        self._objects, self.bodies = iter(objects), []

    def get_object(self, Bucket, Key):
        version, content = next(self._objects)
        self.bodies.append(Body(content))
        return {"Body": self.bodies[-1], "LastModified": MODIFIED, **({"VersionId": version} if version else {})}


def hash_of(content):
    return hashlib.sha256(content).hexdigest()


def test_a_version_is_read_once_and_another_one_is_read():
    s3 = FakeS3(("of-this-test", b"good"), ("of-this-test", b"never read"), ("another", b"bad"))
    found = [read_archive(CONTAINER, s3) for _ in range(3)]
    assert [each.sha256 for each in found] == [hash_of(b"good"), hash_of(b"good"), hash_of(b"bad")]
    assert [each.version for each in found] == ["of-this-test", "of-this-test", "another"]
    assert s3.bodies[1].closed
    assert found[-1].written == "written on 2026-01-05 09:00:00 UTC as version another"


@pytest.mark.parametrize("version", ["", "null"])
def test_without_versions_the_content_may_change_and_is_read_each_time(version):
    s3 = FakeS3((version, b"good"), (version, b"bad"))
    assert [read_archive(CONTAINER, s3).sha256 for _ in range(2)] == [hash_of(b"good"), hash_of(b"bad")]
