"""The command that makes `git push local main` possible."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.cli.git_remote import remote
from localcloud.core.errors import Problem


@pytest.fixture
def services() -> list[Any]:
    from localcloud.services.codecommit.service import CodeCommit

    return [CodeCommit]


def state_dir(url: str) -> Any:
    return SimpleNamespace(running=lambda: SimpleNamespace(url=url, pid=1, key="") if url else None)


def test_it_is_added_once_and_corrected(cloud: Any, create_commit: Any, git: Any, tmp_path: Any, capsys: Any) -> None:
    commit = create_commit({"a": "1"})
    checkout = tmp_path / "checkout"
    assert remote(state_dir(cloud.url), checkout) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "the remote local is added: git push local main"
    assert git("remote", "get-url", "local").strip() == lines[1]
    git("push", "local", "main")
    assert cloud.services["codecommit"].git.branch("main") == commit
    remote(state_dir(cloud.url), checkout)
    assert "exists already" in capsys.readouterr().out
    git("remote", "set-url", "local", "/elsewhere")
    remote(state_dir(cloud.url), checkout)
    assert "is set" in capsys.readouterr().out


def test_a_folder_outside_of_a_checkout_is_reported(cloud: Any, tmp_path: Any, capsys: Any) -> None:
    assert remote(state_dir(cloud.url), tmp_path) == 0
    assert "is not a Git checkout" in capsys.readouterr().out


def test_a_git_that_hangs_is_reported(
    cloud: Any, create_commit: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_commit({"a": "1"})
    monkeypatch.setattr("localcloud.cli.git_remote.SECONDS", -1.0)
    with pytest.raises(Problem, match="git remote get-url took longer than"):
        remote(state_dir(cloud.url), tmp_path / "checkout")


def test_without_a_server_there_is_no_remote(tmp_path: Any) -> None:
    with pytest.raises(Problem, match="localcloud is not running; start it with"):
        remote(state_dir(""), tmp_path)
