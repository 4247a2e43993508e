"""Fixtures over a whole localcloud: in this process, on a port of its own, with nothing in it.

A test file that wants other services than all of them defines its own ``services`` fixture::

    @pytest.fixture
    def services():
        return [SageMaker]
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# No test reads or reaches anybody's AWS, whatever the shell has set.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.pop("LOCALCLOUD_URL", None)  # tests start their own, also inside a build of localcloud's
os.environ |= dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
# The tests are of the template: what a project changes in its settings must not make its build fail.
os.environ["PIPELINE_TEST_CONFIG"] = str(Path(__file__).resolve().parent / "config")
# Tests start hundreds of processes: compiling the same modules anew in each would take most of their time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Who starts the tests in the background of a script has Ctrl-C ignored, by all that they start as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
LIVE_SPEED = 1000


@pytest.fixture
def services() -> Sequence[Any] | None:
    return None  # all


@pytest.fixture
def cloud(tmp_path: Path, services: Sequence[Any] | None) -> Iterator[Any]:
    """Its clock stands still until ``cloud.clock.advance(seconds)``. A defect (a 500) fails the test."""
    from localcloud.clock import Clock

    with _running(tmp_path, Clock(stepped=True), services) as made:
        yield made


@pytest.fixture
def live_cloud(tmp_path: Path, services: Sequence[Any] | None) -> Iterator[Any]:
    """The same with a clock that runs, 1000 times as fast as ours."""
    from localcloud.clock import Clock

    with _running(tmp_path, Clock(LIVE_SPEED), services) as made:
        yield made


@pytest.fixture
def aws(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """boto3's client of a service of the test's cloud: ``aws("sagemaker")``."""
    name = "live_cloud" if "live_cloud" in request.fixturenames else "cloud"
    client: Callable[[str], Any] = request.getfixturevalue(name).client
    return client


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example data as ``up`` keeps it, to be copied to where a server is to find it: it takes a second to make."""
    from localcloud import wanted

    folder = tmp_path_factory.mktemp("example")
    assert wanted.main(str(folder)) == 0
    return folder


@contextmanager
def _running(folder: Path, clock: Any, services: Sequence[Any] | None) -> Iterator[Any]:
    from localcloud.cloud import Cloud
    from localcloud.counters import DEFECTS
    from localcloud.http.listening import listening

    with listening(Cloud(folder / "localcloud", clock=clock, services=services)) as cloud:
        yield cloud
    assert not cloud.counters[DEFECTS], "localcloud failed inside (500): see the captured log"
