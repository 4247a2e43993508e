"""What the image does before it serves: ``pip install .`` in the model's code folder, checked here and not done.

pip builds the folder in an environment of its own, for which it downloads setuptools. Without a package index the image
starts only with PIP_NO_BUILD_ISOLATION=0, as pip reads this variable inverted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from localcloud.runtime.serving.errors import StartError

BUILD_REQUIREMENT = "setuptools>=40.8.0"
TRUE, FALSE = ("y", "yes", "t", "true", "on", "1"), ("n", "no", "f", "false", "off", "0")


def check(code: Path, environment: Mapping[str, str]) -> None:
    isolated = _flag(environment, "PIP_NO_BUILD_ISOLATION", default=True)  # inverted: pip stores it as build_isolation
    no_index = _flag(environment, "PIP_NO_INDEX", default=False)
    if "SAGEMAKER_PROGRAM" not in environment or not no_index:
        return
    if (code / "requirements.txt").is_file():
        raise StartError("code/requirements.txt cannot be installed without a package index: use the image's packages")
    if isolated:
        remedy = "without a package index set PIP_NO_BUILD_ISOLATION=0 in the model's environment"
        raise StartError(f"No matching distribution found for {BUILD_REQUIREMENT}: {remedy}")


def _flag(environment: Mapping[str, str], name: str, default: bool) -> bool:
    value = environment.get(name, "").lower()
    if value and value not in TRUE + FALSE:
        raise StartError(f"pip refuses {name}={environment[name]}: it takes 0 or 1")
    return value in TRUE if value else default
