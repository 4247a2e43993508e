"""The local Git repository as CodeCommit's repositories, and the events of a push."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from support.control_key import key_of


@pytest.fixture
def services() -> list[Any]:
    from localcloud.services.codecommit.service import CodeCommit

    return [CodeCommit]


@pytest.fixture
def codecommit(cloud: Any) -> Any:
    client = cloud.client("codecommit")
    client.create_repository(repositoryName="repo", tags={"a": "b"})
    return client


def test_a_repository_is_created_described_and_deleted(cloud: Any, codecommit: Any) -> None:
    repository = codecommit.get_repository(repositoryName="repo")["repositoryMetadata"]
    assert repository["Arn"] == cloud.arn("codecommit", "repo")
    assert "defaultBranch" not in repository
    assert codecommit.list_tags_for_resource(resourceArn=repository["Arn"])["tags"] == {"a": "b"}
    with pytest.raises(ClientError, match="already exists"):
        codecommit.create_repository(repositoryName="repo")
    assert [each["repositoryName"] for each in codecommit.list_repositories()["repositories"]] == ["repo"]
    codecommit.delete_repository(repositoryName="repo")
    codecommit.delete_repository(repositoryName="repo")
    with pytest.raises(ClientError, match="repo does not exist"):
        codecommit.get_branch(repositoryName="repo", branchName="main")


def test_branches_and_commits(codecommit: Any, push_files: Any) -> None:
    where = {"repositoryName": "repo"}
    with pytest.raises(ClientError, match="git push local main"):
        codecommit.get_branch(**where, branchName="main")
    first = push_files({"a": "1"}, "the first")
    second = push_files({"a": "2"}, "the second\n\nwith more")
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


def test_a_push_emits_events(cloud: Any, codecommit: Any, create_commit: Any, git: Any) -> None:
    repository = cloud.services["codecommit"].open()["repository"]
    first = create_commit({"a": "1"})
    git("push", repository, "HEAD:main", "HEAD:refs/tags/v1")
    second = create_commit({"a": "2"})
    git("push", repository, "HEAD:main")
    git("push", repository, "HEAD:side")
    git("push", repository, ":side")
    details = [event["detail"] for event in cloud.events.recent if event["source"] == "aws.codecommit"]
    events = [
        (detail["event"], detail["referenceType"], detail["referenceName"], detail.get("commitId"))
        for detail in details
    ]
    assert sorted(events[:2]) == [
        ("referenceCreated", "branch", "main", first),
        ("referenceCreated", "tag", "v1", first),
    ]
    assert events[2:] == [
        ("referenceUpdated", "branch", "main", second),
        ("referenceCreated", "branch", "side", second),
        ("referenceDeleted", "branch", "side", None),
    ]
    assert details[2]["oldCommitId"] == first


def test_a_process_that_has_a_role_cannot_push(
    cloud: Any, codecommit: Any, create_commit: Any, git: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = cloud.services["codecommit"].open()["repository"]
    create_commit({"a": "1"})
    source = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    monkeypatch.setenv(source, cloud.process_environment("token")[source])
    with pytest.raises(AssertionError, match="a build or a job has a role, which Git does not know"):
        git("push", repository, "HEAD:main")
    assert cloud.services["codecommit"].git.branches() == []
    monkeypatch.setenv(source, "http://169.254.170.2/keys")
    git("push", repository, "HEAD:main")


def test_a_push_succeeds_while_localcloud_does_not_respond(
    cloud: Any, codecommit: Any, create_commit: Any, git: Any
) -> None:
    service = cloud.services["codecommit"]
    url, cloud.url = cloud.url, "http://127.0.0.1:1"
    repository = service.open()["repository"]
    cloud.url = url
    commit = create_commit({"a": "1"})
    assert "but localcloud does not respond" in git("push", repository, "HEAD:main")
    assert service.git.branch("main") == commit


def test_a_reset_empties_the_repository_in_place(cloud: Any, codecommit: Any, push_files: Any, git: Any) -> None:
    push_files({"a": "1"})
    cloud.reset()
    assert cloud.services["codecommit"].git.branches() == []
    push_files({"a": "2"})
    assert cloud.services["codecommit"].git.branches() == ["main"]


def test_a_defect_is_not_reported_as_an_invalid_push(
    cloud: Any, codecommit: Any, push_files: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushes, commit = cloud.services["codecommit"].pushes, push_files({"a": "1"})

    def fail(*_: Any) -> None:
        raise KeyError("defect")

    monkeypatch.setattr(pushes, "_emit", fail)
    with pytest.raises(KeyError, match="defect"):
        pushes.receive({"updates": [["0" * 40, commit, "refs/heads/other"]]})


@pytest.mark.parametrize("report", [{}, {"updates": [["a"]]}, {"updates": 3}])
def test_an_invalid_report_of_a_push_is_refused(cloud: Any, report: Any) -> None:
    response = httpx.post(f"{cloud.url}/_localcloud/git/post-receive", headers=key_of(cloud), json=report)
    assert response.status_code == 400
    assert "a push is reported as" in response.json()["error"]
