"""Known requests, sent by a few threads at a rate by AWS's clock while both fleets serve.

Every request ends in exactly one count: answered, failed (the endpoint returned an error), lost (no response).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Self

from release.invocation import INFERENCE_ID, Request
from release.watch import labels
from release.watch.labels import Label

THREADS = 10  # as many connections as boto3 keeps
JSON = "application/json"
FASTEST = 200  # requests in a real second beside a clock that runs faster: one machine does everything
NO_RESPONSE, THROTTLED = 504, 429
UNSEEN = ("ThrottlingException", "ModelNotReadyException")  # by any model: too many at once, or still being provisioned
LONGEST_PAUSE = 0.05  # seconds, as the rate may change meanwhile


class Reply(NamedTuple):
    request: Request
    status: int
    label: Label | None = None  # None: nobody knows which fleet answered
    body: bytes = b""
    content_type: str = ""
    time: float = 0.0  # by this machine's clock
    latency_ms: float = 0.0


@dataclass(frozen=True)
class Counts:
    answered: int = 0
    failed: int = 0
    lost: int = 0

    @property
    def sent(self) -> int:
        return self.answered + self.failed + self.lost

    def __str__(self) -> str:
        return f"{self.sent} sent: {self.answered} answered, {self.failed} failed, {self.lost} lost"


class _Cycle:
    """All of them in turn, for several threads."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self._requests, self._numbers = requests, itertools.count()

    def __next__(self) -> Request:
        return self._requests[next(self._numbers) % len(self._requests)]


class Traffic:
    """Enter it, then ``drive(True)`` and ``drive(False)`` as needed. Without requests or a rate nothing is sent."""

    def __init__(
        self, runtime: Any, endpoint: str, requests: Sequence[Request], per_second: float, threads: int = THREADS
    ) -> None:
        """``threads``: how many requests are under way at once, at most."""
        self._runtime, self._endpoint = runtime, endpoint
        self._requests, self.per_second = _Cycle(requests), per_second
        self.possible = bool(requests) and per_second > 0
        self._active, self._stopped, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._counts, self._sent_at = dict.fromkeys(("answered", "failed", "lost"), 0), time.monotonic()
        self._replies: list[Reply] = []
        self._speed = 1.0
        self._threads = [threading.Thread(target=self._work, name="bake", daemon=True) for _ in range(threads)]

    @property
    def counts(self) -> Counts:
        with self._lock:
            return Counts(**self._counts)

    def drive(self, active: bool, speed: float = 1.0) -> None:
        """``speed``: of AWS's clock."""
        self._speed = speed
        if active and self.possible:
            self._active.set()
        else:
            self._active.clear()

    def take(self) -> list[Reply]:
        """Those that came since the last call, in their order."""
        with self._lock:
            replies, self._replies = self._replies, []
        return replies

    def __enter__(self) -> Self:
        if self.possible:
            for thread in self._threads:
                thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for pending responses, so that the counts add up; an interrupted run does not."""
        self._stopped.set()
        self._active.set()
        for thread in self._threads:
            if thread.is_alive() and kind is None:
                thread.join(timeout=70)

    @property
    def _interval(self) -> float:
        """Real seconds from one request to the next."""
        fastest = max(self.per_second, FASTEST) if self._speed > 1 else self.per_second
        return 1 / min(self.per_second * self._speed, fastest)

    def _work(self) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            self._active.wait()
            pause = self._pause()
            if not pause and not self._stopped.is_set():
                reply = self._send(next(self._requests))
                with self._lock:
                    self._counts[_outcome(reply)] += 1
                    self._replies.append(reply)

    def _pause(self) -> float:
        """Seconds until a request may be due; 0 when it is due now, and this thread has to send it."""
        with self._lock:
            now, interval = time.monotonic(), self._interval
            due = self._sent_at + interval
            if now < due:
                return min(due - now, LONGEST_PAUSE)
            self._sent_at = max(due, now - interval)
            return 0.0

    def _send(self, request: Request) -> Reply:
        began = time.monotonic()
        reply = self._invoke(request)
        return reply._replace(time=time.time(), latency_ms=1000 * (time.monotonic() - began))

    def _invoke(self, request: Request) -> Reply:
        from botocore.exceptions import ClientError

        try:
            response = self._runtime.invoke_endpoint(
                EndpointName=self._endpoint,
                ContentType=request.content_type,
                Accept=JSON,
                CustomAttributes=labels.IDENTIFY,
                InferenceId=INFERENCE_ID,
                Body=request.body,
            )
            label = labels.of_response(response.get("CustomAttributes", ""))
            return Reply(request, 200, label, response["Body"].read(), response.get("ContentType", ""))
        except ClientError as error:
            details: dict[str, Any] = dict(error.response)
            if details["Error"].get("Code") in UNSEEN:
                return Reply(request, THROTTLED)
            status = details.get("OriginalStatusCode") or details["ResponseMetadata"]["HTTPStatusCode"]
            return Reply(request, int(status), labels.of_error(str(details.get("OriginalMessage", ""))))
        except Exception:  # noqa: BLE001 - no response, for whatever reason
            return Reply(request, NO_RESPONSE)


def _outcome(reply: Reply) -> str:
    if reply.status < 400:
        return "answered"
    return "lost" if reply.status == NO_RESPONSE and reply.label is None else "failed"
