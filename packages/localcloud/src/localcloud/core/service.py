"""What a service is: parts whose methods are operations of AWS's own model.

    class Pipelines(Part):
        def __init__(self, clock: Clock) -> None: ...

        @operation("DescribePipeline")
        def describe_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
            raise Refusal("ResourceNotFound", "Pipeline 'churn' does not exist.")

    class SageMaker(Service):
        name = "sagemaker"

        def __init__(self, cloud: Cloud) -> None:
            super().__init__(cloud)
            self.pipelines = Pipelines(cloud.clock)
            self.parts = (self.pipelines,)

A part is given what it needs: a clock, an emitter, a store, another part. A method gets a request that AWS's model
accepts (required members, types, enumerations, patterns, lengths, ranges: all checked), in the API's spelling,
timestamps as aware datetimes, without members that are null; it returns the response in the API's spelling. It runs
under ``cloud.lock``, in memory and briefly: work that takes time is started, not done, and nothing under the lock may
call localcloud over HTTP. An operation that has to wait says ``locked=False``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, TypeVar

from localcloud.core.cloud import Cloud

Request = dict[str, Any]
Response = tuple[str, list[tuple[str, str]], Iterable[bytes]]  # of HTTP: status, headers, body
Method = TypeVar("Method", bound=Callable[..., Any])


class Operation(NamedTuple):
    name: str  # AWS's: CreatePipeline
    locked: bool


class Handler(NamedTuple):
    method: Callable[[Request], Any]
    locked: bool


def operation(name: str, *, locked: bool = True) -> Callable[[Method], Method]:
    """Marks a method of a part, or of the service itself, as an operation."""

    def mark(method: Method) -> Method:
        method.localcloud_operation = Operation(name, locked)  # type: ignore[attr-defined]
        return method

    return mark


class Part:
    """Some operations of a service, with their state. Without state of its own it needs no ``reset``."""

    def reset(self) -> None:
        """Forget everything: called under the lock. Cancel timers; end what was started."""

    def close(self) -> None:
        """End what was started (jobs, threads): called once, without the lock, while the cloud still works."""


class Service(Part):
    name: ClassVar[str]  # botocore's: sagemaker, events, cloudwatch, sagemaker-runtime
    validation_code: ClassVar[str] = "ValidationException"
    http_path: ClassVar[str] = ""  # of what is not AWS's API, as the beginning of paths: requests have no signature
    parts: Sequence[Part] = ()

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    @cached_property
    def operations(self) -> Mapping[str, Handler]:
        found: dict[str, Handler] = {}
        for part in (self, *self.parts):
            for name, handler in _handlers(part):
                if name in found:
                    raise TypeError(f"{type(self).__name__} has two methods for {name}")
                found[name] = handler
        return found

    def connect(self) -> None:
        """Called once when every service exists, in any order: subscribe to others here, not in ``__init__``."""

    def controls(self) -> Mapping[tuple[str, str], Callable[[Request], Request]]:
        """Routes of the control plane: (method, path) -> what handles it; a ValueError is a bad request."""
        return {}

    def http(self, environ: dict[str, Any]) -> Response:
        """Responds to a request below ``http_path``, given as a WSGI environment."""
        raise NotImplementedError

    def reset(self) -> None:
        for part in self.parts:
            part.reset()

    def close(self) -> None:
        for part in reversed(self.parts):
            part.close()


def _handlers(part: Part) -> list[tuple[str, Handler]]:
    names = (name for name in dir(type(part)) if not name.startswith("__"))
    marks = ((name, getattr(getattr(type(part), name), "localcloud_operation", None)) for name in names)
    return [(mark.name, Handler(getattr(part, name), mark.locked)) for name, mark in marks if mark]
