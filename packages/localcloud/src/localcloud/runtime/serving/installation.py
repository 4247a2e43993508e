"""What the image does before it serves: ``pip install . --requirement requirements.txt`` in the model's code folder.

Here requirements.txt is installed into a folder that precedes the interpreter's own packages; the code folder is used
where it is. pip builds the latter in an environment of its own, for which it downloads setuptools: without an index
the image starts only with PIP_NO_BUILD_ISOLATION=0, as pip reads this variable inverted.

Not reproduced: what the interpreter has already is installed all the same, which needs an index.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from localcloud.runtime import package_indexes
from localcloud.runtime.serving.errors import StartError

BUILD_REQUIREMENT = "setuptools>=40.8.0"
REQUIREMENTS = "requirements.txt"
TRUE, FALSE = ("y", "yes", "t", "true", "on", "1"), ("n", "no", "f", "false", "off", "0")


@contextmanager
def installed(code: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Within it the requirements can be imported; a StartError where the image would not start."""
    _check(code, environment)
    if "SAGEMAKER_PROGRAM" not in environment or not (code / REQUIREMENTS).is_file():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="packages-", dir=code.parent) as folder:
        _install(code, folder, environment)
        sys.path.insert(0, folder)
        yield


def _check(code: Path, environment: Mapping[str, str]) -> None:
    isolated = _flag(environment, "PIP_NO_BUILD_ISOLATION", default=True)  # inverted: pip stores it as build_isolation
    no_index = _flag(environment, "PIP_NO_INDEX", default=False)
    if "SAGEMAKER_PROGRAM" not in environment or not no_index:
        return
    if (code / REQUIREMENTS).is_file() and not environment.get("PIP_FIND_LINKS"):
        raise StartError("code/requirements.txt cannot be installed without a package index: use the image's packages")
    if isolated:
        remedy = "without a package index set PIP_NO_BUILD_ISOLATION=0 in the model's environment"
        raise StartError(f"No matching distribution found for {BUILD_REQUIREMENT}: {remedy}")


def _install(code: Path, folder: str, environment: Mapping[str, str]) -> None:
    if not find_spec("pip"):
        remedy = f"run {sys.executable} -m ensurepip, or name another interpreter in the seed's images"
        raise StartError(f"code/requirements.txt cannot be installed: {sys.executable} has no pip; {remedy}")
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--target",
        folder,
        "--requirement",
        REQUIREMENTS,
    ]
    completed = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options],
        cwd=code,
        env=_past_the_proxy(environment),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if completed.returncode:
        errors = [line.removeprefix("ERROR: ") for line in completed.stderr.splitlines() if line.startswith("ERROR: ")]
        raise StartError(f"code/requirements.txt cannot be installed: {(errors or [completed.stderr])[-1]}")


def _past_the_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    variables = dict(environment)
    for name in ("NO_PROXY", "no_proxy"):
        if name in variables:
            variables[name] = ",".join([variables[name], *package_indexes.hosts()])
    return variables


def _flag(environment: Mapping[str, str], name: str, default: bool) -> bool:
    value = environment.get(name, "").lower()
    if value and value not in TRUE + FALSE:
        raise StartError(f"pip refuses {name}={environment[name]}: it takes 0 or 1")
    return value in TRUE if value else default
