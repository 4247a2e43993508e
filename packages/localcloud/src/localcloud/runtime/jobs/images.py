"""The interpreter and the model server that replace an image, where jobs and models run as processes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

PYTHON = ("python", "python3")
SERVE = ("python", "-m", "localcloud.runtime.serving", "--model-dir", "{model_dir}", "--workers", "{workers}")


@dataclass(frozen=True)
class Image:
    image: str = "*"  # its URI, or a pattern such as *.dkr.ecr.*.amazonaws.com/churn:*
    python: str = ""  # the interpreter; "": the server's own
    serve: tuple[str, ...] = ()  # the command that serves a model; (): localcloud's own

    @property
    def interpreter(self) -> Path:
        return Path(self.python or sys.executable)

    def serve_command(self, model: Path, workers: int) -> list[str]:
        """It prints its URL, http://127.0.0.1:<port>, once it answers GET /ping and POST /invocations there."""
        values = {"{model_dir}": str(model), "{workers}": str(workers)}
        words = [values.get(word, word) for word in self.serve or SERVE]
        return [str(self.interpreter), *words[1:]] if words[0] in PYTHON else words


class Images:
    """The first entry that matches an image replaces it; without one, the server's own interpreter does."""

    def __init__(self, images: Iterable[Image] = ()) -> None:
        self._images = tuple(images)

    def replace(self, images: Iterable[Image]) -> None:
        self._images = tuple(images)

    def has_entry_for(self, uri: str) -> bool:
        """One that names it; ``*`` names none."""
        return any(image.image != Image.image and fnmatchcase(uri, image.image) for image in self._images)

    def find(self, uri: str) -> Image:
        return self._entry(uri) or Image()

    def notice(self, uri: str) -> str:
        """For a log, so that no image is silently replaced by another; "" when an entry says what replaces it."""
        if self._entry(uri):
            return ""
        return f"localcloud: {sys.executable} stands for the image {uri}, for which the seed's images have no entry"

    def _entry(self, uri: str) -> Image | None:
        return next((image for image in self._images if fnmatchcase(uri, image.image)), None)
