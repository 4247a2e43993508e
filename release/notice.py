"""The notice of a verdict, for people: what, where, the verdict, why, what next, and the command. To the stage's topic.

A notice that cannot be sent changes no verdict. A run that was killed sends it when it is run again, maybe twice.
"""

from __future__ import annotations

from datetime import datetime

from aws.tables import columns
from aws.times import for_people
from release.context import Context
from release.names import short
from release.state.deployment import Deployment

SUBJECT = 100  # characters, the maximum of SNS
COMMAND = "python -m codepipeline.deploy --env {env}"
NEXT = {
    "shipped": ("nothing has to be done", "--status"),
    "rolled back": (
        "the model before serves all requests again; find the cause, then reject the package in the registry, or take "
        "responsibility for its verdict and release it again",
        '--package {package} --accept "reason"',
    ),
    "inconclusive": (
        "the new model is live, and does not count as good: have it judged again on more requests, accept it "
        '(--accept "reason"), or go back (--rollback)',
        "--package {package}",
    ),
    "failed": ("look at what is live; --rollback brings the last good one back", "--status"),
}


def publish(context: Context, deployment: Deployment, outcome: str, reason: str, at: datetime) -> None:
    topic = context.settings.topic_arn
    message = {
        "Subject": subject(context, deployment, outcome),
        "Message": text(context, deployment, outcome, reason, at),
    }
    try:
        context.retry(lambda: context.client("sns").publish(TopicArn=topic, **message))
    except Exception as error:  # noqa: BLE001 - whatever it is, the verdict is more important
        context.say(f"no notice was sent to {topic}: {' '.join(str(error).split())}")


def subject(context: Context, deployment: Deployment, outcome: str) -> str:
    return f"{context.endpoint_name}: {short(deployment.package)} {outcome}"[:SUBJECT]


def text(context: Context, deployment: Deployment, outcome: str, reason: str, at: datetime) -> str:
    settings, (what_next, words) = context.settings, NEXT[outcome]
    command = f"{COMMAND} {words}".format(env=settings.layers, package=deployment.package)
    where = f"endpoint {context.endpoint_name}, account {settings.account}, {settings.aws.region}"
    rows = [
        ("what", f"release of {short(deployment.package)}, started on {for_people(deployment.since)}"),
        ("where", where),
        ("verdict", f"{outcome}, on {for_people(at)}"),
        ("why", reason),
        ("next", what_next),
        ("command", command),
    ]
    return columns(rows, indent="")
