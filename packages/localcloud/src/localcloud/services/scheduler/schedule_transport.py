"""How schedules invoke their targets: Scheduler's input, dead letters and metrics for the deliveries of events.

The target and the dead-letter queue are called under the target's role.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime

from localcloud.core.access.principal import Principal
from localcloud.core.metrics import MetricEmitter
from localcloud.services.events.entries import iso_time
from localcloud.services.events.failures import failure_of
from localcloud.services.events.invocation import DeliveryFailure, Invocation
from localcloud.services.events.transform import Match
from localcloud.services.scheduler.records import Schedule
from localcloud.services.scheduler.targets import ScheduleTargets

CONTEXT = re.compile(r"<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>")
METRICS = {
    "FailedInvocations": "InvocationDroppedCount",
    "InvocationsSentToDlq": "InvocationsSentToDeadLetterCount",
    "InvocationsFailedToBeSentToDlq": "InvocationsFailedToBeSentToDeadLetterCount",
}


class ScheduleTransport:
    source = "schedule"

    def __init__(self, targets: ScheduleTargets, metrics: MetricEmitter) -> None:
        self._targets, self._metrics = targets, metrics

    def send(self, invocation: Invocation) -> None:
        self._emit(invocation, "InvocationAttemptCount")
        try:
            principal = self._principal(invocation)
            self._targets.send(principal, invocation.target, render_input(invocation), invocation.id)
        except Exception as error:
            self._emit(invocation, "TargetErrorCount")
            raise _with_target_code(error) from error

    def dead_letter(self, invocation: Invocation, failure: DeliveryFailure) -> tuple[str, dict[str, str]]:
        """The target's input."""
        return render_input(invocation), {
            "SCHEDULE_ARN": invocation.match.rule_arn,
            "TARGET_ARN": invocation.target["Arn"],
            "EXECUTION_ID": invocation.id,
            "SCHEDULED_TIME": invocation.match.ingestion_time,
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message,
            "RETRY_ATTEMPTS": str(invocation.retries),
            "IS_PAYLOAD_TRUNCATED": "false",
        }

    def dead_letter_principal(self, invocation: Invocation) -> Principal:
        return self._principal(invocation)

    def _principal(self, invocation: Invocation) -> Principal:
        group = invocation.match.rule_arn.replace(":schedule/", ":schedule-group/").rpartition("/")[0]
        return self._targets.principal(invocation.target, group)

    def count(self, invocation: Invocation, metric: str) -> None:
        if metric in METRICS:
            self._emit(invocation, METRICS[metric])

    def _emit(self, invocation: Invocation, metric: str) -> None:
        group = invocation.match.rule_arn.split("/")[1]
        self._metrics.emit("AWS/Scheduler", metric, 1, {"ScheduleGroup": group}, "Count")


def new_invocation(schedule: Schedule, due: datetime, *, account: str, region: str, created: float) -> Invocation:
    """A target without Input gets AWS's default event."""
    id, time = str(uuid.uuid4()), iso_time(due)
    event = {
        "version": "0",
        "id": id,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": account,
        "time": time,
        "region": region,
        "resources": [schedule.arn],
        "detail": "{}",
    }
    return Invocation(id, schedule.settings["Target"], Match(event, schedule.arn, schedule.name, time), created)


def render_input(invocation: Invocation) -> str:
    """The input with its context attributes filled in."""
    values = {
        "schedule-arn": invocation.match.rule_arn,
        "scheduled-time": invocation.match.ingestion_time,
        "execution-id": invocation.id,
        "attempt-number": str(invocation.retries + 1),
    }
    text = invocation.target.get("Input") or json.dumps(invocation.event)
    return CONTEXT.sub(lambda attribute: values[attribute[1]], text)


def _with_target_code(error: Exception) -> Exception:
    """EventBridge has codes of its own for failures; Scheduler reports the target's."""
    response = getattr(error, "response", {}).get("Error", {})
    failure = failure_of(error)
    if not response or not failure:
        return error
    return DeliveryFailure(response["Code"], response.get("Message", ""), retry=failure.retry)
