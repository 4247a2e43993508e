"""The section of automatic retraining: by schedule, by new data, by an alarm of drift."""

from __future__ import annotations

from typing import Annotated

from settings.fields import Section, matching, optional
from settings.schedule_expressions import RepeatedSchedule, TimeZone

DataKey = Annotated[
    str,
    matching(
        optional(r"(?!s3://)[^\s\\\"]{1,512}"),
        'be a key of the bucket, * for any part of it, such as "churn/data/*/_SUCCESS", or "" for never',
    ),
]
AlarmPrefix = Annotated[
    str,
    matching(optional(r"(?! )[ !#-~]{1,255}"), 'be a prefix of names of alarms, such as "churn-drift", or ""'),
]


class Retraining(Section):
    schedule: RepeatedSchedule
    timezone: TimeZone
    data_arrival: DataKey
    drift_alarms: AlarmPrefix
