"""The section about what starts a training without anybody: the clock, data that arrives, an alarm of drift."""

from __future__ import annotations

from typing import Annotated

from settings.calendar import Repeated, TimeZone
from settings.fields import Section, matching, optional

DataKey = Annotated[
    str,
    matching(
        optional(r"(?!s3://)[^\s\\\"]{1,512}"),
        'be a key of the bucket, * for any part of it, such as "churn/data/*/_SUCCESS", or "" for never',
    ),
]
AlarmPrefix = Annotated[
    str,
    matching(optional(r"(?! )[ !#-~]{1,255}"), 'be how the names of the alarms begin, such as "churn-drift", or ""'),
]


class Retraining(Section):
    schedule: Repeated
    timezone: TimeZone
    data_arrival: DataKey
    drift_alarms: AlarmPrefix
