"""The command and the server's own files on a full disk."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

pytestmark = pytest.mark.full_disk


def localcloud(folder: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "localcloud", "--folder", str(folder), *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("free", [15, 2, 0.5, 0])
def test_up_is_refused_at_once(disk: Any, is_sentence: Any, free: float) -> None:
    folder = disk.folder / ".localcloud"
    folder.mkdir()
    disk.fill(free)
    started = time.monotonic()
    refused = localcloud(folder, "up")
    assert time.monotonic() - started < 5
    assert refused.returncode == 1
    assert is_sentence(refused.stderr) and refused.stderr.startswith("error: ")
    assert localcloud(folder, "status").returncode == 3
    disk.empty()
    up = localcloud(folder, "up")
    assert up.returncode == 0, up.stderr
    assert localcloud(folder, "down").returncode == 0


def test_a_server_survives_a_full_disk(disk: Any) -> None:
    import httpx

    from localcloud.testing import client_of

    folder = disk.folder / ".localcloud"
    url = localcloud(folder, "up").stdout.splitlines()[-1]
    try:
        disk.fill()
        for number in range(300):  # its log cannot grow
            client_of(folder, "sqs").create_queue(QueueName=f"queue-{number}") if number < 3 else httpx.put(f"{url}/b")
        assert localcloud(folder, "status").returncode == 0
        assert localcloud(folder, "up").stdout.splitlines()[-1] == url
        assert localcloud(folder, "reset").returncode == 0
        disk.empty()
        client_of(folder, "s3").list_buckets()
        assert localcloud(folder, "reset").returncode == 0
    finally:
        assert localcloud(folder, "down").returncode == 0
    assert "Traceback" not in (folder / "server.log").read_text()
