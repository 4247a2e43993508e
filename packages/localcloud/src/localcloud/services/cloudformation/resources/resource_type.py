"""What a type of resource is: how it is made, changed and deleted through AWS's own API, and what it tells."""

from __future__ import annotations

import secrets
import string
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from localcloud.core.seed import TAG, TAG_VALUE
from localcloud.services.cloudformation.resource_requests import as_tags, matched

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Properties = Mapping[str, Any]
FURNISHED = (TAG, TAG_VALUE)  # the tag of what `localcloud up` made for people who run no stack
CHARACTERS = string.ascii_uppercase + string.digits


class Failed(Exception):
    """Why something cannot be done with a resource, where no service said it."""


@dataclass
class Place:
    """Where a resource stands, and its way to the services."""

    cloud: Cloud
    stack: str
    logical_id: str
    notes: dict[str, Any] = field(default_factory=dict)  # what a kind remembers of this resource
    physical_id: str = ""  # told as soon as there is something, so that it can be deleted if what follows fails

    def call(self, service: str, operation: str, /, *parts: Properties, **more: Any) -> dict[str, Any]:
        """An operation of AWS's with these properties, each in the place and the type that the operation has for it."""
        from botocore import xform_name

        client = self.cloud.client(service)
        asked: dict[str, Any] = {}
        for part in (*parts, more):
            asked |= part
        shape = client.meta.service_model.operation_model(operation).input_shape
        request = matched(asked, shape, operation) if shape else {}
        answer: dict[str, Any] = getattr(client, xform_name(operation))(**request)
        return answer

    def name(self, most: int, suffix: str = "") -> str:
        """As CloudFormation makes them up: stack, resource and something random."""
        random = "".join(secrets.choice(CHARACTERS) for _ in range(12))
        room = most - len(random) - len(suffix) - 2
        logical = self.logical_id[: max(room // 2, room - len(self.stack))]
        return f"{self.stack[: room - len(logical)]}-{logical}-{random}{suffix}"


class Kind(ABC):
    type: ClassVar[str]
    properties: ClassVar[frozenset[str]]  # which localcloud does; others are refused before anything is made
    attributes: ClassVar[frozenset[str]] = frozenset()  # of Fn::GetAtt

    @abstractmethod
    def create(self, place: Place, properties: Properties) -> str:
        """The physical id, which Ref gives."""

    @abstractmethod
    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None: ...

    @abstractmethod
    def delete(self, place: Place, physical_id: str, properties: Properties) -> None: ...

    def undo(self, place: Place, physical_id: str, properties: Properties) -> None:
        """The creation is rolled back."""
        self.delete(place, physical_id, properties)

    def spared(self, place: Place, physical_id: str, properties: Properties) -> None:  # noqa: B027 - mostly nothing
        """The creation is rolled back, but the resource stays, as its DeletionPolicy wants it."""

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        """A value for each of ``attributes``."""
        return {}


@dataclass(frozen=True)
class Tagging:
    """The two operations that change a resource's tags."""

    service: str
    add: str
    remove: str
    resource: str  # the parameter that names it
    tags: str = "Tags"
    keys: str = "TagKeys"

    def update(self, place: Place, name: str, after: Any, before: Any, **more: Any) -> None:
        new, old = as_tags(after), as_tags(before)
        if gone := [key for key in old if key not in new]:
            place.call(self.service, self.remove, {self.resource: name, self.keys: gone}, **more)
        if changed := {key: value for key, value in new.items() if old.get(key) != value}:
            tags = [{"Key": key, "Value": value} for key, value in changed.items()]
            place.call(self.service, self.add, {self.resource: name, self.tags: tags}, **more)


def names(told: str) -> frozenset[str]:
    return frozenset(told.split())


def only(properties: Properties, told: str) -> dict[str, Any]:
    return {name: properties[name] for name in told.split() if name in properties}
