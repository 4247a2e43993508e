"""Creates all AWS clients and SDK sessions, and works around the SDK's defects.

``client`` is for everything that calls AWS. ``offline`` is for the SDK, which only authors definitions here: within it
the SDK makes no call, reads nothing of this machine and prints nothing.
"""

from __future__ import annotations

import gc
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

from aws import endpoint
from settings.model import Settings

# What the SDK sees of the environment. Every other AWS_* and SAGEMAKER_* variable is hidden from it.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "offline",
    "AWS_SECRET_ACCESS_KEY": "offline",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,  # a profile that is named but missing makes boto3 refuse any session
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "SAGEMAKER_VALIDATE_ROLE": "false",  # ModelTrainer would ask IAM what the role allows
    "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": os.devnull,  # defaults in a home folder would change the definition
    "SAGEMAKER_USER_CONFIG_OVERRIDE": os.devnull,
}

OPTIONAL = ("service-quotas",)  # read for advice; a network without a way out has no endpoint of it


def client(settings: Settings, service: str) -> Any:
    """A boto3 client for this environment: AWS, or the local endpoint with its own keys."""
    from botocore.config import Config

    aws, url = settings.aws, endpoint.url(settings.aws)
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1 if service in OPTIONAL else 5},
        connect_timeout=10,
        read_timeout=60,
        proxies={} if url else None,  # a company's proxy must not see 127.0.0.1
    )
    session = _session_of(*endpoint.keys(aws), aws.region)
    return session.client(service, endpoint_url=url, config=config)


@cache
def _session_of(key: str, secret: str, region: str) -> Any:
    """Cached: a session keeps AWS's service models, which are large, and the credentials that it resolved."""
    import boto3

    return boto3.session.Session(
        aws_access_key_id=key or None, aws_secret_access_key=secret or None, region_name=region
    )


@contextmanager
def offline(settings: Settings, upload: Callable[[str], str]) -> Iterator[Any]:
    """The SDK's pipeline session, for compiling. ``upload`` replaces the SDK's uploads: local path -> S3 URI."""
    with ExitStack() as stack:
        stack.enter_context(_environment({**ENVIRONMENT, "AWS_DEFAULT_REGION": settings.aws.region}))
        stack.enter_context(_silence())
        boto = stack.enter_context(_refusing_session(settings.aws.region))
        _import_sdk()
        for owner, name, value in _replacements(settings.bucket):
            stack.enter_context(_replaced(owner, name, value))
        yield _session(settings, boto, upload)


def _session(settings: Settings, boto: Any, upload: Callable[[str], str]) -> Any:
    from sagemaker.core.workflow.pipeline_context import PipelineSession

    session = PipelineSession(boto_session=boto, default_bucket=settings.bucket)
    session.upload_data = lambda path, **_: upload(path)  # the SDK would upload, to an address with the time in it
    session.default_bucket = lambda: settings.bucket  # the SDK would look it up, and create it
    return session


@contextmanager
def _refusing_session(region: str) -> Iterator[Any]:
    """Also replaces boto3's default session: the SDK creates clients from it while it is imported."""
    import boto3

    boto, attempts = _refusing_boto(region)
    attempts.clear()
    with _replaced(boto3, "DEFAULT_SESSION", boto):
        yield boto
    if attempts:  # the SDK swallows some of the errors
        raise RuntimeError(f"the SDK tried to call AWS while compiling: {', '.join(attempts)}")


@cache
def _refusing_boto(region: str) -> tuple[Any, list[str]]:
    """The session, and the calls that were tried. Cached: every new session reads AWS's service models (0.3 s)."""
    import boto3

    attempts: list[str] = []

    def refuse(request: Any, **_: Any) -> None:
        attempts.append(f"{request.method} {request.url}")
        raise RuntimeError(f"no call may be made while compiling: {attempts[-1]}")

    boto = boto3.session.Session(region_name=region)
    boto.events.register("before-send", refuse)
    create = cache(boto.client)
    boto.client = lambda service, **_: create(service)  # no client is used: one of each service is enough
    return boto, attempts


def _replacements(bucket: str) -> list[tuple[Any, str, Any]]:
    from sagemaker.core import _studio
    from sagemaker.core.telemetry import telemetry_logging
    from sagemaker.mlops.workflow import steps
    from sagemaker.train import ModelTrainer

    return [
        # sends account, latency and error texts to AWS from threads; its opt-out validates a schema at each lookup
        (telemetry_logging, "_send_telemetry_request", lambda *_, **__: None),
        # searches every folder above the working directory for a Studio file, and tags jobs with its content
        (_studio, "_find_config", lambda *_: None),
        # simulates IAM policies to choose a bucket
        (ModelTrainer, "_resolve_staging_bucket", lambda _: (bucket, None)),
        # each processing step creates a local-mode session (0.2 s, a file in ~/.sagemaker) to look up a method's name
        (steps, "LocalSagemakerClient", lambda: SimpleNamespace(create_processing_job=create_processing_job)),
    ]


def create_processing_job() -> None:
    """Stands for the method of local mode, which is never called."""


def _import_sdk() -> None:
    """Importing it configures the root logger: restore the earlier state.

    Its thousands of classes stay in memory anyway: scanning them for garbage would take a second or two. Most are
    models of shapes that are never used: each gets its validator at its first use, which saves half a second.
    """
    from pydantic import BaseModel

    root = logging.getLogger()
    level, handlers, collecting = root.level, root.handlers[:], gc.isenabled()
    gc.disable()
    BaseModel.model_config["defer_build"] = True
    try:
        import sagemaker.mlops.workflow
        import sagemaker.train  # noqa: F401
    finally:
        del BaseModel.model_config["defer_build"]
        gc.freeze()
        if collecting:
            gc.enable()
        root.setLevel(level)
        root.handlers[:] = handlers


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    saved = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(("AWS_", "SAGEMAKER_"))}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
        os.environ.update(saved)


@contextmanager
def _silence() -> Iterator[None]:
    disabled = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)
