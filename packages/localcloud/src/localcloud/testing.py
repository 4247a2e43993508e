"""pytest fixtures over a whole localcloud: in this process, on a port of its own, with nothing in it.

A test suite loads them with ``-p localcloud.testing`` among pytest's options (``addopts``).
A test file that needs only some of the services defines its own ``services`` fixture::

    @pytest.fixture
    def services():
        return [SageMaker]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

LIVE_SPEED = 1000


@pytest.fixture
def services() -> Sequence[Any] | None:
    return None  # all


@pytest.fixture
def cloud(tmp_path: Path, services: Sequence[Any] | None) -> Iterator[Any]:
    """Its clock stands still until ``cloud.clock.advance(seconds)``. A defect (a 500) fails the test."""
    from localcloud.core.clock import Clock

    with running(tmp_path, Clock(stepped=True), services) as started:
        yield started


@pytest.fixture
def live_cloud(tmp_path: Path, services: Sequence[Any] | None) -> Iterator[Any]:
    """The same with a clock that runs, 1000 times as fast as real time."""
    from localcloud.core.clock import Clock

    with running(tmp_path, Clock(LIVE_SPEED), services) as started:
        yield started


@pytest.fixture
def aws(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """boto3's client of a service of the test's cloud: ``aws("sagemaker")``."""
    name = "live_cloud" if "live_cloud" in request.fixturenames else "cloud"
    client: Callable[[str], Any] = request.getfixturevalue(name).client
    return client


@contextmanager
def running(folder: Path, clock: Any, services: Sequence[Any] | None = None) -> Iterator[Any]:
    from localcloud.core.cloud import Cloud
    from localcloud.core.counters import DEFECTS
    from localcloud.server.listening import listening

    with listening(Cloud(folder / "localcloud", clock=clock, services=services)) as cloud:
        yield cloud
    assert not cloud.counters[DEFECTS], "localcloud failed inside (500): see the captured log"  # noqa: S101 - a test's
