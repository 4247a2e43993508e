"""What a service of localcloud is: a class whose methods are operations of AWS's own model.

    class Pipelines(Service):
        name = "sagemaker"

        @operation("DescribePipeline")
        def describe_pipeline(self, request: dict[str, Any]) -> dict[str, Any]:
            ...
            raise Refusal("ResourceNotFound", "Pipeline 'churn' does not exist.")

A method gets a request that AWS's model has nothing against (required members, types, enumerations, patterns, lengths,
ranges: all checked), in the API's spelling, timestamps as aware datetimes, without members that are null; it answers
in the API's spelling. It runs under ``cloud.lock``, in memory and briefly: work that takes time is started, not done,
and nothing under the lock may call ourselves over HTTP. An operation that has to wait says ``locked=False``.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

NOT_IMPLEMENTED = "NotImplementedByLocalcloud"
Method = TypeVar("Method", bound=Callable[..., Any])


class Refusal(Exception):
    """What AWS says no with. ``members`` are further fields of the error, such as ModelError's OriginalStatusCode."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.members = code, message, status, members


def not_implemented(what: str) -> Refusal:
    """What AWS has and localcloud has not: refused like this, and counted by the front."""
    return Refusal(NOT_IMPLEMENTED, f"{what} is not implemented by localcloud.")


class Operation(NamedTuple):
    name: str  # AWS's: CreatePipeline
    locked: bool


def operation(name: str, *, locked: bool = True) -> Callable[[Method], Method]:
    """Marks a method as an operation; the method may stand in a mixin."""

    def mark(method: Method) -> Method:
        method.localcloud_operation = Operation(name, locked)  # type: ignore[attr-defined]
        return method

    return mark


class Service:
    name: ClassVar[str]  # as botocore calls it: sagemaker, events, cloudwatch, sagemaker-runtime
    validation_code: ClassVar[str] = "ValidationException"
    operations: ClassVar[Mapping[str, tuple[str, bool]]] = {}  # operation -> method's name, locked

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        marked = ((name, getattr(getattr(cls, name), "localcloud_operation", None)) for name in dir(cls))
        cls.operations = {mark.name: (name, mark.locked) for name, mark in marked if mark}

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def controls(self) -> Mapping[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]]:
        """What the control plane takes for it: (method, path) -> what answers; a ValueError is refused."""
        return {}

    def reset(self) -> None:
        """Forget everything: called under the lock. Cancel your timers; end what you started."""

    def close(self) -> None:
        """End what you started (jobs, threads): called once, without the lock, while the cloud still works."""


def paged(
    items: Sequence[Any],
    request: Mapping[str, Any],
    key: str,
    *,
    limit: int = 10,
    size_key: str = "MaxResults",
    token_key: str = "NextToken",  # noqa: S107 - the name of a field
    code: str = "ValidationException",
) -> dict[str, Any]:
    """One page of ``items``, which the caller has filtered and sorted; ``limit`` is AWS's default size of a page.

    The token names the item that comes next, so that nothing is left out or told twice when others are created or
    deleted between two pages. It is good for the same question only, as AWS's are.
    """
    question = zlib.crc32(repr(sorted((k, v) for k, v in request.items() if k not in (size_key, token_key))).encode())
    start = _start(items, request[token_key], question, code) if request.get(token_key) else 0
    end = start + int(request.get(size_key) or limit)
    page: dict[str, Any] = {key: list(items[start:end])}
    if end < len(items):
        token = json.dumps([question, end, _identity(items[end])])
        page[token_key] = base64.urlsafe_b64encode(token.encode()).decode()
    return page


def _start(items: Sequence[Any], token: str, question: int, code: str) -> int:
    try:
        asked, place, identity = json.loads(base64.urlsafe_b64decode(token))
        right = asked == question and isinstance(place, int)
    except (ValueError, TypeError):
        right = False
    if not right:
        raise Refusal(code, "The pagination token is invalid: it comes from no answer to this request.")
    there = (number for number, item in enumerate(items) if _identity(item) == identity)
    return min(there, key=lambda number: abs(number - place), default=place)


def _identity(item: Any) -> str:
    """An item's first member: services put the name or the ARN there."""
    return str(next(iter(item.values()), "")) if isinstance(item, Mapping) else str(item)
