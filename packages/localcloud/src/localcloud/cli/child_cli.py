"""The commands inside a process that localcloud itself started, such as a build: they must not change its server."""

from __future__ import annotations

import json
import os
from pathlib import Path

from localcloud.core.client_environment import URL
from localcloud.core.control_client import call, status_lines, status_record
from localcloud.core.errors import Problem


def server() -> str:
    """The URL of the server that started this process; "" if none did."""
    return os.environ.get(URL, "")


def run(command: str, url: str, *, as_json: bool = False) -> int:
    if command not in ("up", "status"):
        sentence = f"this process was started by the localcloud at {url} ({URL})"
        raise Problem(f"{sentence}: run `{command}` in the checkout that started the server")
    status = call(url, "status", server=f"the localcloud that {URL} names", remedy=f"unset {URL} if it is gone")
    if command == "up":
        print(url, flush=True)
    elif as_json:
        print(json.dumps(status_record(status, folder=str(Path(status["folder"]).parent))), flush=True)
    else:
        print("\n".join([f"localcloud is running, and started this process: {url}", *status_lines(status)]), flush=True)
    return 0
