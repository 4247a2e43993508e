"""Clients use the endpoint of the settings; the offline SDK makes no call and leaves no trace."""

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from aws import sessions

ROOT = Path(__file__).resolve().parents[3]


def settings(endpoint_url="", key="", secret=""):
    keys = {"access_key_id": key, "secret_access_key": secret}
    aws = SimpleNamespace(region="eu-west-1", endpoint_url=endpoint_url, endpoint_command=(), **keys)
    bucket = "churn-bucket"
    return SimpleNamespace(env="dev", aws=aws, bucket=bucket, prefix=f"s3://{bucket}/churn")


@pytest.fixture
def endpoint():
    """A server that records the credentials of requests."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(self.headers["Authorization"])
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = json.dumps({"PipelineSummaries": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", seen=seen)
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.slow
def test_a_local_client_ignores_the_variables_of_the_shell(endpoint, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: a call through this proxy fails
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-shell")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-shell")
        client = sessions.client(settings(endpoint.url, "local-key", "local-secret"), "sagemaker")
        assert client.list_pipelines()["PipelineSummaries"] == []
    assert "Credential=local-key/" in endpoint.seen[0]
    assert "/eu-west-1/sagemaker/" in endpoint.seen[0]


@pytest.mark.parametrize(
    ("source", "expected"), [("{url}/keys", "of-the-role"), ("http://169.254.170.2/keys", "local-key")]
)
def test_a_process_that_the_endpoint_gives_keys_uses_them(endpoint, monkeypatch, source, expected):
    """The shell of a container elsewhere has keys of another account."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", source.format(url=endpoint.url))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-role")  # else boto3 would fetch them
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-role")
    client = sessions.client(settings(endpoint.url, "local-key", "local-secret"), "sagemaker")
    assert client.list_pipelines()["PipelineSummaries"] == []
    assert f"Credential={expected}/" in endpoint.seen[0]


def test_a_client_for_aws_takes_the_region_from_the_settings_and_retries(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    client = sessions.client(settings(), "sagemaker")
    assert client.meta.endpoint_url == "https://api.sagemaker.eu-west-1.amazonaws.com"
    assert client.meta.config.retries == {"mode": "standard", "total_max_attempts": 5}
    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (10, 60)


@pytest.mark.slow
def test_importing_the_modules_imports_neither_boto3_nor_the_sdk():
    modules = "aws.sessions, aws.errors"
    code = f"import {modules}, sys; print([m for m in ('boto3', 'botocore', 'sagemaker') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def state():
    import boto3

    root = logging.getLogger()
    return {
        "environment": dict(os.environ),
        "root logger": (root.level, root.handlers[:], logging.root.manager.disable),
        "warnings": warnings.filters[:],
        "boto3": boto3.DEFAULT_SESSION,
        "threads": threading.enumerate(),
    }


@pytest.mark.slow
def test_offline_leaves_everything_as_it_was(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "that-does-not-exist")
    monkeypatch.setenv("SAGEMAKER_USER_CONFIG_OVERRIDE", "/no/such/file")
    before = state()
    with sessions.offline(settings(), str):
        assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-1"
        assert "AWS_PROFILE" not in os.environ
    assert state() == before


@pytest.mark.slow
def test_offline_restores_the_environment_after_an_error(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "work")
    before = state()
    with pytest.raises(ValueError, match="ours"), sessions.offline(settings(), str):
        raise ValueError("ours")
    assert state() == before


@pytest.mark.slow
@pytest.mark.parametrize("of", ["the session", "boto3 itself"])
def test_offline_refuses_every_call_even_one_whose_refusal_is_swallowed(of):
    import boto3

    with (
        pytest.raises(RuntimeError, match=r"tried to call AWS while compiling: POST https://sts"),
        sessions.offline(settings(), str) as session,
    ):
        maker = session.boto_session if of == "the session" else boto3
        with pytest.raises(RuntimeError, match="no call may be made"):
            maker.client("sts").get_caller_identity()


@pytest.mark.slow
def test_what_the_sdk_would_upload_goes_to_the_given_function():
    with sessions.offline(settings(), lambda path: f"s3://churn-bucket{path}/") as session:
        uri = session.upload_data(path="/driver", bucket="any", key_prefix="train-20260101-120000")
        assert session.default_bucket() == "churn-bucket"
    assert uri == "s3://churn-bucket/driver/"
