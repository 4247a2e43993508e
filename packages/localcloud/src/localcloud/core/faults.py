"""Faults to inject, for rehearsals and tests: from Python, or by POST to ``/_localcloud/faults`` with
the server's key (server/control.py).

- ``{"operation": "sagemaker.DescribePipelineExecution", "times": 3}``: throttled, three times
- ``{"operation": "s3.PutObject", "code": "InternalError", "status": 500}``: failed, once
- ``{"event": "SageMaker Training Job State Change", "deliveries": 0}``: the next one is lost; 2 delivers it twice
- ``{"kill_job": "churn-train-1"}``: SIGKILL to the job's processes
- ``{"s3_delay_ms": 200}``: each call of S3 is delayed so long
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.runtime.process_registry import ProcessRegistry

Waiting = Callable[[], AbstractContextManager[None]]
THROTTLED = {"s3": ("SlowDown", 503, "Please reduce your request rate.")}
MAX_DELAY_MS = 60_000
FIELDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("operation", "code", "message", "event", "kill_job"), (str,)),
    **dict.fromkeys(("times", "status", "deliveries"), (int,)),
    "s3_delay_ms": (int, float),
}
DEFAULT = ("ThrottlingException", 400, "Rate exceeded")


@dataclass
class _Fault:
    refusal: Refusal
    left: int


@dataclass
class Faults:
    processes: ProcessRegistry
    s3_delay_ms: float = 0.0
    _calls: dict[str, _Fault] = field(default_factory=dict)
    _events: dict[str, list[int]] = field(default_factory=dict)  # detail-type -> deliveries of the next ones
    _lock: Any = field(default_factory=Lock)

    def throttle(self, operation: str, times: int = 1) -> None:
        """The next calls of "service.Operation" (as boto3 calls the service) are throttled."""
        code, status, message = THROTTLED.get(operation.split(".")[0], DEFAULT)
        self.fail(operation, times, code=code, status=status, message=message)

    def fail(
        self, operation: str, times: int = 1, *, code: str = "InternalFailure", status: int = 500, message: str = ""
    ) -> None:
        _at_least_once(times)
        if not 400 <= status <= 599:
            raise ValueError(f"status is {status}; an error has 400 to 599")
        if "." not in operation:
            raise ValueError(f"{operation!r} must be a service and an operation, such as s3.PutObject")
        with self._lock:
            refusal = Refusal(code, message or "This fault was injected.", status)
            self._calls[operation] = _Fault(refusal, times)

    def drop(self, detail_type: str, times: int = 1) -> None:
        self._deliver(detail_type, 0, times)

    def duplicate(self, detail_type: str, times: int = 1) -> None:
        self._deliver(detail_type, 2, times)

    def kill(self, job: str) -> bool:
        """False when the job has no running process."""
        return self.processes.kill(job)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._events.clear()
            self.s3_delay_ms = 0.0

    def next_call(self, operation: str, waiting: Waiting = nullcontext) -> Refusal | None:
        """The refusal that a fault has for this call, if any. A call of a slowed S3 waits here."""
        if self.s3_delay_ms and operation.startswith("s3."):
            with waiting():
                time.sleep(self.s3_delay_ms / 1000)
        with self._lock:
            fault = self._calls.get(operation)
            if not fault:
                return None
            fault.left -= 1
            if not fault.left:
                del self._calls[operation]
            return fault.refusal

    def next_event(self, detail_type: str) -> int:
        """The number of deliveries of the next event of this type: 1, or 0 or 2 by a fault."""
        with self._lock:
            waiting = self._events.get(detail_type)
            deliveries = waiting.pop(0) if waiting else 1
            if not waiting:
                self._events.pop(detail_type, None)
            return deliveries

    @property
    def active(self) -> bool:
        """Whether any fault depends on the operation of a call."""
        return bool(self._calls or self.s3_delay_ms)

    def show(self) -> dict[str, Any]:
        with self._lock:
            return {
                "operations": {name: {"code": f.refusal.code, "left": f.left} for name, f in self._calls.items()},
                "events": {name: list(deliveries) for name, deliveries in self._events.items()},
                "s3_delay_ms": self.s3_delay_ms,
            }

    def inject(self, fault: Mapping[str, Any]) -> dict[str, Any]:
        """One of the forms above, as data; a ValueError says what is wrong with it."""
        for name, value in fault.items():
            kinds = FIELDS.get(name, ())
            if not isinstance(value, kinds) or isinstance(value, bool):
                raise ValueError(f"{name} is {value!r}; a fault has {', '.join(FIELDS)}: texts and whole numbers")
        form = next((name for name in self._forms if name in fault), "")
        if not form:
            raise ValueError(f"a fault has one of {', '.join(self._forms)}")
        try:
            return self._forms[form](**fault) or self.show()
        except TypeError as error:
            raise ValueError(f"{dict(fault)} is not a fault: {str(error).partition(') ')[2]}") from None

    @property
    def _forms(self) -> dict[str, Callable[..., dict[str, Any] | None]]:
        return {"operation": self._refuse, "event": self._deliver, "s3_delay_ms": self._delay, "kill_job": self._kill}

    def _refuse(self, operation: str, times: int = 1, **refusal: Any) -> None:
        (self.fail if refusal else self.throttle)(operation, times, **refusal)

    def _deliver(self, event: str, deliveries: int, times: int = 1) -> None:
        _at_least_once(times)
        if deliveries not in (0, 1, 2):
            raise ValueError(f"deliveries is {deliveries!r}; 0 loses the event, 2 delivers it twice")
        with self._lock:
            self._events.setdefault(event, []).extend([deliveries] * times)

    def _delay(self, s3_delay_ms: float) -> None:
        if not 0 <= s3_delay_ms <= MAX_DELAY_MS:
            raise ValueError(f"s3_delay_ms is {s3_delay_ms!r}; it must be from 0 to {MAX_DELAY_MS}")
        self.s3_delay_ms = s3_delay_ms

    def _kill(self, kill_job: str) -> dict[str, Any]:
        return {"killed": self.kill(kill_job)}


def _at_least_once(times: int) -> None:
    if times < 1:
        raise ValueError(f"times is {times!r}; it must be a whole number from 1 up")
