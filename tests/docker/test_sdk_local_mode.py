"""The SDK's own local mode runs our steps in containers of JOB_IMAGE: what it shares with localcloud is S3 alone.

Left out, as local mode cannot do it: Register (RegisterModel is refused), Continuous uploads (they become EndOfJob).
"""

import os
import subprocess

import boto3
import pytest

from aws import sessions
from localcloud.testing import start_cloud
from pipelines import definition, example_data
from pipelines.definition import compile
from settings.environments import CONFIG
from settings.loader import load

pytestmark = pytest.mark.local_mode
ROWS = 3000


@pytest.fixture
def settings():
    return load("local", CONFIG)


@pytest.fixture
def cloud_with_data(tmp_path, settings):
    """localcloud's, with the data, the scripts and what a first run finds."""
    with start_cloud(tmp_path / "cloud", speed=1.0) as cloud:
        client = cloud.client("s3")
        client.create_bucket(Bucket=settings.bucket, CreateBucketConfiguration={"LocationConstraint": cloud.region})
        compiled = compile(settings)
        for uri, content in (compiled.uploads | compiled.initial_objects).items():
            client.put_object(Bucket=settings.bucket, Key=key(uri, settings), Body=content)
        example_data.write(tmp_path / "churn.csv", ROWS)
        client.upload_file(
            str(tmp_path / "churn.csv"), settings.bucket, key(f"{settings.prefix}/data/churn.csv", settings)
        )
        yield cloud


def key(uri, settings):
    return uri.removeprefix(f"s3://{settings.bucket}/")


def steps_of(settings, session):
    """Ours, with JOB_IMAGE for the image and nothing after a gate that is passed."""
    from pipelines import bundle
    from pipelines.parameters import declare
    from pipelines.steps.common import StepContext
    from pipelines.steps.evaluate import evaluate
    from pipelines.steps.preprocess import preprocess
    from pipelines.steps.quality_gate import quality_gate, quality_gate_failed
    from pipelines.steps.train import train

    code = bundle.read(definition.SCRIPTS)
    uri = bundle.add({}, settings.prefix, code)
    parameters = declare(settings)
    context = StepContext(settings, session, parameters, os.environ["JOB_IMAGE"], uri, bundle.digest(code))
    first = preprocess(context)
    second = train(context, first)
    third = evaluate(context, first, second)
    gate = quality_gate(context, passed=None, failed=quality_gate_failed(context))
    gate.if_steps = []
    return parameters.as_list(), [first, second, third, gate]


def run(settings, url, **parameters):
    """Returns the SDK's description of the execution, and of its steps."""
    with sessions.offline(settings, lambda path: definition._upload({}, settings.prefix, path)) as session:
        from sagemaker.mlops.local import LocalPipelineSession
        from sagemaker.mlops.workflow import Pipeline

        boto = boto3.session.Session("local", "local", region_name=settings.aws.region)
        local = LocalPipelineSession(boto, settings.bucket, s3_endpoint_url=url)
        create = local.sagemaker_client.create_processing_job

        def with_uploads_at_the_end(name, **request):
            for output in request["ProcessingOutputConfig"]["Outputs"]:
                output["S3Output"]["S3UploadMode"] = "EndOfJob"
            return create(name, **request)

        local.sagemaker_client.create_processing_job = with_uploads_at_the_end
        declared, steps = steps_of(settings, session)
        pipeline = Pipeline(name="local-mode", parameters=declared, steps=steps, sagemaker_session=local)
        local.create_pipeline(pipeline, "")
        execution = local.start_pipeline_execution("local-mode", PipelineParameters=parameters)
        return execution.describe(), {
            step["StepName"]: step for step in execution.list_steps()["PipelineExecutionSteps"]
        }


def docker(*words):
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path, monkeypatch):
    """The SDK leaves its folders, ended containers and a network."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    containers = ("ps", "--all", "--quiet", "--filter", "name=-algo-1-")
    network = ("network", "ls", "--quiet", "--filter", "name=sagemaker-local")
    before = docker(*containers), docker(*network)
    yield
    for container in docker(*containers) - before[0]:
        docker("rm", "--force", container)
    for each in docker(*network) - before[1]:
        docker("network", "rm", each)


@pytest.mark.parametrize(("threshold", "passed"), [(0.5, True), (0.99, False)])
def test_the_sdks_local_mode_runs_our_steps(settings, cloud_with_data, threshold, passed):
    execution, steps = run(settings, cloud_with_data.url, DataUri=f"{settings.prefix}/data", Threshold=threshold)
    done = {name: step["StepStatus"] for name, step in steps.items()}
    succeeded = dict.fromkeys(("Preprocess", "Train", "Evaluate", "QualityGate"), "Succeeded")
    assert done == succeeded | ({} if passed else {"QualityGateFailed": "Failed"}), execution
    assert steps["QualityGate"]["Metadata"]["Condition"]["Outcome"] is passed
    reason = execution.get("FailureReason", "")
    assert ("quality gate not passed: auc is 0." in reason and ", at least 0.99 is needed" in reason) is not passed
