"""The steps of an execution act under the role of its pipeline."""

import pytest
from botocore.exceptions import ClientError
from support.policies import allow

pytestmark = pytest.mark.roles
ROLE = "arn:aws:iam::000000000000:role/churn-dev"
SESSION = "arn:aws:sts::000000000000:assumed-role/churn-dev/SageMaker"


@pytest.fixture
def services(pipelines_alone):
    return pipelines_alone


def under_the_role(access):
    return [(call, request) for who, call, request in access.decisions if who == SESSION]


def test_jobs_are_created_described_and_stopped_under_it(cloud, runs, make, access):
    arn = runs.start(make.body(make.processing("First"), make.training("Second", DependsOn=["First"])))
    first = runs.jobs.of("First")
    runs.jobs.finish("First")
    second = runs.jobs.of("Second")
    runs.client.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="t" * 32)
    calls = under_the_role(access)
    assert [call for call, _ in calls] == [
        "sagemaker.CreateProcessingJob",
        "sagemaker.DescribeProcessingJob",
        "sagemaker.CreateTrainingJob",
        "sagemaker.StopTrainingJob",
        "sagemaker.DescribeTrainingJob",
    ]
    assert calls[0][1]["RoleArn"] == ROLE and calls[0][1]["Tags"]
    assert calls[1][1] == {"ProcessingJobName": first}
    assert calls[3][1] == calls[4][1] == {"TrainingJobName": second}
    assert access.sessions == {ROLE: ("sagemaker.amazonaws.com", cloud.arn("sagemaker", "pipeline/churn"))}


def test_packages_are_registered_under_it(runs, make, access):
    runs.start(make.body(make.register("Register")))
    assert [call for call, _ in under_the_role(access)] == [
        "sagemaker.DescribeModelPackageGroup",
        "sagemaker.CreateModelPackageGroup",
        "sagemaker.CreateModelPackage",
        "sagemaker.DescribeModelPackage",
    ]


@pytest.mark.parametrize(
    ("denied", "failing"),
    [
        ("CreateProcessingJob", "CreateProcessingJob"),
        ("DescribeProcessingJob", "DescribeProcessingJob"),
        ("DescribeModelPackageGroup", "CreateModelPackage"),
        ("CreateModelPackageGroup", "CreateModelPackage"),
        ("CreateModelPackage", "CreateModelPackage"),
        ("DescribeModelPackage", "CreateModelPackage"),
    ],
)
def test_a_denied_call_fails_the_step_in_aws_s_words(runs, make, access, denied, failing):
    access.denied = {f"sagemaker.{denied}"}
    arn = runs.start(make.body(make.processing("Work"), make.register("Register", DependsOn=["Work"])))
    if runs.jobs.running():
        runs.jobs.finish("Work")
    assert runs.status(arn) == "Failed"
    (step,) = [step for step in runs.steps(arn).values() if step["StepStatus"] == "Failed"]
    beginning = f"ClientError: Failed to invoke sagemaker:{failing}. Error Details: User: {SESSION} is not authorized "
    assert step["FailureReason"].startswith(beginning + f"to perform: sagemaker:{denied}")


def test_a_denied_group_is_not_created(runs, make, access):
    access.denied = {"sagemaker.DescribeModelPackageGroup"}
    runs.start(make.body(make.register("Register")))
    assert runs.registry.groups == {}


def test_a_role_that_sagemaker_cannot_assume_fails_the_step(runs, make, access):
    access.untrusting = {ROLE}
    arn = runs.start(make.body(make.processing("Work")))
    assert "sts:AssumeRole" in runs.steps(arn)["Work"]["FailureReason"]


def test_property_files_are_read_under_it(cloud, runs, make, access):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket="bucket", Key="n.json", Body=b'{"n": 3}')
    number = {"Std:JsonGet": {"S3Uri": "s3://bucket/n.json", "Path": "n"}}
    gate = make.condition("Gate", make.compare("LessThan", number, 5))
    assert runs.status(runs.start(make.body(gate))) == "Succeeded"
    assert under_the_role(access) == [("s3.GetObject", {"Bucket": "bucket", "Key": "n.json"})]
    access.denied = {"s3.GetObject"}
    denied = runs.start()
    assert "is not authorized to perform: s3:GetObject" in runs.steps(denied)["Gate"]["FailureReason"]


def test_a_definition_in_s3_is_read_as_the_caller(cloud, runs, make, open_session):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket="bucket", Key="churn.json", Body=make.body(make.processing("Work")).encode())
    location = {"Bucket": "bucket", "ObjectKey": "churn.json"}
    request = {"PipelineName": "churn", "RoleArn": ROLE, "PipelineDefinitionS3Location": location}
    create = allow("sagemaker:CreatePipeline", "iam:PassRole")
    with pytest.raises(ClientError, match="is not authorized to perform: s3:GetObject"):
        cloud.client_as(open_session("without", create), "sagemaker").create_pipeline(**request)
    reader = open_session("reader", create, allow("s3:GetObject", resource="arn:aws:s3:::bucket/churn.json"))
    cloud.client_as(reader, "sagemaker").create_pipeline(**request)
    assert runs.client.describe_pipeline(PipelineName="churn")["PipelineStatus"] == "Active"


def test_a_stop_that_is_denied_lets_the_job_end(runs, make, access):
    access.denied = {"sagemaker.StopProcessingJob"}
    arn = runs.start(make.body(make.processing("Work")))
    runs.client.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="t" * 32)
    assert "requested" not in runs.jobs.jobs[runs.jobs.of("Work")]
    runs.jobs.finish("Work")
    assert runs.status(arn) == "Stopped"


PASS = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
JOBS = "arn:aws:sagemaker:eu-west-1:000000000000:processing-job/pipelines-*"
NEEDED = ("sagemaker:CreateProcessingJob", "sagemaker:AddTags", "sagemaker:DescribeProcessingJob", "iam:PassRole")


@pytest.mark.parametrize("missing", ["", *NEEDED])
def test_a_job_needs_these_actions_and_no_others(runs, make, create_role, missing):
    jobs = [action for action in NEEDED[:3] if action != missing]
    passing = [allow("iam:PassRole", resource=ROLE, Condition=PASS)] if missing != "iam:PassRole" else []
    trust = {"Principal": {"Service": "sagemaker.amazonaws.com"}}
    create_role("churn-dev", allow(*jobs, resource=JOBS), *passing, trust=trust)
    arn = runs.start(make.body(make.processing("Work")))
    if runs.jobs.running():
        runs.jobs.finish("Work")
    assert runs.status(arn) == ("Failed" if missing else "Succeeded")
    if missing:
        reason = runs.steps(arn)["Work"]["FailureReason"]
        assert f"User: {SESSION} is not authorized to perform: {missing} on resource: " in reason
        assert f"because no identity-based policy allows the {missing} action" in reason


def test_a_role_that_does_not_trust_sagemaker_fails_the_step(runs, make, create_role):
    create_role("churn-dev", allow("*"), trust={"Principal": {"Service": "codebuild.amazonaws.com"}})
    arn = runs.start(make.body(make.processing("Work")))
    assert "is not authorized to perform: sts:AssumeRole" in runs.steps(arn)["Work"]["FailureReason"]
