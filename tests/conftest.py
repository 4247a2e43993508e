"""No test reads anybody's AWS or settings; fixtures over a whole localcloud come from ``localcloud.testing``."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest

from settings import environments
from tests import toml

# No test reads or reaches anybody's AWS, whatever the shell has set.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.pop("LOCALCLOUD_URL", None)  # tests start their own server, also inside a build of localcloud
os.environ |= dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
# Tests start hundreds of processes: compiling the same modules in each would take most of their time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# In the background of a script the shell ignores Ctrl-C for the tests and for all processes that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).resolve().parent
PROJECT = str(TESTS.parent / "config") + os.sep
MAY_READ_IT = ("tests/unit/settings/test_environments.py",)


def _settings(folder: Path) -> Path:
    """config/base.toml under what the tests rely on, with environments of the tests' own."""
    own = TESTS / "settings"
    shutil.copytree(own, folder, ignore=shutil.ignore_patterns("overlay.toml"), dirs_exist_ok=True)
    base, over = (tomllib.loads(file.read_text()) for file in (TESTS.parent / "config/base.toml", own / "overlay.toml"))
    base["tags"] = {}  # they are free: a project's would come on top
    merged = {name: base.get(name, {}) | over.get(name, {}) for name in base | over}
    (folder / "base.toml").write_text(toml.render(merged))
    return folder


# The tests are of the template: what a project changes in its settings must not make its build fail. In this process
# the tests' own are the default; a process that a test starts is given them with --config.
environments.CONFIG = _settings(Path(tempfile.mkdtemp(prefix="settings-")))
atexit.register(shutil.rmtree, environments.CONFIG, ignore_errors=True)


def _refuse_project_settings(event: str, arguments: tuple[object, ...]) -> None:
    """A test that opens a file of config/ would fail where a project has other settings, so it fails here already."""
    if event == "open" and isinstance(file := arguments[0], str) and file.endswith(".toml"):
        reader = os.environ.get("PYTEST_CURRENT_TEST", "")
        if str(Path(file).absolute()).startswith(PROJECT) and not reader.startswith(MAY_READ_IT):
            raise AssertionError(f"{file} is the project's own: read settings.environments.CONFIG, or pass it on")


sys.addaudithook(_refuse_project_settings)


@pytest.fixture
def enforced() -> bool:
    """Every cloud of these tests decides about calls, without the mark that localcloud's own tests need for it."""
    return True


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example data as ``rehearsal.up`` keeps it, to be copied to a server's folder: it takes a second to make."""
    from rehearsal import seed

    return seed.example(tmp_path_factory.mktemp("state")).parent
