"""The container image of every step and of the endpoint, and the libraries inside it.

requirements/scripts.txt pins the same libraries for this machine: a model saved by one version and loaded by another
may break silently. A contract test compares tag, table and pins.
"""

from __future__ import annotations

import re

from settings.errors import SettingsProblem

FRAMEWORK = "xgboost"
TAG = "3.2-0"
PYTHON = "3.12"
LIBRARIES = {
    "xgboost": "3.2.0",
    "scikit-learn": "1.8.0",
    "numpy": "2.1.0",
    "pandas": "2.2.3",
    "pyarrow": "22.0.0",
}


def uri(region: str) -> str:
    """From the SDK's own table of registries. Call it inside ``sessions.offline``."""
    from sagemaker.core import image_uris

    try:
        return str(image_uris.retrieve(FRAMEWORK, region=region, version=TAG))
    except ValueError as error:
        known = sorted(set(re.findall(r"[a-z]{2}(?:-[a-z]+)+-\d", str(error))) - {region})
        choice = f"; choose one of {', '.join(known)}" if known else ""
        missing = f"SageMaker has no {FRAMEWORK} {TAG} image there{choice}"
        raise SettingsProblem(f"aws.region = {region!r}: {missing}") from error
