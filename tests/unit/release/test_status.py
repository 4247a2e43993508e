"""What ``--status`` prints of the live release."""

from datetime import UTC, datetime

import pytest

from release import status
from release.state.endpoint import EndpointStatus
from release.state.live_package import LivePackage
from release.state.records import GoodRelease

MODIFIED = "2026-01-05T12:00:00+00:00"


def good(number, hour):
    return GoodRelease(
        f"arn:package/{number}", f"c{number}", "m", "", "", f"c0ffee{number}", f"2026-01-05T{hour:02}:00:00"
    )


def since(context, monkeypatch, releases):
    endpoint = EndpointStatus(datetime(2026, 1, 5, 13, tzinfo=UTC), "InService", "c2", modified=MODIFIED)
    live = LivePackage(endpoint, "m2", "arn:package/2")
    monkeypatch.setattr(status, "read_live_package", lambda _: live)
    monkeypatch.setattr(status.records, "last_good", lambda _: releases)
    monkeypatch.setattr(status.verdict_records, "newest", lambda *_: [])
    monkeypatch.setattr(status, "_alarms", lambda *_: [])
    monkeypatch.setattr(status, "_commit", lambda *_: "c0ffee2")
    monkeypatch.setattr(status.s3_documents, "bucket_exists", lambda _: True)
    monkeypatch.setattr(status, "_never_deployed", lambda *_: [])
    monkeypatch.setattr(status, "_clock", lambda _: "")
    lines = status.status(context).splitlines()
    assert "  commit   c0ffee2" in lines
    return next(line.removeprefix("  since    ") for line in lines if line.startswith("  since "))


def test_the_time_is_that_of_the_verdict(context, monkeypatch):
    assert since(context, monkeypatch, [good(2, 9), good(1, 8)]) == "2026-01-05 09:00:00 UTC"


@pytest.mark.parametrize("releases", [[], [good(1, 8)], [good(1, 10), good(2, 9)]])
def test_without_a_verdict_it_is_that_of_the_last_change(context, monkeypatch, releases):
    """The last case: an older release was rolled back to, and its run was killed before the verdict."""
    assert since(context, monkeypatch, releases) == "2026-01-05 12:00:00 UTC (last change; not judged good since)"


@pytest.fixture
def sagemaker(aws):
    """With two approved packages, the second one newer."""
    client = aws("sagemaker")
    client.create_model_package_group(ModelPackageGroupName="churn")
    containers = {
        "Containers": [{"Image": "000000000000.dkr.ecr.eu-west-1.amazonaws.com/i", "ModelDataUrl": "s3://b/m"}]
    }
    formats = {"SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    for _ in range(2):
        client.create_model_package(
            ModelPackageGroupName="churn", ModelApprovalStatus="Approved", InferenceSpecification=containers | formats
        )
    return client


@pytest.fixture
def real(context, aws, sagemaker):
    """The context with the clients of a cloud whose clock stands still, and with its bucket."""
    bucket = context.settings.bucket
    aws("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for service in ("s3", "cloudwatch", "sts", "sagemaker"):
        context.clients[service] = aws(service)
    return context


def test_what_is_approved_and_was_never_deployed_is_listed(real):
    assert "approved, but never deployed here: churn/2, churn/1 (" in status.status(real)


def test_without_the_bucket_of_the_records_it_shows_the_rest(real, aws):
    aws("s3").delete_bucket(Bucket=real.settings.bucket)
    lines = status.status(real).splitlines()
    assert lines[0] == "endpoint churn-local does not exist: --package ARN creates it"
    assert f"the bucket {real.settings.bucket} does not exist: there are no records of releases" in lines


@pytest.mark.parametrize(("speed", "words"), [(1, ""), (80, ", and it is 80 times as fast as real time")])
def test_it_says_whose_clock_its_times_are_by(real, cloud, speed, words):
    cloud.clock.speed = speed
    last = status.status(real).splitlines()[-1]
    assert last == f"times are by AWS's clock, where it is {cloud.clock.now():%Y-%m-%d %H:%M:%S} UTC{words}"
