"""A release right behind a rollback: alarms of both fleets are in ALARM until their window has no bad minute any more.

The release waits that long, by AWS's clock, and no longer: a live model that still fails is refused as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from aws.times import for_people
from release.context import Context
from release.names import standing_alarms
from release.plan.plan import Plan
from release.state.alarm_history import ALARM
from release.state.state import State

DELAY = timedelta(minutes=2)  # with which metrics arrive
Planned = tuple[State, Plan]


def plan_after_rollback(context: Context, make_plan: Callable[[], Planned]) -> Planned:
    """Makes the plan, and makes it again until those alarms are OK."""
    state, plan = make_plan()
    if not (_waits(context, state, plan) and state.now):
        return state, plan
    limits = context.settings.alarms
    until = state.now + timedelta(seconds=limits.period_seconds * limits.evaluation_periods) + DELAY
    context.say(
        f"the alarm {', '.join(_active(state, plan))} is still in ALARM, as right behind a rollback: waiting for it to "
        f"be OK, until {for_people(until)} at the latest"
    )
    while _waits(context, state, plan) and state.now and state.now < until:
        context.sleep(context.timing.longest_poll)
        state, plan = make_plan()
    return state, plan


def _waits(context: Context, state: State, plan: Plan) -> bool:
    """Is it the one thing in the way? What a person named as an alarm is not waited for."""
    active = _active(state, plan)
    own = set(active) <= set(standing_alarms(context.endpoint_name))
    return plan.shifts and state.status == "InService" and bool(active) and own


def _active(state: State, plan: Plan) -> list[str]:
    return [name for name in plan.alarm_names if state.alarms.get(name) == ALARM]
