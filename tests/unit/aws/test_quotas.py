"""Quotas are read by name, as far as needed; what cannot be read refuses nothing."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from aws.quotas import endpoint_quota, read, shortage

QUOTA = endpoint_quota("ml.m5.large")


class Quotas:
    def __init__(self, *pages, error=None):
        self.pages, self.error, self.read = pages, error, 0

    def get_paginator(self, operation):
        assert operation == "list_service_quotas"
        return self

    def paginate(self, ServiceCode):
        assert ServiceCode == "sagemaker"
        if self.error:
            raise self.error
        for page in self.pages:
            self.read += 1
            yield {"Quotas": [{"QuotaName": name, "Value": value} for name, value in page.items()]}


def test_no_more_pages_are_read_than_needed():
    service = Quotas({"other": 1.0}, {QUOTA: 4.0}, {"third": 1.0})
    assert read(lambda _: service, [QUOTA]) == {QUOTA: 4.0}
    assert service.read == 2


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListServiceQuotas"),
        EndpointConnectionError(endpoint_url="https://servicequotas"),
    ],
)
def test_without_permission_or_a_way_there_nothing_is_known(error):
    assert read(lambda _: Quotas(error=error), [QUOTA]) is None


def test_other_errors_are_raised():
    with pytest.raises(ValueError, match="defect"):
        read(lambda _: Quotas(error=ValueError("defect")), [QUOTA])


@pytest.mark.parametrize(("quotas", "short"), [({}, False), ({QUOTA: 4.0}, False), ({QUOTA: 3.0}, True)])
def test_a_shortage_names_quota_need_and_remedy(quotas, short):
    sentence = shortage(QUOTA, 4, quotas)
    assert bool(sentence) is short
    if short:
        assert sentence.startswith('the quota "ml.m5.large for endpoint usage" is 3, and 4 are needed: request')
