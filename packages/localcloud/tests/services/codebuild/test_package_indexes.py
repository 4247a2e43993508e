"""Builds reach this machine's package indexes, past the egress proxy."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.runtime import package_indexes
from localcloud.services.codebuild.variables import machine


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    package_indexes.hosts.cache_clear()
    yield
    package_indexes.hosts.cache_clear()


def test_package_indexes_bypass_the_proxy_and_the_home_is_not_passed_on(
    cloud: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://packages.example.com/simple")
    monkeypatch.setenv("SOMETHING_ELSE", "x")
    cloud.proxy_url = "http://127.0.0.1:1"
    environment = machine(cloud, cloud.environment(), tmp_path)
    local, *others = environment["NO_PROXY"].removeprefix("127.0.0.1,localhost").split(",")
    assert (local, environment["HTTPS_PROXY"]) == ("", cloud.proxy_url)
    assert "packages.example.com" in others
    assert len(others) > 1  # the index that pip has by default
    assert environment["PIP_EXTRA_INDEX_URL"] == "https://packages.example.com/simple"
    assert environment["HOME"] == str(tmp_path)
    assert "SOMETHING_ELSE" not in environment
    assert environment["PATH"] == os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])


def test_without_pip_only_hosts_of_the_environment_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(package_indexes.PREFIXES)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(package_indexes, "QUERY", "raise ImportError")
    monkeypatch.setenv("UV_INDEX_URL", "https://packages.example.com/simple")
    assert package_indexes.hosts() == ("packages.example.com",)
