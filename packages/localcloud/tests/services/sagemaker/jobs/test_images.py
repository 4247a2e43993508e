"""Jobs run with the interpreter of their image."""

import sys

from localcloud.runtime.jobs.images import Image


def test_a_job_runs_with_the_interpreter_of_its_image(jobs, tmp_path):
    python = tmp_path / "python-of-the-image"
    python.write_text(f'#!/bin/sh\nPLAYED=1 exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    script = ["python3", "-c", "import os; print(os.environ.get('PLAYED'))"]
    notice = f"localcloud: {sys.executable} stands for the image image, for which the seed's images have no entry"
    for image, lines in (("image", ["1"]), ("another", [notice, "None"])):
        jobs.cloud.images.replace([Image(image, str(python))])
        jobs.processing("", image, AppSpecification={"ImageUri": "image", "ContainerEntrypoint": script})
        jobs.over(name=image)
        assert jobs.lines(name=image)[f"{image}/algo-1"] == lines


def test_a_job_whose_image_does_not_exist_fails_when_it_starts(jobs):
    image = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/churn:2"
    jobs.processing("", "job", AppSpecification={"ImageUri": image, "ContainerEntrypoint": ["true"]})
    job = jobs.over(name="job")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == f"ClientError: Requested image {image} not found."
