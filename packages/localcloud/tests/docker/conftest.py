"""A cloud whose jobs and models run in containers of JOB_IMAGE, which `make test-docker` sets."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.containers import SageMaker, running

from localcloud.core.clock import Clock
from localcloud.runtime.jobs import containers
from localcloud.server.composition import compose
from localcloud.server.listening import listening


@pytest.fixture
def sagemaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SageMaker]:
    """No container is left when its cloud has ended."""
    monkeypatch.setenv(containers.SWITCH, os.environ["JOB_IMAGE"])
    cloud = compose(tmp_path, clock=Clock(1.0))
    with listening(cloud, 0, with_proxy=True):
        yield SageMaker(cloud)
    assert not running(cloud)
    networks = subprocess.run(["docker", "network", "ls"], capture_output=True, text=True, check=True).stdout
    assert cloud.model_networks.name not in networks
