"""The source of the deploy pipeline: AWS wants one, and a release takes its code from the source of a green build."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from pipelines.initial_objects import put_initial_objects
from settings.model import Settings

TEXT = "The code of a release is the source of its package's commit, as a green build stored it beside this object.\n"


def put(settings: Settings, s3: Any) -> None:
    """Where there is none."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("README", TEXT)
    put_initial_objects({f"{settings.prefix}/tested/start.zip": archive.getvalue()}, s3)
