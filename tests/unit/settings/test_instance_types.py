"""What names of instance types say."""

import pytest

from settings.instance_types import vcpus


@pytest.mark.parametrize(
    ("instance_type", "count"),
    [("ml.t2.medium", 2), ("ml.m5.large", 2), ("ml.m5.xlarge", 4), ("ml.c5.9xlarge", 36), ("ml.c5.metal", 256)],
)
def test_the_size_says_how_many_cpus_there_are(instance_type: str, count: int) -> None:
    assert vcpus(instance_type) == count
