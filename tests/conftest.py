"""No test reads anybody's AWS or settings; fixtures over a whole localcloud come from ``localcloud.testing``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

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


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example data as ``up`` keeps it, to be copied to where a server is to find it: it takes a second to make."""
    from rehearsal import seed

    folder = tmp_path_factory.mktemp("example")
    assert seed.main(str(folder)) == 0
    return folder
