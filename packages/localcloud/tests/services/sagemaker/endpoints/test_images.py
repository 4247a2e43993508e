"""An endpoint runs the image that its tag named when it was created or updated."""

import pytest
from support.images import upload_image

URI = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/churn"


@pytest.fixture
def push(cloud):
    """An image for a word, with a tag; returns its digest."""
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="churn")
    return lambda word, tag: upload_image(ecr, "churn", word, tag).digest


def deployed(endpoints):
    (image,) = endpoints.endpoint()["ProductionVariants"][0]["DeployedImages"]
    return image["SpecifiedImage"], image["ResolvedImage"]


def test_a_tag_that_moves_changes_no_endpoint_until_it_is_updated(cloud, endpoints, push):
    first = push("one", "prod")
    endpoints.image = f"{URI}:prod"
    endpoints.create("a")
    assert deployed(endpoints) == (f"{URI}:prod", f"{URI}@{first}")
    resolved = endpoints.endpoint()["ProductionVariants"][0]["DeployedImages"][0]["ResolutionTime"]
    assert abs((resolved - cloud.clock.now()).total_seconds()) < 0.01
    second = push("two", "prod")
    assert deployed(endpoints) == (f"{URI}:prod", f"{URI}@{first}")
    endpoints.config("b")
    endpoints.client.update_endpoint(EndpointName="churn", EndpointConfigName="b")
    assert deployed(endpoints) == (f"{URI}:prod", f"{URI}@{second}")
    assert [fleet.more["container"]["ResolvedImage"] for fleet in endpoints.fleets] == [
        f"{URI}@{first}",
        f"{URI}@{second}",
    ]


def test_a_digest_and_an_image_of_others_stay_as_they_are(cloud, endpoints, push):
    digest = push("one", "prod")
    endpoints.image = f"{URI}@{digest}"
    endpoints.create("a")
    assert deployed(endpoints) == (f"{URI}@{digest}", f"{URI}@{digest}")
