"""Events of objects created and deleted, in buckets with EventBridge notifications enabled."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest


@pytest.fixture
def s3(cloud: Any, rule: Callable[..., str], queue: Callable[..., str]) -> Any:
    """Two buckets: ``notifying`` notifies EventBridge, ``other`` only a queue."""
    client = cloud.client("s3")
    for name in ("notifying", "other"):
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    client.put_bucket_notification_configuration(
        Bucket="notifying", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    only_queue = {"QueueConfigurations": [{"QueueArn": queue("other"), "Events": ["s3:ObjectCreated:*"]}]}
    client.put_bucket_notification_configuration(Bucket="other", NotificationConfiguration=only_queue)
    rule("s3", queue("q"), pattern={"source": ["aws.s3"]})
    return client


def test_an_object_that_is_put(cloud: Any, s3: Any, bodies: Any) -> None:
    etag = s3.put_object(Bucket="notifying", Key="dir/a b.csv", Body=b"12345")["ETag"].strip('"')
    (event,) = bodies("q")
    assert (event["detail-type"], event["resources"]) == ("Object Created", ["arn:aws:s3:::notifying"])
    detail = event["detail"]
    thing = detail.pop("object")
    assert len(thing.pop("sequencer")) == 16
    assert len(detail.pop("request-id")) == 16
    assert thing == {"key": "dir/a b.csv", "size": 5, "etag": etag}
    request = {"requester": cloud.account, "source-ip-address": "127.0.0.1", "reason": "PutObject"}
    assert detail == {"version": "0", "bucket": {"name": "notifying"}, **request}


def test_a_bucket_says_whether_it_notifies_eventbridge(s3: Any) -> None:
    assert s3.get_bucket_notification_configuration(Bucket="notifying")["EventBridgeConfiguration"] == {}
    only_queue = s3.get_bucket_notification_configuration(Bucket="other")
    assert "EventBridgeConfiguration" not in only_queue and len(only_queue["QueueConfigurations"]) == 1


def test_a_bucket_without_eventbridge_emits_nothing(s3: Any, bodies: Any) -> None:
    s3.put_object(Bucket="other", Key="a", Body=b"1")
    s3.delete_object(Bucket="other", Key="a")
    assert bodies("q") == []


def test_every_way_to_create_an_object(s3: Any, bodies: Any) -> None:
    s3.put_object(Bucket="other", Key="a", Body=b"1")
    s3.copy_object(Bucket="notifying", Key="copied", CopySource={"Bucket": "other", "Key": "a"})
    upload = s3.create_multipart_upload(Bucket="notifying", Key="large")["UploadId"]
    part = s3.upload_part(Bucket="notifying", Key="large", UploadId=upload, PartNumber=1, Body=b"123")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="notifying", Key="large", UploadId=upload, MultipartUpload=parts)
    reasons = [(event["detail"]["object"]["key"], event["detail"]["reason"]) for event in bodies("q")]
    assert sorted(reasons) == [("copied", "CopyObject"), ("large", "CompleteMultipartUpload")]


def test_objects_that_are_deleted(s3: Any, bodies: Any) -> None:
    etag = s3.put_object(Bucket="notifying", Key="a", Body=b"1")["ETag"].strip('"')
    s3.put_object(Bucket="notifying", Key="b", Body=b"1")
    bodies("q")
    s3.delete_object(Bucket="notifying", Key="a")
    (event,) = bodies("q")
    assert event["detail-type"] == "Object Deleted"
    assert event["detail"]["deletion-type"] == "Permanently Deleted"
    assert event["detail"]["reason"] == "DeleteObject"
    assert {name: event["detail"]["object"][name] for name in ("key", "etag")} == {"key": "a", "etag": etag}
    assert not {"size", "version-id"} & set(event["detail"]["object"])
    s3.delete_objects(Bucket="notifying", Delete={"Objects": [{"Key": "b"}]})
    assert [event["detail"]["object"]["key"] for event in bodies("q")] == ["b"]
    s3.delete_object(Bucket="notifying", Key="never existed")
    assert bodies("q") == []


def test_a_bucket_with_versions(s3: Any, bodies: Any) -> None:
    s3.put_bucket_versioning(Bucket="notifying", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="notifying", Key="a", Body=b"1")
    s3.put_object(Bucket="notifying", Key="a", Body=b"22")
    created = [event["detail"]["object"] for event in bodies("q")]
    assert {thing["size"]: thing["version-id"] for thing in created}[1] == first["VersionId"]
    assert len({thing["sequencer"] for thing in created}) == 2
    marker = s3.delete_object(Bucket="notifying", Key="a")["VersionId"]
    (event,) = bodies("q")
    assert event["detail"]["deletion-type"] == "Delete Marker Created"
    assert event["detail"]["object"]["version-id"] == marker
    s3.delete_object(Bucket="notifying", Key="a", VersionId=first["VersionId"])
    (event,) = bodies("q")
    assert event["detail"]["deletion-type"] == "Permanently Deleted"
    assert event["detail"]["object"]["version-id"] == first["VersionId"]
    assert event["detail"]["object"]["etag"] == first["ETag"].strip('"')


def test_a_refused_call_emits_nothing(s3: Any, bodies: Any) -> None:
    with pytest.raises(s3.exceptions.ClientError):
        s3.put_object(Bucket="none", Key="a", Body=b"1")
    with pytest.raises(s3.exceptions.ClientError):
        s3.delete_object(Bucket="none", Key="a")
    assert bodies("q") == []


def test_a_call_of_s3_does_not_wait_for_the_lock(cloud: Any, s3: Any, bodies: Any) -> None:
    """moto's lock of S3 is held when an event is reported: waiting for cloud.lock then could deadlock."""
    putting = Thread(target=s3.put_object, kwargs={"Bucket": "notifying", "Key": "a", "Body": b"1"})
    with cloud.lock:
        putting.start()
        putting.join(30)
        waited = putting.is_alive()
    putting.join(30)
    assert not waited
    assert len(bodies("q")) == 1


def test_a_closed_cloud_emits_nothing(cloud: Any, s3: Any, bodies: Any) -> None:
    cloud.services["events"].s3_events.close()
    s3.put_object(Bucket="notifying", Key="a", Body=b"1")
    assert bodies("q") == []
