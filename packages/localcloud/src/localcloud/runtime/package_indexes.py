"""The package indexes of this machine. Builds and starting models may connect to their hosts past the egress proxy, as
on AWS.

A process with pip lists them once: the hosts in its configuration, and its default index.
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
QUERY = """
from pip._internal.configuration import Configuration
from pip._internal.models.index import PyPI
settings = Configuration(isolated=False)
settings.load()
print(*(str(value) for _, value in settings.items()), "https://" + PyPI.netloc, "https://" + PyPI.file_storage_domain)
"""


def variables() -> dict[str, str]:
    """The user's package settings and caches, as a build has a home of its own."""
    settings = {name: value for name, value in os.environ.items() if name.startswith(PREFIXES)}
    folders = {"XDG_CACHE_HOME": ".cache", "XDG_CONFIG_HOME": ".config"}
    settings |= {name: os.environ.get(name) or str(Path.home() / folder) for name, folder in folders.items()}
    scripts = str(Path(sys.executable).parent)  # tools such as uv, last
    return settings | {"PATH": os.pathsep.join([os.environ.get("PATH", os.defpath), scripts])}


@cache
def hosts() -> tuple[str, ...]:
    """Without pip only the hosts in the environment."""
    texts = [value for name, value in os.environ.items() if name.startswith(PREFIXES)]
    try:
        command = [sys.executable, "-c", QUERY]
        completed = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
        texts.append(completed.stdout)
    except (OSError, subprocess.SubprocessError):
        pass
    names = (urlsplit(word).hostname for text in texts for word in text.split() if "://" in word)
    return tuple(dict.fromkeys(host for host in names if host))
