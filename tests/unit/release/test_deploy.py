"""Before the endpoint changes: the alarms of the judgement are OK, and the old fleet is on record where it must be."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from release import deploy
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus
from release.watch.clock import Deadline
from settings.errors import Problem

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ALARMS = ("new-judgement", "new-unjudged")


@pytest.fixture
def wait(context, service, monkeypatch):
    """Waits with these states of both alarms in turn; returns how often it looked."""

    def run(*states, knows_old=True, alarms=ALARMS, known_good=False):
        looks, waiting = [], list(states)

        def describe_alarms(**_):
            state = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return {"MetricAlarms": [{"AlarmName": name, "StateValue": state} for name in ALARMS]}

        monkeypatch.setattr(Deadline, "least_real", 0)
        service("cloudwatch", describe_alarms=describe_alarms)
        times = iter(range(0, 100_000, 60))
        monkeypatch.setattr(
            deploy, "read", lambda _: EndpointStatus(START + timedelta(seconds=next(times)), "InService")
        )
        live = SimpleNamespace(look=lambda *_, **__: looks.append(1), knows_old=knows_old)
        deployment = Deployment("p", "new", "m", "old", "t", START.isoformat(), True, alarms, known_good)
        deploy._wait_for_alarms(context, SimpleNamespace(check=lambda: None), deployment, live)
        return len(looks)

    return run


def test_until_both_alarms_are_ok(wait):
    assert wait("INSUFFICIENT_DATA", "ALARM", "OK") == 3


def test_not_for_ever(wait):
    with pytest.raises(Problem, match="are not OK after 16 minutes .*: the deployment did not begin"):
        wait("ALARM")


def test_a_rollback_does_not_wait_for_a_fleet_that_may_not_answer(wait):
    assert wait("OK", knows_old=False, known_good=True) == 1


def test_the_old_fleet_is_recorded_first_but_not_for_ever(wait):
    assert wait("OK", knows_old=True) == 1
    assert wait("OK", knows_old=False) == 1 + deploy.LONGEST_WAIT // 60 + 1


@pytest.mark.parametrize("alarms", [(), ("a",), ("new-judgement",)])
def test_an_emergency_and_what_has_no_guardrail_do_not_wait(wait, alarms):
    assert wait("ALARM", alarms=alarms) == 0
