"""The connection that local settings name is there without anybody making it, and stays somebody's own once made."""

from dataclasses import replace

import pytest

from localcloud.core.seeding import furnish
from rehearsal import seed
from settings.loader import load


@pytest.fixture
def services():
    return ["localcloud.services.codeconnections.service:CodeConnections"]


@pytest.fixture
def needs(tmp_path, monkeypatch):
    monkeypatch.setattr(seed, "ROWS", 50)
    return seed.wanted(tmp_path)


def test_it_is_there_and_can_be_used_at_once(cloud, aws, needs):
    arn = load("local").delivery.connection_arn
    for _ in range(2):
        furnish(cloud, needs)
        [connection] = aws("codeconnections").list_connections()["Connections"]
        assert (connection["ConnectionArn"], connection["ConnectionStatus"]) == (arn, "AVAILABLE")


def test_codecommit_needs_none(cloud, aws, needs):
    furnish(cloud, replace(needs, connection_arn=""))
    assert aws("codeconnections").list_connections()["Connections"] == []
