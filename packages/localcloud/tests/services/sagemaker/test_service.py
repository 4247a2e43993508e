"""The parts of the service together: what one needs of another arrives."""

import time

import pytest

TAGS = [{"Key": "team", "Value": "churn"}]


@pytest.fixture
def services():
    from localcloud.services.sagemaker.service import SageMaker

    return [SageMaker]


@pytest.fixture
def run(runs):
    """Starts an execution and returns its status when it is over."""

    def run(body):
        arn = runs.start(body)
        end = time.monotonic() + 60
        while runs.status(arn) == "Executing":
            assert time.monotonic() < end, runs.steps(arn)
            time.sleep(0.02)
        return arn, runs.status(arn)

    return run


@pytest.fixture
def bash(make):
    """A processing step that runs a line of bash."""

    def step(name, line, **more):
        processing = make.processing(name, "-c", line, **more)
        processing["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = ["/bin/bash"]
        return processing

    return step


def test_the_end_of_a_job_continues_the_execution_that_started_it(run, runs, make, bash):
    use = make.processing("Use", {"Get": "Steps.Work.ProcessingJobStatus"})
    use["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = ["/bin/test", "Completed", "="]
    arn, status = run(make.body(bash("Work", "true"), use))
    assert status == "Succeeded"
    job = runs.steps(arn)["Work"]["Metadata"]["ProcessingJob"]["Arn"].rsplit("/", 1)[-1]
    assert runs.client.describe_processing_job(ProcessingJobName=job)["ProcessingJobStatus"] == "Completed"
    assert {"Key": "sagemaker:pipeline-step-name", "Value": "Work"} in runs.client.list_tags(
        ResourceArn=runs.steps(arn)["Work"]["Metadata"]["ProcessingJob"]["Arn"]
    )["Tags"]


def test_a_job_that_fails_fails_its_execution(run, make, bash):
    assert run(make.body(bash("Work", "exit 3")))[1] == "Failed"


def test_a_registration_creates_its_group_with_one_version(run, runs, make):
    assert run(make.body(make.register("Register")))[1] == "Succeeded"
    (package,) = runs.client.list_model_packages(ModelPackageGroupName="churn")["ModelPackageSummaryList"]
    assert package["ModelPackageVersion"] == 1


def test_resources_of_all_parts_share_the_tags_and_a_reset_deletes_them(runs, make):
    client = runs.client
    client.create_pipeline(
        PipelineName="p",
        PipelineDefinition=make.body(make.fail("F")),
        RoleArn="arn:aws:iam::000000000000:role/churn-dev",
        Tags=TAGS,
    )
    group = client.create_model_package_group(ModelPackageGroupName="g", Tags=TAGS)["ModelPackageGroupArn"]
    pipeline = client.describe_pipeline(PipelineName="p")["PipelineArn"]
    for arn in (pipeline, group):
        assert client.list_tags(ResourceArn=arn)["Tags"] == TAGS
    runs.cloud.reset()
    for arn in (pipeline, group):
        with pytest.raises(client.exceptions.ClientError, match="does not exist"):
            client.list_tags(ResourceArn=arn)
    assert client.list_model_package_groups()["ModelPackageGroupSummaryList"] == []
    assert client.list_pipelines()["PipelineSummaries"] == []
