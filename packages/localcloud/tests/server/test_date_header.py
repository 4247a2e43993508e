"""The Date of every response is the time of the cloud."""

from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError


def date(response):
    return parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"])


@pytest.mark.parametrize(
    "service, operation, request_",
    [
        ("sagemaker", "list_models", {}),
        ("cloudwatch", "list_metrics", {}),
        ("s3", "list_buckets", {}),
        ("sts", "get_caller_identity", {}),
    ],
)
def test_responses_of_localclouds_and_motos_services(cloud, aws, service, operation, request_):
    cloud.clock.advance(86_400)
    now = cloud.clock.now().replace(microsecond=0)
    assert date(getattr(aws(service), operation)(**request_)) == now
    cloud.clock.advance(3600)
    assert date(getattr(aws(service), operation)(**request_)) == now + timedelta(hours=1)


def test_refusals_have_the_date_of_the_cloud(cloud, aws):
    cloud.clock.advance(86_400)
    for call in (
        lambda: aws("sagemaker").describe_model(ModelName="none"),
        lambda: aws("s3").get_object(Bucket="none", Key="none"),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert date(refused.value.response) == cloud.clock.now().replace(microsecond=0)


def test_a_response_has_one_date(cloud, aws):
    cloud.clock.advance(86_400)
    with urlopen(f"{cloud.url}/_localcloud/status", timeout=30) as response:  # noqa: S310 - a URL of the test
        dates = response.headers.get_all("Date")
    assert [parsedate_to_datetime(each) for each in dates] == [cloud.clock.now().replace(microsecond=0)]
