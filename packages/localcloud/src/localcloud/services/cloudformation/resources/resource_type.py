"""What a resource type is: how its resources are created, updated and deleted through AWS's own API."""

from __future__ import annotations

import secrets
import string
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.seed import TAG, TAG_VALUE
from localcloud.core.tags import as_list
from localcloud.services.cloudformation.resource_requests import convert, parse_tags

Properties = Mapping[str, Any]
SEEDED = (TAG, TAG_VALUE)  # the tag of what the seed file created: a stack may take it over
NAME_CHARACTERS = string.ascii_uppercase + string.digits
RANDOM_LENGTH = 12
NOT_FOUND, NOT_FOUND_CODES = 404, ("NotFound", "NoSuch", "NonExistent", "DoesNotExist")


class HandlerError(Exception):
    """A resource type refuses what no service refuses; the message is the reason."""


@dataclass
class Context:
    """One resource of a stack, and access to the services."""

    cloud: Cloud
    principal: Principal  # as whom the services are called
    stack_name: str
    logical_id: str
    notes: dict[str, Any] = field(default_factory=dict)  # what the type stores about this resource
    physical_id: str = ""  # set as soon as the resource exists, so that it is deleted if a later call fails

    def call(self, service: str, operation: str, /, *parts: Properties, **members: Any) -> dict[str, Any]:
        """Call an operation with these properties, converted to the names and types of its request."""
        from botocore import xform_name

        client = self.client(service)
        properties: dict[str, Any] = {}
        for part in (*parts, members):
            properties |= part
        shape = client.meta.service_model.operation_model(operation).input_shape
        request = convert(properties, shape, operation) if shape else {}
        response: dict[str, Any] = getattr(client, xform_name(operation))(**request)
        return response

    def exists(self, service: str, operation: str, **members: Any) -> bool:
        """Whether the operation finds the resource: one that AWS's own handlers of the type are allowed to call."""
        from botocore.exceptions import ClientError

        try:
            self.call(service, operation, **members)
        except ClientError as error:
            if is_not_found(error.response):
                return False
            raise
        return True

    def client(self, service: str) -> Any:
        return self.cloud.client_as(self.principal, service)

    def generate_name(self, max_length: int, suffix: str = "") -> str:
        """As CloudFormation does: stack name, logical id and random characters."""
        characters = "".join(secrets.choice(NAME_CHARACTERS) for _ in range(RANDOM_LENGTH))
        room = max_length - RANDOM_LENGTH - len(suffix) - 2
        logical_id = self.logical_id[: max(room // 2, room - len(self.stack_name))]
        return f"{self.stack_name[: room - len(logical_id)]}-{logical_id}-{characters}{suffix}"


class ResourceType(ABC):
    type: ClassVar[str]
    properties: ClassVar[frozenset[str]]  # those that localcloud supports
    attributes: ClassVar[frozenset[str]] = frozenset()  # of Fn::GetAtt

    @abstractmethod
    def create(self, context: Context, properties: Properties) -> str:
        """Returns the physical id, which is the value of Ref."""

    @abstractmethod
    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None: ...

    @abstractmethod
    def delete(self, context: Context, physical_id: str, properties: Properties) -> None: ...

    def roll_back(self, context: Context, physical_id: str, properties: Properties) -> None:
        """Undo the creation."""
        self.delete(context, physical_id, properties)

    def retain_in_rollback(self, context: Context, physical_id: str, properties: Properties) -> None:  # noqa: B027
        """The creation is rolled back, but the resource's DeletionPolicy retains it."""

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        """A value for each of ``attributes``."""
        return {}


@dataclass(frozen=True)
class Tagging:
    """The two operations that change a resource's tags."""

    service: str
    add: str
    remove: str
    resource: str  # the member that names it
    tags: str = "Tags"
    keys: str = "TagKeys"

    def update(self, context: Context, name: str, after: Any, before: Any, **members: Any) -> None:
        removed, changed = tag_changes(after, before)
        if removed:
            context.call(self.service, self.remove, {self.resource: name, self.keys: removed}, **members)
        if changed:
            context.call(self.service, self.add, {self.resource: name, self.tags: as_list(changed)}, **members)


def tag_changes(after: Any, before: Any) -> tuple[list[str], dict[str, str]]:
    """The keys to remove, and the tags to add or change."""
    new, old = parse_tags(after), parse_tags(before)
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return [key for key in old if key not in new], changed


def is_not_found(response: Mapping[str, Any]) -> bool:
    code, status = response["Error"].get("Code", ""), response["ResponseMetadata"]["HTTPStatusCode"]
    return status == NOT_FOUND or any(part in code for part in NOT_FOUND_CODES)


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def pick(properties: Properties, keys: str) -> dict[str, Any]:
    return {name: properties[name] for name in keys.split() if name in properties}
