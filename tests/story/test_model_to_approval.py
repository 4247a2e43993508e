"""A checkout with no account: the pipeline command starts a local AWS and makes a model; its approval is an event."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.testing import client_of
from settings.environments import CONFIG

ROOT = Path(__file__).resolve().parents[2]
QUICK = "[training]\nrounds = 20\nearly_stopping_rounds = 5\n[quality_gate]\nthreshold = 0.7\n"
APPROVALS = {
    "source": ["aws.sagemaker"],
    "detail-type": ["SageMaker Model Package State Change"],
    "detail": {
        "ModelPackageGroupName": ["churn"],
        "ModelApprovalStatus": ["Approved"],
        "UpdatedModelPackageFields": ["ModelApprovalStatus"],
    },
}
QUEUE = "arn:aws:sqs:eu-west-1:000000000000:approvals"
DELIVERIES = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:eu-west-1:000000000000:rule/approved"}},
    },
}


def run(*words):
    return subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, cwd=ROOT, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Settings whose local AWS has a folder of the test's own, and ends with it."""
    folder = tmp_path_factory.mktemp("story")
    shutil.copytree(CONFIG, folder / "config")
    local = folder / "config/local.toml"
    where = ["--folder", str(folder / "cloud"), "--config", str(folder / "config")]
    command = json.dumps(["python", "-m", "rehearsal.up", *where])
    lines = [
        f"endpoint_command = {command}" if "endpoint_command" in line else line
        for line in local.read_text().splitlines()
    ]
    local.write_text("\n".join(lines) + "\n" + QUICK)
    yield folder
    assert run("localcloud", "--folder", str(folder / "cloud"), "down").returncode == 0


@pytest.fixture(scope="module")
def first(folder):
    return run("pipelines.run", "--config", str(folder / "config"), "--upsert", "--start", "--wait")


@pytest.fixture(scope="module")
def aws(folder, first):
    return lambda service: client_of(folder / "cloud", service)


def test_one_command_makes_a_registered_model(first):
    assert first.returncode == 0, first.stdout + first.stderr
    assert "localcloud is up" in first.stderr
    assert "created pipeline churn-local" in first.stdout
    assert "registered arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/1" in first.stdout


def test_every_step_can_be_inspected(aws):
    sagemaker = aws("sagemaker")
    (execution,) = sagemaker.list_pipeline_executions(PipelineName="churn-local")["PipelineExecutionSummaries"]
    arn = execution["PipelineExecutionArn"]
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    steps = {step["StepName"]: step for step in listed}
    assert steps.keys() >= {"Preprocess", "Train", "Evaluate", "QualityGate", "Register"}
    assert "QualityGateFailed" not in steps
    assert {step["StepStatus"] for step in listed} == {"Succeeded"}
    name = steps["Train"]["Metadata"]["TrainingJob"]["Arn"].rsplit("/", 1)[-1]
    job = sagemaker.describe_training_job(TrainingJobName=name)
    assert job["TrainingJobStatus"] == "Completed"
    assert {metric["MetricName"] for metric in job["FinalMetricDataList"]} >= {"validation-auc", "validation-logloss"}
    streams = aws("logs").describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=name)
    assert streams["logStreams"]


def test_the_approval_is_an_event_and_later_edits_are_none(aws):
    sqs, events, sagemaker = aws("sqs"), aws("events"), aws("sagemaker")
    queue = sqs.create_queue(QueueName="approvals", Attributes={"Policy": json.dumps(DELIVERIES)})["QueueUrl"]
    events.put_rule(Name="approved", EventPattern=json.dumps(APPROVALS))
    events.put_targets(Rule="approved", Targets=[{"Id": "queue", "Arn": QUEUE}])
    arn = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/1"
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="good")
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"note": "edited later"})
    bodies = []
    for seconds in (20, 1, 1):  # for the first, and for those that must not follow it
        response = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=seconds, MaxNumberOfMessages=10)
        bodies += [json.loads(message["Body"]) for message in response.get("Messages", [])]
    assert [body["detail"]["ModelPackageArn"] for body in bodies] == [arn]
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    assert package["InferenceSpecification"]["Containers"]
    assert package["CustomerMetadataProperties"]["note"] == "edited later"


PACKAGE = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/{}"


def gate(aws, number):
    """Of a registered version's evaluation."""
    package = aws("sagemaker").describe_model_package(ModelPackageName=PACKAGE.format(number))
    bucket, _, key = package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"][len("s3://") :].partition("/")
    return json.loads(aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read())["gate"]


@pytest.mark.planted
def test_an_approval_makes_no_champion_and_the_next_run_takes_unchanged_steps_from_the_cache(folder, aws):
    aws("sagemaker").update_model_package(ModelPackageArn=PACKAGE.format(1), ModelApprovalStatus="Approved")
    again = run("pipelines.run", "--config", str(folder / "config"), "--upsert", "--start", "--wait")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "pipeline churn-local is unchanged" in again.stdout
    assert "Preprocess: Succeeded (cached)" in again.stdout
    assert "Train: Succeeded (cached)" in again.stdout
    packages = aws("sagemaker").list_model_packages(ModelPackageGroupName="churn")["ModelPackageSummaryList"]
    assert {package["ModelPackageVersion"] for package in packages} == {1, 2}
    assert (gate(aws, 1)["champion"], gate(aws, 2)["champion"]) == (None, None)


@pytest.mark.planted
def test_a_worse_model_does_not_pass_although_the_champion_s_stored_metric_is_worse_still(folder, aws):
    """Planted: the evaluation beside the champion's model is of harder rows. On the same rows its model is better."""
    bucket = "churn-local-000000000000-eu-west-1"
    released = aws("sagemaker").describe_model_package(ModelPackageName=PACKAGE.format(1))
    model = released["InferenceSpecification"]["Containers"][0]["ModelDataUrl"].removeprefix(f"s3://{bucket}/")
    source = {"Bucket": bucket, "Key": model}  # as release/verdict/champion.py leaves it
    aws("s3").copy_object(Bucket=bucket, Key="churn/champion/model.tar.gz", CopySource=source)
    stored = {"champion": "churn/1", "binary_classification_metrics": {"auc": {"value": 0.501}}}
    aws("s3").put_object(Bucket=bucket, Key="churn/champion/evaluation.json", Body=json.dumps(stored).encode())
    local = folder / "config/local.toml"
    local.write_text(local.read_text().replace("rounds = 20\n", "rounds = 1\n"))
    again = run(
        *("pipelines.run", "--config", str(folder / "config"), "--upsert", "--start", "--wait"),
        *("--parameters", "Threshold=0.51"),
    )
    assert again.returncode != 0, again.stdout + again.stderr
    value = gate(aws, 1)["value"]
    sentence = f"champion: fail, against the champion's auc of {value:.4f} on the same "
    assert sentence in again.stdout + again.stderr
    assert "0.02 is tolerated" in again.stdout + again.stderr
    packages = aws("sagemaker").list_model_packages(ModelPackageGroupName="churn")["ModelPackageSummaryList"]
    assert {package["ModelPackageVersion"] for package in packages} == {1, 2}


def test_nothing_failed_inside(folder, aws):
    status = run("localcloud", "--folder", str(folder / "cloud"), "status").stdout
    assert "of which 0 failed inside localcloud" in status
    assert "not implemented" not in status
    assert "  roles       are enforced\n" in status
    assert "denied" not in status
