"""What starts a training without a push, by the real templates and under their role: a schedule, new data, an alarm."""

import json
import shutil

import pytest

from codepipeline.stacks import name_of, stacks
from localcloud.testing import settle_events
from settings.environments import CONFIG
from settings.loader import load
from tests import roles
from tests.story.permissions import record

DAY = 86_400
RETRAINING = """
[retraining]
schedule = "cron(0 3 * * ? *)"
data_arrival = "churn/data/*/_SUCCESS"
drift_alarms = "churn-drift"
"""
SAME = {"Type": "Equals", "LeftValue": "a", "RightValue": "a"}
DEFINITION = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": "DataVersion", "Type": "String", "DefaultValue": ""}],
    "Steps": [
        {"Name": "Check", "Type": "Condition", "Arguments": {"Conditions": [SAME], "IfSteps": [], "ElseSteps": []}}
    ],
}
DRIFT = {
    "AlarmName": "churn-drift-age",
    "Namespace": "churn",
    "MetricName": "drift",
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def settings(cloud, tmp_path):
    """Of the stage, whose stacks exist."""
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    with (config / "local.toml").open("a") as file:
        file.write(RETRAINING)
    settings = load("local", config)
    roles.create(cloud, config)
    (schedules,) = (stack for stack in stacks(settings, config) if stack.name == name_of(settings, "schedules"))
    roles.create_stack(cloud, schedules, schedules.path.read_text())
    return settings


def test_each_starts_a_training_and_what_cannot_start_is_kept(cloud, aws, settings, request):
    sagemaker, queue = aws("sagemaker"), aws("sqs").get_queue_url(QueueName="churn-local-dead-letters")["QueueUrl"]
    definition = {"PipelineDefinition": json.dumps(DEFINITION), "RoleArn": settings.role_arn}
    sagemaker.create_pipeline(PipelineName="churn-local", ClientRequestToken="t" * 32, **definition)

    def executions():
        settle_events(cloud)
        return len(sagemaker.list_pipeline_executions(PipelineName="churn-local")["PipelineExecutionSummaries"])

    cloud.clock.advance(DAY)
    assert executions() == 1
    aws("s3").put_object(Bucket=settings.bucket, Key="churn/data/2/_SUCCESS", Body=b"")
    assert executions() == 2
    aws("cloudwatch").put_metric_alarm(**DRIFT)
    aws("cloudwatch").set_alarm_state(AlarmName=DRIFT["AlarmName"], StateValue="ALARM", StateReason="drift")
    assert executions() == 3
    assert not list(cloud.access.denials)
    sagemaker.delete_pipeline(PipelineName="churn-local", ClientRequestToken="t" * 32)
    cloud.clock.advance(DAY)
    settle_events(cloud)
    (message,) = aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert "churn-local by schedule" in message["Body"]
    assert not list(cloud.access.denials)
    record(cloud, request.module.__name__)
