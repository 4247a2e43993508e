"""CodeConnections, and the same service under its older name CodeStar Connections.

On AWS a person completes the handshake of a new connection in the console; here it is AVAILABLE at once. Whatever
repository a pipeline names, the local one is used. Each of the two names has connections of its own.
Not reproduced: hosts, repository links, sync configurations.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from localcloud.core import tags
from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Service, operation
from localcloud.core.tag_operations import Spelling, TagOperations
from localcloud.services.codepipeline.service import CodePipeline

NOT_FOUND = "ResourceNotFoundException"
TAG_LIMIT = 200


class Connections(Service):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.connections: dict[str, dict[str, Any]] = {}  # by ARN
        self._tags: dict[str, dict[str, str]] = {}
        spelling, too_many = Spelling(arn="ResourceArn"), "LimitExceededException"
        self.parts = (TagOperations(self._tags_of, spelling=spelling, limit=TAG_LIMIT, too_many=too_many),)

    def connect(self) -> None:
        if isinstance(pipelines := self.cloud.services.get("codepipeline"), CodePipeline):
            pipelines.source_actions.connections.append(self.connections)

    def reset(self) -> None:
        self.connections.clear()
        self._tags.clear()

    @operation("CreateConnection")
    def create_connection(self, request: dict[str, Any]) -> dict[str, Any]:
        if "HostArn" in request:
            raise Refusal(NOT_FOUND, f"The host {request['HostArn']} does not exist: localcloud has no hosts.")
        arn = self.cloud.arn(self.name, f"connection/{uuid.uuid4()}")
        self.add(arn, request["ConnectionName"], request.get("ProviderType", "GitHub"))
        self._tags[arn] = tags.as_dict(request.get("Tags"))
        return {"ConnectionArn": arn, "Tags": tags.as_list(self._tags[arn])}

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
        provider = request.get("ProviderTypeFilter")
        found = [each for each in self.connections.values() if provider in (None, each["ProviderType"])]
        return paged(found if "HostArnFilter" not in request else [], request, "Connections", limit=50, code=NOT_FOUND)

    @operation("DeleteConnection")
    def delete_connection(self, request: dict[str, Any]) -> dict[str, Any]:
        arn = self._find(request["ConnectionArn"])["ConnectionArn"]
        del self.connections[arn], self._tags[arn]
        return {}

    def _tags_of(self, arn: str) -> dict[str, str]:
        return self._tags[self._find(arn)["ConnectionArn"]]

    def _find(self, arn: str) -> dict[str, Any]:
        if arn not in self.connections:
            raise Refusal(NOT_FOUND, f"Connection {arn} not found.")
        return self.connections[arn]


class CodeConnections(Connections):
    name: ClassVar[str] = "codeconnections"


class CodeStarConnections(Connections):
    name: ClassVar[str] = "codestar-connections"
