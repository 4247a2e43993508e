"""CodeConnections, and the same service under its older name CodeStar Connections.

On AWS somebody has to finish the handshake of a new connection in the console; here it is AVAILABLE at once. Whatever
repository a pipeline names, the local one stands for it. The two names have connections of their own.
Not reproduced: hosts, repository links, sync configurations.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Service, operation

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

ABSENT = "ResourceNotFoundException"
MOST_TAGS = 200


class Connections(Service):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.connections: dict[str, dict[str, Any]] = {}  # by ARN
        self._tags: dict[str, dict[str, str]] = {}

    def reset(self) -> None:
        self.connections.clear()
        self._tags.clear()

    @operation("CreateConnection")
    def create_connection(self, request: dict[str, Any]) -> dict[str, Any]:
        if "HostArn" in request:
            raise Refusal(ABSENT, f"The host {request['HostArn']} does not exist: localcloud has no hosts.")
        arn = self.cloud.arn(self.name, f"connection/{uuid.uuid4()}")
        self.add(arn, request["ConnectionName"], request.get("ProviderType", "GitHub"))
        self._tags[arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        return {"ConnectionArn": arn, "Tags": _listed(self._tags[arn])}

    def add(self, arn: str, name: str, provider: str = "GitHub") -> None:
        self.connections[arn] = {
            "ConnectionArn": arn,
            "ConnectionName": name,
            "ProviderType": provider,
            "OwnerAccountId": self.cloud.account,
            "ConnectionStatus": "AVAILABLE",
        }
        self._tags[arn] = {}

    @operation("GetConnection")
    def get_connection(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Connection": self._find(request["ConnectionArn"])}

    @operation("ListConnections")
    def list_connections(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("ProviderTypeFilter")
        found = [one for one in self.connections.values() if wanted in (None, one["ProviderType"])]
        return paged(found if "HostArnFilter" not in request else [], request, "Connections", limit=50, code=ABSENT)

    @operation("DeleteConnection")
    def delete_connection(self, request: dict[str, Any]) -> dict[str, Any]:
        arn = self._find(request["ConnectionArn"])["ConnectionArn"]
        del self.connections[arn], self._tags[arn]
        return {}

    @operation("TagResource")
    def tag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags[self._find(request["ResourceArn"])["ConnectionArn"]]
        new = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        if len(tags | new) > MOST_TAGS:
            raise Refusal("LimitExceededException", f"A connection has at most {MOST_TAGS} tags.")
        tags.update(new)
        return {}

    @operation("UntagResource")
    def untag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags[self._find(request["ResourceArn"])["ConnectionArn"]]
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": _listed(self._tags[self._find(request["ResourceArn"])["ConnectionArn"]])}

    def _find(self, arn: str) -> dict[str, Any]:
        if arn not in self.connections:
            raise Refusal(ABSENT, f"Connection {arn} not found.")
        return self.connections[arn]


class CodeConnections(Connections):
    name: ClassVar[str] = "codeconnections"


class CodeStarConnections(Connections):
    name: ClassVar[str] = "codestar-connections"


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
