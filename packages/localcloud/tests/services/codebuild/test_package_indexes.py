"""A build gets its packages from where this machine gets them, past the guard."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.services.codebuild import package_indexes
from localcloud.services.codebuild.variables import machine


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    package_indexes.hosts.cache_clear()
    yield
    package_indexes.hosts.cache_clear()


def test_packages_pass_the_guard_and_nothing_of_the_home_does(
    cloud: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://packages.example.com/simple")
    monkeypatch.setenv("SOMETHING_ELSE", "x")
    cloud.proxy_url = "http://127.0.0.1:1"
    told = machine(cloud, tmp_path)
    local, *others = told["NO_PROXY"].removeprefix("127.0.0.1,localhost").split(",")
    assert (local, told["HTTPS_PROXY"]) == ("", cloud.proxy_url)
    assert "packages.example.com" in others
    assert len(others) > 1  # the index that pip has by default
    assert told["PIP_EXTRA_INDEX_URL"] == "https://packages.example.com/simple"
    assert told["HOME"] == str(tmp_path)
    assert "SOMETHING_ELSE" not in told
    assert told["PATH"] == os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])


def test_without_pip_the_environment_alone_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(package_indexes.PREFIXES)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(package_indexes, "QUERY", "raise ImportError")
    monkeypatch.setenv("UV_INDEX_URL", "https://packages.example.com/simple")
    assert package_indexes.hosts() == ("packages.example.com",)
