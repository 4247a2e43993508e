"""Connections, under both names of their service."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def services() -> list[Any]:
    from localcloud.services.codeconnections.service import CodeConnections, CodeStarConnections

    return [CodeConnections, CodeStarConnections]


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_a_connection_is_available_at_once(cloud: Any, service: str) -> None:
    client = cloud.client(service)
    tags = [{"Key": "a", "Value": "b"}]
    arn = client.create_connection(ProviderType="GitHub", ConnectionName="c", Tags=tags)["ConnectionArn"]
    assert arn.startswith(cloud.arn(service, "connection/"))
    connection = client.get_connection(ConnectionArn=arn)["Connection"]
    assert (connection["ConnectionStatus"], connection["ConnectionName"]) == ("AVAILABLE", "c")
    assert client.list_connections(ProviderTypeFilter="Bitbucket")["Connections"] == []
    assert len(client.list_connections()["Connections"]) == 1
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    client.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    client.delete_connection(ConnectionArn=arn)
    with pytest.raises(ClientError, match="not found"):
        client.get_connection(ConnectionArn=arn)
