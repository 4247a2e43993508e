"""Where this machine gets its Python packages from. A build may go there, past the guard: on AWS it could, too.

Asked of pip once, in a process of its own: what its configuration names, and the index that it has by default.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

PREFIXES = ("PIP_", "UV_")
SECONDS = 20.0
ASK = """
from pip._internal.configuration import Configuration
from pip._internal.models.index import PyPI
told = Configuration(isolated=False)
told.load()
print(*(str(value) for _, value in told.items()), "https://" + PyPI.netloc, "https://" + PyPI.file_storage_domain)
"""


def variables() -> dict[str, str]:
    """The person's own settings and caches of packages, though a build's home is not theirs."""
    settings = {name: value for name, value in os.environ.items() if name.startswith(PREFIXES)}
    folders = {"XDG_CACHE_HOME": ".cache", "XDG_CONFIG_HOME": ".config"}
    settings |= {name: os.environ.get(name) or str(Path.home() / folder) for name, folder in folders.items()}
    beside = str(Path(sys.executable).parent)  # tools such as uv, after everybody else's
    return settings | {"PATH": os.pathsep.join([os.environ.get("PATH", os.defpath), beside])}


@cache
def hosts() -> tuple[str, ...]:
    """Without pip there are only those that the environment names."""
    told = [value for name, value in os.environ.items() if name.startswith(PREFIXES)]
    try:
        command = [sys.executable, "-c", ASK]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
        told.append(done.stdout)
    except (OSError, subprocess.SubprocessError):
        pass
    found = (urlsplit(word).hostname for text in told for word in text.split() if "://" in word)
    return tuple(dict.fromkeys(host for host in found if host))
