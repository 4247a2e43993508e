"""The local repository under CodeCommit's names, and what a push tells."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def services() -> list[Any]:
    from localcloud.services.codecommit.service import CodeCommit

    return [CodeCommit]


@pytest.fixture
def codecommit(cloud: Any) -> Any:
    client = cloud.client("codecommit")
    client.create_repository(repositoryName="repo", tags={"a": "b"})
    return client


def test_repositories_are_names(cloud: Any, codecommit: Any) -> None:
    told = codecommit.get_repository(repositoryName="repo")["repositoryMetadata"]
    assert told["Arn"] == cloud.arn("codecommit", "repo")
    assert "defaultBranch" not in told
    assert codecommit.list_tags_for_resource(resourceArn=told["Arn"])["tags"] == {"a": "b"}
    with pytest.raises(ClientError, match="already exists"):
        codecommit.create_repository(repositoryName="repo")
    assert [one["repositoryName"] for one in codecommit.list_repositories()["repositories"]] == ["repo"]
    codecommit.delete_repository(repositoryName="repo")
    codecommit.delete_repository(repositoryName="repo")
    with pytest.raises(ClientError, match="repo does not exist"):
        codecommit.get_branch(repositoryName="repo", branchName="main")


def test_branches_and_commits(codecommit: Any, pushed: Any) -> None:
    where = {"repositoryName": "repo"}
    with pytest.raises(ClientError, match="git push local main"):
        codecommit.get_branch(**where, branchName="main")
    first = pushed({"a": "1"}, "the first")
    second = pushed({"a": "2"}, "the second\n\nwith more")
    assert codecommit.get_branch(**where, branchName="main")["branch"]["commitId"] == second
    assert codecommit.list_branches(**where)["branches"] == ["main"]
    assert codecommit.get_repository(**where)["repositoryMetadata"]["defaultBranch"] == "main"
    commit = codecommit.get_commit(**where, commitId=second)["commit"]
    assert (commit["parents"], commit["message"]) == ([first], "the second\n\nwith more")
    assert commit["author"]["name"] == "someone"
    with pytest.raises(ClientError, match="has no branch 'other'"):
        codecommit.get_branch(**where, branchName="other")
    for wrong in (second[:8], "0" * 40, "--help"):
        with pytest.raises(ClientError) as caught:
            codecommit.get_commit(**where, commitId=wrong)
        assert caught.value.response["Error"]["Code"] == "CommitIdDoesNotExistException"


def test_a_push_is_an_event(cloud: Any, codecommit: Any, committed: Any, git: Any) -> None:
    repository = cloud.services["codecommit"].open()["repository"]
    first = committed({"a": "1"})
    git("push", repository, "HEAD:main", "HEAD:refs/tags/v1")
    second = committed({"a": "2"})
    git("push", repository, "HEAD:main")
    git("push", repository, "HEAD:side")
    git("push", repository, ":side")
    details = [event["detail"] for event in cloud.events.recent if event["source"] == "aws.codecommit"]
    told = [(one["event"], one["referenceType"], one["referenceName"], one.get("commitId")) for one in details]
    assert sorted(told[:2]) == [
        ("referenceCreated", "branch", "main", first),
        ("referenceCreated", "tag", "v1", first),
    ]
    assert told[2:] == [
        ("referenceUpdated", "branch", "main", second),
        ("referenceCreated", "branch", "side", second),
        ("referenceDeleted", "branch", "side", None),
    ]
    assert details[2]["oldCommitId"] == first


def test_a_push_while_nobody_answers_is_still_a_push(cloud: Any, codecommit: Any, committed: Any, git: Any) -> None:
    service = cloud.services["codecommit"]
    url, cloud.url = cloud.url, "http://127.0.0.1:1"
    repository = service.open()["repository"]
    cloud.url = url
    commit = committed({"a": "1"})
    assert "but localcloud does not respond" in git("push", repository, "HEAD:main")
    assert service.git.branch("main") == commit


def test_a_reset_empties_the_repository_and_keeps_its_place(cloud: Any, codecommit: Any, pushed: Any, git: Any) -> None:
    pushed({"a": "1"})
    cloud.reset()
    assert cloud.services["codecommit"].git.branches() == []
    pushed({"a": "2"})
    assert cloud.services["codecommit"].git.branches() == ["main"]


def test_a_defect_is_not_taken_for_a_push_that_makes_no_sense(
    cloud: Any, codecommit: Any, pushed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushes, commit = cloud.services["codecommit"].pushes, pushed({"a": "1"})

    def broken(*_: Any) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(pushes, "_emit", broken)
    with pytest.raises(KeyError, match="ours"):
        pushes.receive({"updates": [["0" * 40, commit, "refs/heads/other"]]})


@pytest.mark.parametrize("report", [{}, {"updates": [["a"]]}, {"updates": 3}])
def test_a_push_that_makes_no_sense_is_refused(cloud: Any, report: Any) -> None:
    answer = httpx.post(f"{cloud.url}/_localcloud/git/push", json=report)
    assert answer.status_code == 400
    assert "a push is reported as" in answer.json()["error"]
