"""An image that is played by a command of its own serves with that."""

from localcloud.runtime.jobs.images import Image


def test_an_endpoint_is_served_by_the_command_of_its_image(hosting):
    hosting.cloud.images.replace([Image("image", serve=("python", "-c", "print('no model here')"))])
    assert "no model here" in hosting.failed()
    hosting.cloud.images.replace([Image("another", serve=("python", "-c", "print('no model here')"))])
    hosting.started().close()
