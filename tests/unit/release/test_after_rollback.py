"""A release right behind a rollback waits for the alarm of both fleets, as long as that can take and no longer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from release.after_rollback import plan_after_rollback
from release.plan.plan import plan

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
EXTRA = '[alarms]\nextra = ["orders-low"]\n'


@pytest.fixture
def wait(settings_of, live, context):
    """With the states of the alarms at each look, 30 seconds apart; returns how often it looked, and the last state."""

    def run(*looks, overlay="", now=False, **changes):
        settings = settings_of(overlay)
        object.__setattr__(context, "settings", settings)
        states = [live(settings, now=START + timedelta(seconds=30 * number), **changes) for number in range(len(looks))]
        states = [replace(state, alarms={**state.alarms, **look}) for state, look in zip(states, looks, strict=True)]
        plans = iter([(state, plan(settings, state, all_at_once=now)) for state in states])
        state, _ = plan_after_rollback(context, lambda: next(plans))
        return len(looks) - len(list(plans)), state.alarms["churn-prod-5xx-rate"]

    return run


ALARM, OK = {"churn-prod-5xx-rate": "ALARM"}, {"churn-prod-5xx-rate": "OK"}


def test_it_waits_until_the_alarm_is_ok_and_says_until_when_at_the_latest(wait, context):
    assert wait(ALARM, ALARM, OK, OK) == (3, "OK")
    assert "waiting for it to be OK, until 2026-01-05 09:05:00 UTC at the latest" in context.lines[0]


def test_a_live_model_that_still_fails_is_not_waited_for_longer(wait):
    assert wait(*[ALARM] * 30) == (11, "ALARM")  # 3 periods and the delay of metrics: 5 minutes


@pytest.mark.parametrize(
    ("look", "options"),
    [
        (OK, {}),
        (ALARM, {"now": True}),  # nothing watches the old fleet
        (ALARM | {"orders-low": "ALARM"}, {"overlay": EXTRA}),  # somebody's own alarm: refused at once
    ],
)
def test_otherwise_it_does_not_wait(wait, context, look, options):
    assert wait(look, look, **options)[0] == 1
    assert context.lines == []
