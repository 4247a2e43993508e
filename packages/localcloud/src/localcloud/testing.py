"""pytest fixtures and helpers over a whole localcloud: in this process, on a port of its own, with nothing in it.

A test suite loads the fixtures with ``-p localcloud.testing`` among pytest's options (``addopts``).
A test file that needs only some of the services defines its own ``services`` fixture::

    @pytest.fixture
    def services():
        return [SageMaker]

In a test marked ``roles`` every call by a role or a service is decided as IAM decides.

The helpers are all that tests of another project import. localcloud itself is imported when one is called.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

LIVE_SPEED = 1000.0
# The ports of ended clouds: boto3's clients, the dearest part of a cloud, fit one at the same address.
_PORTS: list[int] = []


@pytest.fixture
def services() -> Sequence[Any] | None:
    return None  # all


@pytest.fixture
def enforced(request: pytest.FixtureRequest) -> bool:
    """Whether the test's cloud decides about calls."""
    return request.node.get_closest_marker("roles") is not None


@pytest.fixture
def cloud(tmp_path: Path, services: Sequence[Any] | None, enforced: bool) -> Iterator[Any]:
    """Its clock stands still until ``cloud.clock.advance(seconds)``. A defect (a 500) fails the test."""
    with start_cloud(tmp_path, services=services, enforced=enforced) as started:
        yield started


@pytest.fixture
def live_cloud(tmp_path: Path, services: Sequence[Any] | None, enforced: bool) -> Iterator[Any]:
    """The same with a clock that runs, 1000 times as fast as real time."""
    with start_cloud(tmp_path, LIVE_SPEED, services, enforced=enforced) as started:
        yield started


