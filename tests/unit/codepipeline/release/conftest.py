"""A site without AWS: real settings, an S3 that honours conditions, and a sleep that does not."""

import hashlib
import io
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from codepipeline.deploy.site import Pace, Site
from pipelines.settings import load


def refusal(code, message="no", operation="Operation", status=400):
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


class FakeS3:
    """Objects by key; conditions are kept as S3 keeps them."""

    def __init__(self):
        self.objects, self.before_put = {}, []

    def get_object(self, Bucket, Key):
        if Key not in self.objects:
            raise refusal("NoSuchKey", operation="GetObject")
        return {"Body": io.BytesIO(self.objects[Key]), "ETag": self.etag(Key)}

    def put_object(self, Bucket, Key, Body, ContentType, IfMatch=None, IfNoneMatch=None):
        if self.before_put:
            self.before_put.pop(0)()
        if (IfNoneMatch and Key in self.objects) or (IfMatch and IfMatch != self.etag(Key)):
            raise refusal("PreconditionFailed", operation="PutObject", status=412)
        self.objects[Key] = Body
        return {"ETag": self.etag(Key)}

    def etag(self, key):
        return hashlib.sha256(self.objects.get(key, b"")).hexdigest()


@pytest.fixture
def refuse():
    return refusal


@pytest.fixture
def s3():
    return FakeS3()


@pytest.fixture
def site(s3):
    """What was said stands in ``site.said``; other clients are added to ``site.clients``."""
    said, clients = [], {"s3": s3}
    pace = Pace(0.001, 0.002, 0.001, 0.02, 0.1)
    made = Site(load("local"), clients.__getitem__, said.append, pace)
    object.__setattr__(made, "said", said)
    object.__setattr__(made, "clients", clients)
    return made


@pytest.fixture
def service(site):
    """Puts a stand-in for a service into the site: its methods by name."""

    def put(name, **methods):
        site.clients[name] = SimpleNamespace(**methods)

    return put
