"""What can go wrong after the approval: the model fails real customers, or there is nothing left to deploy with."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.story.delivery.models import NEWEST
from tests.story.delivery.office import Office, until

ROW = f"41,{NEWEST}\n".encode()


@pytest.fixture(scope="module")
def good(office: Office) -> str:
    """A version that is live in production. Bakes are long from here on: an alarm cuts them short."""
    local = office.checkout.config / "local.toml"
    local.write_text(local.read_text().replace("\nwait_seconds = 180\n", "\nwait_seconds = 1800\n"))
    office.push_code_that_makes_no_model()
    package = office.registry().register()
    office.approve_unheard(package)
    done = office.run("codepipeline.deploy", "--env", "prod+local", "--package", package)
    assert not done.returncode, done.stdout + done.stderr
    return package


@contextmanager
def customers(office: Office) -> Iterator[Counter[str]]:
    """Of production, all on the newest plan."""
    counts: Counter[str] = Counter()
    ended = threading.Event()
    runtime = office.aws("sagemaker-runtime")

    def ask() -> None:
        while not ended.wait(0.02):
            try:
                counts[office.ask("prod", ROW)] += 1
            except runtime.exceptions.ModelError:
                counts["failed"] += 1

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_a_model_that_fails_customers_is_rolled_back_and_somebody_is_told(office: Office, good: str) -> None:
    bad = office.registry().register(failing=True)
    office.approve(bad)
    (execution,) = office.executions("deploy")
    with customers(office) as counts:
        office.answer(execution, "Approved")
        assert office.ended("deploy", execution) == "Failed"
    outcomes = office.outcomes("deploy", execution)
    assert (outcomes["Staging/Deploy"], outcomes["Staging/Smoke"]) == ("Succeeded", "Succeeded")
    assert outcomes["Production/Deploy"] == "Failed"
    assert "Production/Verify" not in outcomes
    assert "rolled back: alarm churn-prod-" in office.told("deploy", execution)
    assert (office.live("staging"), office.live("prod")) == (bad, good)
    assert office.ask("prod", ROW) == "yes,0.01"
    assert 0 < counts["failed"] < counts["yes,0.01"]
    assert set(counts) == {"failed", "yes,0.01"}
    assert office.failures() == [("churn-local-deploy", execution)]


def test_an_approval_that_reaches_nobody_lands_in_the_dead_letters_and_their_alarm_rings(
    office: Office, good: str
) -> None:
    cloudwatch, sqs = office.aws("cloudwatch"), office.aws("sqs")
    package = office.registry().register()
    asked = {"AlarmNames": ["churn-local-dead-letters"]}
    office.aws("codepipeline").delete_pipeline(name="churn-local-deploy")
    office.cloud.faults.throttle("codepipeline.StartPipelineExecution", times=2)  # that is tried again
    assert cloudwatch.describe_alarms(**asked)["MetricAlarms"][0]["StateValue"] == "OK"
    before = len(office.mail())
    office.approve(package)
    url = sqs.get_queue_url(QueueName="churn-local-dead-letters")["QueueUrl"]
    alarm = until(lambda: cloudwatch.describe_alarms(**asked, StateValue="ALARM")["MetricAlarms"])[0]
    assert alarm["AlarmActions"] == [office.cloud.arn("sns", "churn-local")]
    told = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    attributes = {name: each["StringValue"] for name, each in told[0]["MessageAttributes"].items()}
    assert json.loads(told[0]["Body"])["detail"]["ModelPackageArn"] == package
    assert attributes["RULE_ARN"].endswith("rule/churn-local-approved")
    assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]) == ("NO_RESOURCE", "2")
    assert until(lambda: [each["AlarmName"] for each in office.mail()[before:]]) == ["churn-local-dead-letters"]
    assert package not in (office.live("staging"), office.live("prod"))