@pytest.fixture
def aws(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """boto3's client of a service of the test's cloud: ``aws("sagemaker")``."""
    name = "live_cloud" if "live_cloud" in request.fixturenames else "cloud"
    client: Callable[[str], Any] = request.getfixturevalue(name).client
    return client


@contextmanager
def start_cloud(
    folder: Path, speed: float | None = None, services: Sequence[Any] | None = None, *, enforced: bool = False
) -> Iterator[Any]:
    """Without a speed the clock stands still until it is advanced."""
    from localcloud.core.clock import Clock
    from localcloud.core.counters import DEFECTS
    from localcloud.server.composition import compose
    from localcloud.server.listening import listening

    clock = Clock(stepped=True) if speed is None else Clock(speed)
    composed = compose(folder / "localcloud", clock=clock, services=services, enforced=enforced)
    with listening(composed, _known_port()) as cloud:
        yield cloud
    _PORTS.append(urlsplit(cloud.url).port or 0)
    assert not cloud.counters[DEFECTS], "localcloud failed inside (500): see the captured log"  # noqa: S101 - a test's


def _known_port() -> int:
    """Of an ended cloud, unless it has been taken; else 0, which is any."""
    port = _PORTS.pop() if _PORTS else 0
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return port
    return 0


def client_of(folder: Path, service: str) -> Any:
    """boto3's client of a service of the localcloud that a command started with ``--folder``."""
    import boto3

    from localcloud.core.state_dir import StateDir

    server = StateDir(folder).running()
    assert server, f"no localcloud runs in {folder}"  # noqa: S101 - a test's
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client(service, endpoint_url=server.url, region_name=server.region, **keys)


def denials_of(folder: Path) -> list[dict[str, Any]]:
    """The calls that the localcloud of ``client_of`` has denied; an error if it allows every call."""
    from localcloud.cli import running_server
    from localcloud.core.state_dir import StateDir

    status = running_server.call(running_server.require(StateDir(folder)), "status")
    assert status["roles_enforced"]  # noqa: S101 - a test's
    denials: list[dict[str, Any]] = status["denials"]
    return denials


def start_model_server(folder: Path, *flags: str, **environment: str) -> subprocess.Popen[str]:
    """``python -m localcloud.runtime.serving`` of a model's folder; it prints its URL."""
    return subprocess.Popen(
        [sys.executable, "-m", "localcloud.runtime.serving", "--model-dir", str(folder), *flags],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(folder: Path, *flags: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """The process of a model server, and a function that makes a new connection to it."""
    process = start_model_server(folder, *flags, **environment)
    timer = threading.Timer(60, process.kill)
    timer.start()
    try:
        assert process.stdout and process.stderr  # noqa: S101 - a test's
        url = urlsplit(process.stdout.readline().strip())
        assert url.hostname == "127.0.0.1", process.stderr.read()  # noqa: S101 - a test's
        yield process, lambda: http.client.HTTPConnection("127.0.0.1", url.port or 0, timeout=20)
    finally:
        timer.cancel()
        process.kill()
        process.communicate(timeout=30)


def git_repository(cloud: Any) -> str:
    """The folder to push to; its hook starts the pipelines that have a trigger for the push."""
    return str(cloud.services["codecommit"].open()["repository"])


def apply_seed(cloud: Any, file: Path) -> None:
    from localcloud.core import seed
    from localcloud.server.seeding import Seeding

    Seeding(cloud).apply(seed.read(file, cloud.account, cloud.region))


def role_permissions(cloud: Any) -> dict[str, list[dict[str, Any]]]:
    """Of each role, by its ARN: the actions of its policies, and whether a call has needed them."""
    from dataclasses import asdict

    return {arn: [asdict(each) for each in cloud.access.permissions(arn)] for arn in cloud.access.roles()}


def role_may(cloud: Any, role_arn: str, action: str, resource: str, context: dict[str, tuple[str, ...]]) -> bool:
    """Decides as for a call; ``context``: condition keys of the request, in lower case."""
    allowed: bool = cloud.access.allows(role_arn, action, resource, context)
    return allowed


def role_trusts(cloud: Any, role_arn: str, service: str, source_arn: str) -> bool:
    """Whether a service may assume the role for that resource of it."""
    from localcloud.core.refusal import Refusal

    try:
        cloud.access.assume(role_arn, "any", service=service, source_arn=source_arn)
    except Refusal:
        return False
    return True


def settle_events(cloud: Any) -> None:
    """Returns when every event, and every invocation of a schedule, is delivered or waits for the clock."""
    for name in ("scheduler", "events"):
        cloud.services[name].settle()


def request_problems(service: str, operation: str, request: Any) -> list[str]:
    """What AWS's model of the service has against a request, as sentences."""
    from localcloud.core import request_validation

    return request_validation.request_problems(service, operation, request)


def definition_problems(body: str) -> list[str]:
    """What SageMaker has against a pipeline definition, as sentences."""
    from localcloud.services.sagemaker.pipelines import definition_checks

    return definition_checks.definition_problems(body)


def definition_steps(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every step of a pipeline definition, those in a condition's branches too."""
    from localcloud.services.sagemaker.pipelines import definition_checks

    return definition_checks.all_steps(steps)


def policy_problems(policy: Any, *, of_resource: bool = False) -> list[str]:
    """Actions, resources and condition keys that AWS's reference does not know together, as sentences."""
    from localcloud.core.access import policy_checks

    return policy_checks.policy_problems(policy, of_resource=of_resource)


def authorization(service: str, operation: str, request: Any) -> list[tuple[str, tuple[str, ...]]]:
    """The actions that AWS checks for a call, with their resources; a Refusal if localcloud does not know them."""
    from localcloud.core.access.calls import Scope, needs
    from localcloud.core.seed import ACCOUNT, REGION

    return [(need.action, need.resources) for need in needs(service, operation, request, Scope(ACCOUNT, REGION))]


def parse_metric_math(expression: str) -> Any:
    """Raises on what CloudWatch's metric math, as far as localcloud has it, does not take."""
    from localcloud.services.cloudwatch import math_expressions

    return math_expressions.parse(expression)
