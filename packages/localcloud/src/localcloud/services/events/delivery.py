"""Each target gets its own delivery: attempts on a thread of the pool, pauses on the clock, then the dead-letter queue.

What another attempt cannot mend (no such queue, no permission, a bad parameter) is given up at once, as AWS does it.
AWS does not publish its pauses; here they are 1, 2, 4, ... seconds, at most ten minutes. EventBridge Scheduler delivers
likewise (localcloud/scheduler): it overrides ``send``, ``letter`` and ``measure``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Condition
from typing import TYPE_CHECKING, Any

from localcloud.services.events.failures import understood
from localcloud.services.events.senders import queue_url
from localcloud.services.events.targets import Arn, Sending, Undelivered, kind_of
from localcloud.services.events.transform import compact

if TYPE_CHECKING:
    from localcloud.core.clock import Timer
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
MOST_ATTEMPTS, OLDEST = 185, 86_400  # AWS's defaults: retries, seconds
LONGEST_PAUSE = 600


class Deliveries:
    sender = "rule"

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._busy = 0
        self._changed = Condition()
        self._waiting: dict[str, Timer] = {}  # the next attempt, by the sending's id
        self._round = 0  # what began before a reset is not continued after it

    def start(self, sending: Sending) -> None:
        self.work(self._attempt, sending, self._round)

    def work(self, function: Callable[..., Any], *arguments: Any) -> None:
        """On another thread; ``settle`` waits for it."""
        with self._changed:
            self._busy += 1
        self.cloud.work(function, *arguments).add_done_callback(lambda _: self._done())

    def settle(self, timeout: float = 60) -> None:
        """Until nothing is under way but what waits for the clock. For tests."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._busy, timeout):
                raise TimeoutError(f"{self._busy} deliveries are still under way after {timeout} s")

    def reset(self) -> None:
        """Under the lock."""
        self._round += 1
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()

    def _done(self) -> None:
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def _attempt(self, sending: Sending, begun: int) -> None:
        if begun != self._round:
            return
        try:
            self.send(sending)
        except Exception as error:  # whatever one target does must not harm another
            failure = understood(error)
            if failure:
                self._failed(sending, failure, begun)
                return
            self._give_up(sending, Undelivered("INTERNAL_ERROR", f"a defect of localcloud: {error!r}"))
            raise
        self.measure(sending, "Invocations")

    def _failed(self, sending: Sending, failure: Undelivered, begun: int) -> None:
        policy = sending.target.get("RetryPolicy", {})
        if begun != self._round:
            return
        if not failure.retry:
            self._give_up(sending, failure)
        elif sending.retries >= policy.get("MaximumRetryAttempts", MOST_ATTEMPTS):
            self._give_up(sending, failure, "MaximumRetryAttempts")
        else:
            oldest = sending.born + policy.get("MaximumEventAgeInSeconds", OLDEST)
            self._retry_later(sending, failure, begun, oldest)

    def _retry_later(self, sending: Sending, failure: Undelivered, begun: int, oldest: float) -> None:
        due = self.cloud.clock.seconds() + min(2**sending.retries, LONGEST_PAUSE)

        def again() -> None:
            with self.cloud.lock:
                self._waiting.pop(sending.id, None)
            if due >= oldest:
                self.work(self._give_up, sending, failure, "MaximumEventAgeInSeconds")
            else:
                sending.retries += 1
                self.work(self._attempt, sending, begun)

        with self.cloud.lock:
            self._waiting[sending.id] = self.cloud.clock.at(min(due, oldest), again)

    def _give_up(self, sending: Sending, failure: Undelivered, exhausted: str = "") -> None:
        """Logged, counted, and put on the dead-letter queue when the target has one."""
        who, to = f"{self.sender} {sending.matched.rule_name}", sending.target["Arn"]
        log.warning("%s could not deliver to %s: %s: %s", who, to, failure.code, failure.message)
        self.measure(sending, "FailedInvocations")
        queue = sending.target.get("DeadLetterConfig", {}).get("Arn")
        if not queue:
            return
        try:
            self._bury(sending, failure, exhausted, queue)
        except Exception as error:
            log.exception("%s lost an event: its dead-letter queue %s does not take it", who, queue)
            self.measure(sending, "InvocationsFailedToBeSentToDlq")
            if not understood(error):
                raise
        else:
            self.measure(sending, "InvocationsSentToDlq")

    def _bury(self, sending: Sending, failure: Undelivered, exhausted: str, queue: str) -> None:
        body, told = self.letter(sending, failure)
        if exhausted:
            told["EXHAUSTED_RETRY_CONDITION"] = exhausted
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
        self.cloud.client("sqs").send_message(
            QueueUrl=queue_url(self.cloud, queue), MessageBody=body, MessageAttributes=attributes
        )

    def send(self, sending: Sending) -> None:
        arn = Arn.of(sending.target["Arn"])
        kind = kind_of(arn) if arn else None
        if not kind:
            raise Undelivered("NO_RESOURCE", f"{sending.target['Arn']} is of no kind that localcloud delivers to.")
        kind.send(self.cloud, sending)

    def letter(self, sending: Sending, failure: Undelivered) -> tuple[str, dict[str, str]]:
        """The event as it came, not as the target would have got it, with AWS's attributes."""
        told = {
            "RULE_ARN": sending.matched.rule_arn,
            "TARGET_ARN": sending.target["Arn"],
            "ERROR_CODE": failure.code,
            "ERROR_MESSAGE": failure.message,
            "RETRY_ATTEMPTS": str(sending.retries),
        }
        return compact(sending.event), told

    def measure(self, sending: Sending, name: str) -> None:
        self.cloud.metric("AWS/Events", name, 1, {"RuleName": sending.matched.rule_name}, "Count")
