"""Autoscaling bounds that apply from a certain time on, until another schedule changes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.fields import Section, matching
from settings.schedule_expressions import ScheduleExpression, TimeZone


class ScalingSchedule(Section):
    name: Annotated[
        str,
        matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", 'be 1 to 100 letters, digits and _.-, such as "weekday-morning"'),
    ]
    expression: ScheduleExpression
    min_instances: int = Field(ge=0)
    max_instances: int = Field(ge=1)
    timezone: TimeZone
