"""The interpreter and the server that stand for an image."""

import os
import sys
from pathlib import Path

import pytest

from localcloud.runtime.jobs import runtimes
from localcloud.runtime.jobs.images import Image, Images
from localcloud.runtime.jobs.job import Job
from localcloud.runtime.jobs.model_server import ModelServer, ModelServerError

URI = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/churn:1"
SERVER = """
import http.server, os, sys
print(sys.argv[1:], os.environ.get("PYTHONPATH"), flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
"""


@pytest.fixture
def python(tmp_path):
    """Another interpreter, which identifies itself by a variable."""
    file = tmp_path / "bin" / "python-of-the-image"
    file.parent.mkdir()
    file.write_text(f'#!/bin/sh\nIMAGE=mine exec "{sys.executable}" "$@"\n')
    file.chmod(0o755)
    return file


def test_the_first_entry_that_matches_stands_for_an_image():
    exact, pattern = Image(URI, "/exact"), Image("*/churn:*", "/pattern")
    images = Images([exact, pattern])
    assert images.find(URI) == exact
    assert images.find("other/churn:2") == pattern
    assert images.find("other/else:2") == Image()
    assert Image().interpreter == Path(sys.executable)


def test_a_job_runs_with_the_interpreter_of_its_image(tmp_path, python):
    job = Job("job", "processing", URI, ("python3", "script.py"), "", 60)
    command = runtimes.process(job, tmp_path, images=Images([Image("*/churn:*", str(python))]))
    assert command.argv == [str(python), "script.py"]
    assert command.environment["PATH"].split(os.pathsep)[0] == str(python.parent)
    assert runtimes.process(job, tmp_path, images=Images()).argv[0] == sys.executable


def test_a_model_is_served_by_the_command_of_its_image(tmp_path, python):
    (tmp_path / "serve.py").write_text(SERVER)
    image = Image("*", str(python), ("python", str(tmp_path / "serve.py"), "{model_dir}", "n={workers}", "{workers}"))
    lines = []
    server = ModelServer(tmp_path, {}, lines.append, 3, image)
    try:
        assert server.wait_ready(30) == lines[1]
        assert lines[0] == f"{[str(tmp_path), 'n={workers}', '3']} None"
    finally:
        server.close()


def test_a_command_that_cannot_serve_is_reported_with_its_output(tmp_path):
    image = Image("*", serve=("python", "-c", "print('no model here')"))
    server = ModelServer(tmp_path, {}, lambda _: None, image=image)
    try:
        with pytest.raises(ModelServerError, match="no model here"):
            server.wait_ready(30)
    finally:
        server.close()
