"""The zones of a new network."""

import pytest

from codepipeline.stacks import stacks
from codepipeline.zones import choose, with_zones
from settings.errors import Problem
from settings.loader import load

EVERY = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


def test_a_zone_without_one_of_the_services_is_not_taken():
    assert choose({"kms": EVERY, "sagemaker.api": EVERY[:0:-1], "logs": EVERY}, "eu-west-1") == EVERY[1:]
    assert choose({"kms": EVERY, "logs": EVERY}, "eu-west-1") == EVERY[:2]


def test_fewer_than_two_zones_are_refused_with_what_is_offered():
    with pytest.raises(Problem, match="no 2 zones of eu-west-1 offer") as caught:
        choose({"kms": EVERY, "sagemaker.api": EVERY[:1]}, "eu-west-1")
    assert "  sagemaker.api: eu-west-1a" in str(caught.value)


def test_a_network_gets_the_zones_that_aws_offers(folder, aws):
    directory = folder()
    network, *_ = stacks(load("dev", directory), directory, network=True)
    parameters = with_zones(network, aws("ec2"), "eu-west-1").parameters
    assert (parameters["FirstZone"], parameters["SecondZone"]) == ("eu-west-1a", "eu-west-1b")
    assert parameters["Project"] == "churn"
