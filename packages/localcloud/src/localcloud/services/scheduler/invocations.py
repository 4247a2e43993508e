"""How a schedule's target is invoked: as events delivers, with Scheduler's own input, dead letters and metrics."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from localcloud.services.events.delivery import Deliveries
from localcloud.services.events.entries import stamp
from localcloud.services.events.failures import understood
from localcloud.services.events.targets import Sending, Undelivered
from localcloud.services.events.transform import Matched
from localcloud.services.scheduler.records import Schedule
from localcloud.services.scheduler.targets import send

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

CONTEXT = re.compile(r"<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>")
METRICS = {
    "FailedInvocations": "InvocationDroppedCount",
    "InvocationsSentToDlq": "InvocationsSentToDeadLetterCount",
    "InvocationsFailedToBeSentToDlq": "InvocationsFailedToBeSentToDeadLetterCount",
}


class Invocations(Deliveries):
    sender = "schedule"

    def send(self, sending: Sending) -> None:
        self._count(sending, "InvocationAttemptCount")
        try:
            send(self.cloud, sending.target, text(sending), sending.id)
        except Exception as error:
            self._count(sending, "TargetErrorCount")
            raise _by_its_own_code(error) from error

    def letter(self, sending: Sending, failure: Undelivered) -> tuple[str, dict[str, str]]:
        """What the target would have got."""
        return text(sending), {
            "SCHEDULE_ARN": sending.matched.rule_arn,
            "TARGET_ARN": sending.target["Arn"],
            "EXECUTION_ID": sending.id,
            "SCHEDULED_TIME": sending.matched.received,
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message,
            "RETRY_ATTEMPTS": str(sending.retries),
            "IS_PAYLOAD_TRUNCATED": "false",
        }

    def measure(self, sending: Sending, name: str) -> None:
        if name in METRICS:
            self._count(sending, METRICS[name])

    def _count(self, sending: Sending, name: str) -> None:
        group = sending.matched.rule_arn.split("/")[1]
        self.cloud.metric("AWS/Scheduler", name, 1, {"ScheduleGroup": group}, "Count")


def invocation(cloud: Cloud, schedule: Schedule, due: datetime) -> Sending:
    """A target without Input is told what AWS tells by default."""
    id, time = str(uuid.uuid4()), stamp(due)
    event = {
        "version": "0",
        "id": id,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": cloud.account,
        "time": time,
        "region": cloud.region,
        "resources": [schedule.arn],
        "detail": "{}",
    }
    matched = Matched(event, schedule.arn, schedule.name, time)
    return Sending(id, schedule.said["Target"], matched, cloud.clock.seconds())


def _by_its_own_code(error: Exception) -> Exception:
    """EventBridge has codes for what went wrong; Scheduler tells the target's."""
    told = getattr(error, "response", {}).get("Error", {})
    failure = understood(error)
    return Undelivered(told["Code"], told.get("Message", ""), retry=failure.retry) if told and failure else error


def text(sending: Sending) -> str:
    """Its input, with the context attributes filled in."""
    values = {
        "schedule-arn": sending.matched.rule_arn,
        "scheduled-time": sending.matched.received,
        "execution-id": sending.id,
        "attempt-number": str(sending.retries + 1),
    }
    told = sending.target.get("Input") or json.dumps(sending.event)
    return CONTEXT.sub(lambda found: values[found[1]], told)
