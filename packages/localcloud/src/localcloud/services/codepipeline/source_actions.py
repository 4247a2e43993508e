"""Source actions: what they find becomes an artifact in the pipeline's bucket, and variables.

A connection's repository and CodeCommit's are the one local repository, whatever their names. Sources are not polled:
a push tells of itself; an object of S3 wants a rule, as AWS advises.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.runtime.git_repository import Commit, GitProblem, Repository
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable
from localcloud.services.codepipeline.engine import ActionFailed, Engine
from localcloud.services.codepipeline.records import ActionRun, Artifact, Execution, Revision

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

CONNECTIONS = ("codeconnections", "codestar-connections")


class SourceActions(Engine):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        for kind, find in (("CodeStarSourceConnection", self._connected), ("CodeCommit", self._committed)):
            self.begins[kind] = self._later(find)
        self.begins["S3"] = self._later(self._object)

    def _later(self, find: Any) -> Any:
        def begin(execution: Execution, run: ActionRun) -> None:
            self.cloud.work(self._fetch, find, execution, run)

        return begin

    def _fetch(self, find: Any, execution: Execution, run: ActionRun) -> None:
        """On a thread of the pool, without the lock."""
        wanted = execution.overrides.get(run.name, {})
        error = None
        try:
            revision = find(run, wanted)
        except (ActionFailed, GitProblem, Unavailable) as problem:
            code = problem.code if isinstance(problem, ActionFailed) else "ConfigurationError"
            error = ActionFailed(code, str(problem))
        except Exception:
            self.finish(execution, run, error=ActionFailed("InternalError", "localcloud failed inside; see its log"))
            raise
        else:
            with self.cloud.lock:
                run.revision, run.summary, run.external_id, run.url = (
                    revision,
                    revision.summary,
                    revision.id,
                    revision.url,
                )
                run.outputs = [_of(revision, artifact) for artifact in run.outputs]
                execution.revisions = [one for one in execution.revisions if one.action != run.name] + [revision]
        self.finish(execution, run, error=error)

    def _connected(self, run: ActionRun, wanted: dict[str, str]) -> Revision:
        said = run.resolved
        arn = said["ConnectionArn"]
        services = [self.cloud.services[name] for name in CONNECTIONS if name in self.cloud.services]
        if services and not any(arn in getattr(service, "connections", {}) for service in services):
            raise ActionFailed("PermissionError", f"Unable to use Connection: {arn}. It does not exist.")
        commit = self._zip(run, said["BranchName"], wanted)
        run.variables = {
            "AuthorDate": commit.author.date,
            "AuthorEmail": commit.author.email,
            "AuthorDisplayName": commit.author.name,
            "BranchName": wanted.get("branch") or said["BranchName"],
            "CommitId": commit.id,
            "CommitMessage": commit.message,
            "ConnectionArn": arn,
            "FullRepositoryName": said["FullRepositoryId"],
        }
        return _revision(run, commit)

    def _committed(self, run: ActionRun, wanted: dict[str, str]) -> Revision:
        said = run.resolved
        service = self.cloud.services.get("codecommit")
        if service and said["RepositoryName"] not in getattr(service, "repositories", {}):
            raise ActionFailed("ConfigurationError", f"The repository {said['RepositoryName']} does not exist.")
        commit = self._zip(run, said["BranchName"], wanted)
        run.variables = {
            "AuthorDate": commit.author.date,
            "BranchName": said["BranchName"],
            "CommitId": commit.id,
            "CommitMessage": commit.message,
            "CommitterDate": commit.committer.date,
            "RepositoryName": said["RepositoryName"],
        }
        return _revision(run, commit)

    def _zip(self, run: ActionRun, branch: str, wanted: dict[str, str]) -> Commit:
        repository = Repository.of(self.cloud.folder)
        asked = wanted.get("revisionValue")
        commit = repository.commit(repository.resolve(asked) if asked else repository.branch(branch))
        with tempfile.TemporaryDirectory(dir=self.cloud.folder) as folder:
            archive = Path(folder) / "source.zip"
            repository.archive(commit.id, archive)
            S3Store(self.cloud.client("s3")).put(archive, _uri(run.outputs[0]))
        return commit

    def _object(self, run: ActionRun, wanted: dict[str, str]) -> Revision:
        from botocore.exceptions import ClientError

        bucket, key = run.resolved["S3Bucket"], run.resolved["S3ObjectKey"]
        if wanted.get("revisionType") == "S3_OBJECT_KEY":
            key = wanted["revisionValue"]
        version = wanted.get("revisionValue") if wanted.get("revisionType") == "S3_OBJECT_VERSION_ID" else None
        which: dict[str, Any] = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
        s3, artifact = self.cloud.client("s3"), run.outputs[0]
        try:
            head = s3.head_object(**which)
            s3.copy_object(CopySource=which, Bucket=artifact.bucket, Key=artifact.key)
        except ClientError as error:
            sentence = f"s3://{bucket}/{key} cannot be read: {error.response['Error'].get('Message')}"
            raise ActionFailed("ConfigurationError", sentence) from None
        tag, number = head["ETag"].strip('"'), head.get("VersionId", "null")
        run.variables = {"BucketName": bucket, "ObjectKey": key, "ETag": tag, "VersionId": number}
        found = number if number != "null" else tag
        return Revision(run.name, artifact.name, found, f"Amazon S3 version id: {number}", head["LastModified"])


def _revision(run: ActionRun, commit: Commit) -> Revision:
    made = datetime.fromtimestamp(commit.authored, UTC)
    return Revision(run.name, run.outputs[0].name, commit.id, commit.message, made)


def _of(revision: Revision, artifact: Artifact) -> Artifact:
    return Artifact(artifact.name, artifact.bucket, artifact.key, revision.id)


def _uri(artifact: Artifact) -> str:
    return f"s3://{artifact.bucket}/{artifact.key}"
