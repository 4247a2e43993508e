"""The model's requirements.txt is installed at the start, from a package index on 127.0.0.1 that the tests build."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from runtime.serving.server_process import HANDLER, model_dir, post

from localcloud.testing import serving, start_model_server

pytestmark = pytest.mark.slow
WORDS = HANDLER.replace("return data", "import tinywords; return tinywords.GREETING + data")
NAME = "tinywords-1.0-py3-none-any.whl"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


def build_wheel(folder: Path) -> None:
    information = "tinywords-1.0.dist-info"
    files = {
        "tinywords.py": "GREETING = 'hello '\n",
        f"{information}/METADATA": "Metadata-Version: 2.1\nName: tinywords\nVersion: 1.0\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{information}/RECORD"))
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / NAME, "w") as wheel:
        for name, text in {**files, f"{information}/RECORD": record}.items():
            wheel.writestr(name, text)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The URL of an index, as PEP 503 describes it, with one project."""
    project = tmp_path / "index/simple/tinywords"
    build_wheel(project)
    (project / "index.html").write_text(f'<!DOCTYPE html><html><body><a href="{NAME}">{NAME}</a></body></html>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path / "index")))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = model_dir(tmp_path / "model", WORDS)
    (folder / "code/requirements.txt").write_text("tinywords==1.0\n")
    return folder


def environment(**more: str) -> dict[str, str]:
    """Nothing of this machine's own package settings."""
    none = dict.fromkeys(("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"), "")
    return {"SAGEMAKER_PROGRAM": "inference.py", "PIP_CONFIG_FILE": "/dev/null", **none, **more}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_requirements_are_installed_from_the_index(folder: Path, index: str, workers: str) -> None:
    behind_a_proxy = {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1,localhost"}
    variables = environment(PIP_INDEX_URL=index, **behind_a_proxy)
    with serving(folder, "--workers", workers, **variables) as (process, connect):
        assert post(connect(), b"you") == (200, b"hello you")
        process.terminate()
        assert process.wait(30) == 0
    assert [path.name for path in folder.iterdir()] == ["code"]


def test_several_servers_of_one_model_install_beside_each_other(folder: Path, index: str) -> None:
    variables = environment(PIP_INDEX_URL=index)
    with serving(folder, **variables) as (_, first), serving(folder, **variables) as (_, second):
        assert post(first(), b"a") == post(second(), b"a") == (200, b"hello a")


def test_without_an_index_they_come_from_the_links(folder: Path, index: str, tmp_path: Path) -> None:
    links = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "index/simple/tinywords")}
    with serving(folder, **environment(**links, PIP_NO_BUILD_ISOLATION="0")) as (_, connect):
        assert post(connect(), b"you") == (200, b"hello you")


def test_without_the_program_nothing_is_installed(folder: Path, index: str) -> None:
    variables = environment(PIP_INDEX_URL=index)
    del variables["SAGEMAKER_PROGRAM"]
    with serving(folder, **variables) as (_, connect):
        assert post(connect(), b"you")[0] == 500


def test_what_the_index_does_not_have_ends_the_start(folder: Path, index: str) -> None:
    (folder / "code/requirements.txt").write_text("tinywords==2.0\n")
    _, errors = start_model_server(folder, **environment(PIP_INDEX_URL=index)).communicate(timeout=60)
    sentence = "error: code/requirements.txt cannot be installed: No matching distribution found for tinywords==2.0"
    assert errors.splitlines() == [sentence]
    assert [path.name for path in folder.iterdir()] == ["code"]
