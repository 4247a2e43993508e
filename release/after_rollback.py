"""A release right behind a rollback: the alarm of both fleets is in ALARM until its window has no bad minute any more.

The release waits that long, by AWS's clock, and no longer: a live model that still fails is refused as ever.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from aws.times import for_people
from release.context import Context
from release.names import standing_alarm
from release.plan.plan import Plan
from release.state.alarm_history import ALARM
from release.state.state import State

DELAY = timedelta(minutes=2)  # with which metrics arrive
Planned = tuple[State, Plan]


def plan_after_rollback(context: Context, make_plan: Callable[[], Planned]) -> Planned:
    """Makes the plan, and makes it again until that alarm is OK."""
    state, plan = make_plan()
    if not (_waits(context, state, plan) and state.now):
        return state, plan
    limits = context.settings.alarms
    until = state.now + timedelta(seconds=limits.period_seconds * limits.evaluation_periods) + DELAY
    context.say(
        f"the alarm {_alarm(context)} is still in ALARM, as right behind a rollback: waiting for it to be OK, until "
        f"{for_people(until)} at the latest"
    )
    while _waits(context, state, plan) and state.now and state.now < until:
        context.sleep(context.timing.longest_poll)
        state, plan = make_plan()
    return state, plan


def _waits(context: Context, state: State, plan: Plan) -> bool:
    """Is it the one thing in the way? What a person named as an alarm is not waited for."""
    name = _alarm(context)
    others = any(state.alarms.get(each) == ALARM for each in plan.alarm_names if each != name)
    in_alarm = name in plan.alarm_names and state.alarms.get(name) == ALARM
    return plan.shifts and state.status == "InService" and in_alarm and not others


def _alarm(context: Context) -> str:
    return standing_alarm(context.endpoint_name, "5xx-rate")
