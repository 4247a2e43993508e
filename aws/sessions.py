"""The only place where AWS clients and SDK sessions are made, and where the SDK's defects are worked around.

``client`` is for everything that calls AWS. ``offline`` is for the SDK, which here only authors definitions: inside it
the SDK can reach nothing, reads nothing of this machine, and says nothing.
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
    "AWS_CONFIG_FILE": os.devnull,  # a profile that is named but missing stops boto3 from making any session
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "SAGEMAKER_VALIDATE_ROLE": "false",  # ModelTrainer asks IAM what the role may do
    "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": os.devnull,  # defaults from somebody's home would change the definition
    "SAGEMAKER_USER_CONFIG_OVERRIDE": os.devnull,
}


def client(settings: Settings, service: str) -> Any:
    """A boto3 client for this environment: AWS, or the local endpoint with its own keys."""
    from botocore.config import Config

    aws, url = settings.aws, endpoint.url(settings.aws)
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=10,
        read_timeout=60,
        proxies={} if url else None,  # a company's proxy must not see 127.0.0.1
    )
    session = _session_of(aws.access_key_id, aws.secret_access_key, aws.region)
    return session.client(service, endpoint_url=url, config=config)


@cache
def _session_of(key: str, secret: str, region: str) -> Any:
    """Kept: it remembers what it read of AWS's descriptions, which are large, and which credentials it found."""
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
    session.default_bucket = lambda: settings.bucket  # the SDK would look for it, and create it
    return session


@contextmanager
def _refusing_session(region: str) -> Iterator[Any]:
    """boto3's default session too: the SDK makes clients from it while it is imported."""
    import boto3

    boto, tried = _refusing_boto(region)
    tried.clear()
    with _replaced(boto3, "DEFAULT_SESSION", boto):
        yield boto
    if tried:  # the SDK swallows some refusals
        raise RuntimeError(f"the SDK tried to call AWS while compiling: {', '.join(tried)}")


@cache
def _refusing_boto(region: str) -> tuple[Any, list[str]]:
    """The session, and the calls that somebody tried. Kept: each session reads AWS's descriptions anew (0.3 s)."""
    import boto3

    tried: list[str] = []

    def refuse(request: Any, **_: Any) -> None:
        tried.append(f"{request.method} {request.url}")
        raise RuntimeError(f"no call may be made while compiling: {tried[-1]}")

    boto = boto3.session.Session(region_name=region)
    boto.events.register("before-send", refuse)
    return boto, tried


def _replacements(bucket: str) -> list[tuple[Any, str, Any]]:
    from sagemaker.core import _studio
    from sagemaker.core.telemetry import telemetry_logging
    from sagemaker.mlops.workflow import steps
    from sagemaker.train import ModelTrainer

    return [
        # sends account, latency and error texts to AWS from threads; its opt-out makes each lookup check a schema
        (telemetry_logging, "_send_telemetry_request", lambda *_, **__: None),
        # looks for a Studio file in every folder above the working directory, and tags jobs with what it finds
        (_studio, "_find_config", lambda *_: None),
        # simulates IAM policies to choose a bucket
        (ModelTrainer, "_resolve_staging_bucket", lambda _: (bucket, None)),
        # each processing step makes a local-mode session (0.2 s, and a file in ~/.sagemaker) to ask for a method's name
        (steps, "LocalSagemakerClient", lambda: SimpleNamespace(create_processing_job=create_processing_job)),
    ]


def create_processing_job() -> None:
    """Stands for local mode's, which is never called."""


def _import_sdk() -> None:
    """Importing it configures the root logger for everybody: put back what was there.

    Its thousands of classes stay to the end: to look through them for garbage, at the end too, takes a second or two.
    """
    root = logging.getLogger()
    level, handlers, collecting = root.level, root.handlers[:], gc.isenabled()
    gc.disable()
    try:
        import sagemaker.mlops.workflow
        import sagemaker.train  # noqa: F401
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
        root.setLevel(level)
        root.handlers[:] = handlers


@contextmanager
def _environment(wanted: dict[str, str]) -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(("AWS_", "SAGEMAKER_"))}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name in wanted:
            os.environ.pop(name, None)
        os.environ.update(kept)


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
    kept = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, kept)
