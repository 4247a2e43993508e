"""An approved package that nobody releases to production raises an alarm, by the real template and under its role."""

import json
import shutil

import pytest

from codepipeline.stacks import stacks
from localcloud.testing import settle_events
from settings.environments import CONFIG
from settings.loader import load
from tests import roles
from tests.story.delivery.delivery import wait_until
from tests.story.delivery.models import Registry
from tests.story.permissions import record

pytestmark = pytest.mark.roles
HOUR = 3600
ALARM = "churn-local-overdue"
PRODUCTION = "churn-prod-000000000000-eu-west-1"


@pytest.fixture
def mailbox(cloud, aws, tmp_path):
    """Creates the stacks, and a queue that receives what the topic sends."""
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    base = config / "base.toml"
    base.write_text(base.read_text().replace("overdue_hours = 24", "overdue_hours = 5"))
    for stack in stacks(load("local", config), config):
        if stack.holds_data or stack.template == "overdue.yml":
            roles.create_stack(cloud, stack, stack.path.read_text())
    url = aws("sqs").create_queue(QueueName="mailbox")["QueueUrl"]
    policy = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy |= {"Resource": cloud.arn("sqs", "mailbox")}
    attributes = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [policy]})}
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)
    aws("sns").subscribe(TopicArn=cloud.arn("sns", "churn-local"), Protocol="sqs", Endpoint=cloud.arn("sqs", "mailbox"))

    def states():
        """The states that people have been notified of since."""
        found = aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for each in found:
            aws("sqs").delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        messages = [json.loads(json.loads(each["Body"])["Message"]) for each in found]
        assert {each["AlarmName"] for each in messages} <= {ALARM}
        return [each["NewStateValue"] for each in messages]

    return states


@pytest.fixture
def wait(cloud, aws):
    def log():
        """Of all checks."""
        assert cloud.logs.flush()
        group = {"logGroupName": f"/aws/codebuild/{ALARM}"}
        return "\n".join(each["message"] for each in aws("logs").filter_log_events(**group)["events"])

    def checks():
        """The statuses of all so far."""
        ids = aws("codebuild").list_builds_for_project(projectName=ALARM)["ids"]
        return [each["buildStatus"] for each in aws("codebuild").batch_get_builds(ids=ids)["builds"]]

    def wait(hours):
        """Every check of these hours has ended."""
        for _ in range(0, hours, 3):
            cloud.clock.advance(3 * HOUR)
            settle_events(cloud)
            statuses = wait_until(lambda: "IN_PROGRESS" not in (found := checks()) and found)
            assert set(statuses) == {"SUCCEEDED"}, log()

    return wait


def test_what_is_approved_and_not_released_raises_an_alarm_until_production_has_a_verdict(
    cloud, aws, mailbox, wait, request
):
    registry = Registry(aws("sagemaker"), aws("s3"), "0" * 40)
    registry.register()
    package = registry.register()
    aws("sagemaker").update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    wait(12)
    assert mailbox() == ["OK", "ALARM"]
    verdict = {"verdict": "rolled back", "deployment": {"package": package}}
    key = "churn/releases/churn-prod/verdicts/20260101T000000Z-churn-prod-1.json"
    aws("s3").put_object(Bucket=PRODUCTION, Key=key, Body=json.dumps(verdict, indent=1).encode() + b"\n")
    wait(9)
    assert mailbox() == ["OK"]
    aws("scheduler").delete_schedule(Name="check", GroupName=ALARM)
    wait(36)
    assert mailbox() == ["INSUFFICIENT_DATA"]
    assert not list(cloud.access.denials)
    record(cloud, request.module.__name__)
