"""Deliveries to targets: attempts on a thread of the pool, pauses on the clock, then the dead-letter queue.

An error that another attempt cannot fix (no such queue, no permission, a bad parameter) is not retried, as on AWS.
AWS does not publish its pauses; here they are 1, 2, 4, ... seconds, at most ten minutes. A ``Transport`` says how to
send and what to report: rules have one (rule_transport.py), EventBridge Scheduler has another.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Condition
from typing import Any, Protocol

from localcloud.core.access.principal import Principal
from localcloud.core.clock import Timer
from localcloud.core.cloud import Cloud
from localcloud.core.service import Part
from localcloud.services.events.failures import failure_of
from localcloud.services.events.invocation import DeliveryFailure, Invocation
from localcloud.services.events.queues import Queues

log = logging.getLogger(__name__)
MAX_RETRIES, MAX_AGE = 185, 86_400  # AWS's defaults; seconds
MAX_PAUSE = 600


class Transport(Protocol):
    source: str  # "rule", for messages

    def send(self, invocation: Invocation) -> None:
        """Raises a Refusal, an error of botocore, or a DeliveryFailure."""

    def dead_letter(self, invocation: Invocation, failure: DeliveryFailure) -> tuple[str, dict[str, str]]:
        """The message's body and attributes."""

    def dead_letter_principal(self, invocation: Invocation) -> Principal: ...

    def count(self, invocation: Invocation, metric: str) -> None: ...


class Deliveries(Part):
    def __init__(self, cloud: Cloud, transport: Transport, queues: Queues) -> None:
        self._cloud, self._transport, self._queues = cloud, transport, queues
        self._busy = 0
        self._changed = Condition()
        self._retries: dict[str, Timer] = {}  # by the invocation's id
        self._generation = 0  # a delivery that began before a reset is not continued after it

    def start(self, invocation: Invocation) -> None:
        self.work(self._attempt, invocation, self._generation)

    def work(self, function: Callable[..., Any], *arguments: Any) -> None:
        """On another thread; ``settle`` waits for it."""
        with self._changed:
            self._busy += 1
        self._cloud.work(function, *arguments).add_done_callback(lambda _: self._done())

    def settle(self, timeout: float = 60) -> None:
        """Returns when no delivery is running; some may wait for the clock. For tests."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._busy, timeout):
                raise TimeoutError(f"{self._busy} deliveries are still running after {timeout} s")

    def reset(self) -> None:
        self._generation += 1
        for timer in self._retries.values():
            timer.cancel()
        self._retries.clear()

    def _done(self) -> None:
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def _attempt(self, invocation: Invocation, generation: int) -> None:
        if generation != self._generation:
            return
        try:
            self._transport.send(invocation)
        except Exception as error:  # no error of one target may affect another
            failure = failure_of(error)
            if failure:
                self._failed(invocation, failure, generation)
                return
            self._give_up(invocation, DeliveryFailure("INTERNAL_ERROR", f"a defect of localcloud: {error!r}"))
            raise
        self._transport.count(invocation, "Invocations")

    def _failed(self, invocation: Invocation, failure: DeliveryFailure, generation: int) -> None:
        policy = invocation.target.get("RetryPolicy", {})
        if generation != self._generation:
            return
        if not failure.retry:
            self._give_up(invocation, failure)
        elif invocation.retries >= policy.get("MaximumRetryAttempts", MAX_RETRIES):
            self._give_up(invocation, failure, "MaximumRetryAttempts")
        else:
            deadline = invocation.created + policy.get("MaximumEventAgeInSeconds", MAX_AGE)
            self._retry_later(invocation, failure, generation, deadline)

    def _retry_later(self, invocation: Invocation, failure: DeliveryFailure, generation: int, deadline: float) -> None:
        clock, lock = self._cloud.clock, self._cloud.lock
        due = clock.seconds() + min(2**invocation.retries, MAX_PAUSE)

        def retry() -> None:
            with lock:
                self._retries.pop(invocation.id, None)
            if due >= deadline:
                self.work(self._give_up, invocation, failure, "MaximumEventAgeInSeconds")
            else:
                invocation.retries += 1
                self.work(self._attempt, invocation, generation)

        with lock:
            self._retries[invocation.id] = clock.at(min(due, deadline), retry)

    def _give_up(self, invocation: Invocation, failure: DeliveryFailure, exhausted: str = "") -> None:
        """Logged, counted, and sent to the dead-letter queue when the target has one."""
        source, arn = f"{self._transport.source} {invocation.match.rule_name}", invocation.target["Arn"]
        log.warning("%s could not deliver to %s: %s: %s", source, arn, failure.code, failure.message)
        self._transport.count(invocation, "FailedInvocations")
        queue = invocation.target.get("DeadLetterConfig", {}).get("Arn")
        if not queue:
            return
        try:
            self._send_dead_letter(invocation, failure, exhausted, queue)
        except Exception as error:
            log.exception("%s lost an event: its dead-letter queue %s did not accept it", source, queue)
            self._transport.count(invocation, "InvocationsFailedToBeSentToDlq")
            if not failure_of(error):
                raise
        else:
            self._transport.count(invocation, "InvocationsSentToDlq")

    def _send_dead_letter(self, invocation: Invocation, failure: DeliveryFailure, exhausted: str, queue: str) -> None:
        body, values = self._transport.dead_letter(invocation, failure)
        if exhausted:
            values = {**values, "EXHAUSTED_RETRY_CONDITION": exhausted}
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
        principal = self._transport.dead_letter_principal(invocation)
        self._queues.send(principal, queue, body, MessageAttributes=attributes)
