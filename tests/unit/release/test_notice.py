"""The notice of a verdict: everything that a person needs is in it, and it never changes the verdict."""

import json
from datetime import UTC, datetime

import pytest

from release import notice
from release.state.deployment import Deployment
from release.verdict.verdict import EXIT_CODES

PACKAGE = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/7"
DEPLOYMENT = Deployment(PACKAGE, "c2", "m2", "c1", "", "2026-01-05T09:00:00+00:00", True, ())
AT = datetime(2026, 1, 5, 9, 30, 1, tzinfo=UTC)
REASON = "alarm churn-local-5xx-rate fired: 25 % against 1 %"


@pytest.mark.parametrize(
    ("outcome", "command"),
    [
        ("shipped", "--env local --status"),
        ("rolled back", f'--env local --package {PACKAGE} --accept "reason"'),
        ("inconclusive", f"--env local --package {PACKAGE}"),
        ("failed", "--env local --status"),
    ],
)
def test_what_where_verdict_why_next_command(context, outcome, command):
    lines = notice.text(context, DEPLOYMENT, outcome, REASON, AT).splitlines()
    rows = dict(line.split(maxsplit=1) for line in lines)
    assert list(rows) == ["what", "where", "verdict", "why", "next", "command"]
    assert rows["what"] == "release of churn/7, started on 2026-01-05 09:00:00 UTC"
    assert rows["where"] == "endpoint churn-local, account 000000000000, eu-west-1"
    assert rows["verdict"] == f"{outcome}, on 2026-01-05 09:30:01 UTC"
    assert rows["why"] == REASON
    assert rows["command"] == f"python -m codepipeline.deploy {command}"


def test_every_outcome_that_is_recorded_has_a_next_step():
    assert set(notice.NEXT) == set(EXIT_CODES) - {"unchanged"}


def test_it_goes_to_the_topic_of_the_stage(context, aws, cloud):
    context.clients["sns"] = aws("sns")
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, "Resource": cloud.arn("sqs", "mailbox")}]})
    queue = aws("sqs").create_queue(QueueName="mailbox", Attributes={"Policy": policy})["QueueUrl"]
    topic = aws("sns").create_topic(Name="churn-local")["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=cloud.arn("sqs", "mailbox"))
    notice.publish(context, DEPLOYMENT, "rolled back", REASON, AT)
    (message,) = aws("sqs").receive_message(QueueUrl=queue)["Messages"]
    body = json.loads(message["Body"])
    assert body["Subject"] == "churn-local: churn/7 rolled back"
    assert REASON in body["Message"]


def test_a_topic_that_does_not_exist_is_reported_and_changes_nothing(context, aws):
    context.clients["sns"] = aws("sns")
    notice.publish(context, DEPLOYMENT, "shipped", REASON, AT)
    (line,) = context.lines
    assert line.startswith("no notice was sent to arn:aws:sns:eu-west-1:000000000000:churn-local: ")
