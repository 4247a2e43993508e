"""An image that is played by a command of its own serves with that."""

import sys

from localcloud.runtime.jobs.images import Image


def test_an_endpoint_is_served_by_the_command_of_its_image(hosting):
    hosting.cloud.images.replace([Image("image", serve=("python", "-c", "print('no model here')"))])
    assert "no model here" in hosting.failed()
    hosting.cloud.images.replace([Image("another", serve=("python", "-c", "print('no model here')"))])
    hosting.started().close()


def test_an_image_without_an_entry_is_named_in_the_log_of_its_instances(hosting):
    fleet = hosting.started(2)
    try:
        notice = f"localcloud: {sys.executable} stands for the image image, for which the seed's images have no entry"
        assert [message for _, message in hosting.log()].count(notice) == 2
    finally:
        fleet.close()


def test_an_endpoint_whose_image_was_deleted_does_not_start(hosting):
    uri = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/churn@sha256:1"
    assert hosting.failed(image=uri) == f"Requested image {uri} not found."
