"""Source actions: under the pipeline's role the source becomes an artifact in its bucket, and variables.

A connection's repository and CodeCommit's are the one local repository, whatever their names. Sources are not polled:
a push starts pipelines itself; an object in S3 needs a rule, as AWS recommends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Container
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.disk_space import NO_SPACE, disk_problem, full_disk, is_full
from localcloud.core.refusal import Refusal
from localcloud.runtime.git_repository import Commit, GitProblem, Repository
from localcloud.runtime.s3_store import S3Store
from localcloud.services.codepipeline import service_role
from localcloud.services.codepipeline.actions import ActionFailed, Actions, Start
from localcloud.services.codepipeline.engine import Engine
from localcloud.services.codepipeline.records import ActionRun, Artifact, Execution, Revision

Find = Callable[[Principal, ActionRun, dict[str, str]], Revision]
# https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html
CODECOMMIT = ("GetBranch", "GetRepository", "GetCommit", "UploadArchive", "GetUploadArchiveStatus")
NO_PERMISSION = (
    "The service role or action role doesn’t have the permissions required to access the {}. Update the IAM role "
    "permissions, and then try again. Error: {}"
)


class SourceActions:
    def __init__(self, cloud: Cloud, actions: Actions, engine: Engine) -> None:
        self.cloud, self.engine = cloud, engine
        self.connections: list[Container[str]] = []  # ARNs; empty: not checked
        self.repositories: Container[str] | None = None  # names in CodeCommit; None: not checked
        actions.providers["CodeStarSourceConnection"] = self._in_background(self._from_connection)
        actions.providers["CodeCommit"] = self._in_background(self._from_codecommit)
        actions.providers["S3"] = self._in_background(self._from_s3)

    def _in_background(self, find: Find) -> Start:
        def start(execution: Execution, run: ActionRun) -> None:
            self.cloud.work(self._fetch, find, execution, run)

        return start

    def _fetch(self, find: Find, execution: Execution, run: ActionRun) -> None:
        """On a thread of the pool, without the lock."""
        override = execution.overrides.get(run.name, {})
        error = None
        try:
            principal = service_role.of_action(self.cloud, execution, run)
            revision = find(principal, run, override)
        except (ActionFailed, GitProblem, OSError) as problem:
            error = self._failure(problem)
        except Exception:
            defect = ActionFailed("InternalError", "localcloud failed internally; see its log")
            self.engine.finish(execution, run, error=defect)
            raise
        else:
            self._record(revision, execution, run)
        self.engine.finish(execution, run, error=error)

    def _failure(self, problem: Exception) -> ActionFailed:
        if is_full(problem) or NO_SPACE in str(problem):
            return ActionFailed("SystemUnavailable", full_disk(self.cloud.folder))
        code = problem.code if isinstance(problem, ActionFailed) else "ConfigurationError"
        return ActionFailed(code, str(problem))

    def _record(self, revision: Revision, execution: Execution, run: ActionRun) -> None:
        with self.cloud.lock:
            run.revision, run.summary, run.external_id, run.url = revision, revision.summary, revision.id, revision.url
            run.outputs = [_with_revision(artifact, revision.id) for artifact in run.outputs]
            others = [other for other in execution.revisions if other.action != run.name]
            execution.revisions = [*others, revision]

    def _from_connection(self, principal: Principal, run: ActionRun, override: dict[str, str]) -> Revision:
        settings = run.configuration
        arn = settings["ConnectionArn"]
        if self.connections and not any(arn in known for known in self.connections):
            raise ActionFailed("PermissionError", f"Unable to use Connection: {arn}. It does not exist.")
        commit = self._through_connection(principal, run, override)
        run.variables = {
            "AuthorDate": commit.author.date,
            "AuthorEmail": commit.author.email,
            "AuthorDisplayName": commit.author.name,
            "BranchName": override.get("branch") or settings["BranchName"],
            "CommitId": commit.id,
            "CommitMessage": commit.message,
            "ConnectionArn": arn,
            "FullRepositoryName": settings["FullRepositoryId"],
        }
        return _revision(run, commit)

    def _through_connection(self, principal: Principal, run: ActionRun, override: dict[str, str]) -> Commit:
        """The connection uploads with an ACL."""
        arn, access = run.configuration["ConnectionArn"], self.cloud.access
        try:
            access.authorize(principal, arn.split(":")[2], "UseConnection", {"ConnectionArn": arn})
        except Refusal:
            sentence = f"Unable to use Connection: {arn}. The provided role does not have sufficient permissions."
            raise ActionFailed(service_role.PERMISSION, sentence) from None
        try:
            access.authorize(principal, "s3", "GetBucketAcl", {"Bucket": run.outputs[0].bucket})
            return self._zip(principal, run, override, ACL="bucket-owner-full-control")
        except (Refusal, PermissionError):
            sentence = "Upload to S3 failed with the following error: Access Denied"
            raise ActionFailed(service_role.PERMISSION, sentence) from None

    def _from_codecommit(self, principal: Principal, run: ActionRun, override: dict[str, str]) -> Revision:
        settings = run.configuration
        if self.repositories is not None and settings["RepositoryName"] not in self.repositories:
            raise ActionFailed("ConfigurationError", f"The repository {settings['RepositoryName']} does not exist.")
        commit = self._through_codecommit(principal, run, override)
        run.variables = {
            "AuthorDate": commit.author.date,
            "BranchName": settings["BranchName"],
            "CommitId": commit.id,
            "CommitMessage": commit.message,
            "CommitterDate": commit.committer.date,
            "RepositoryName": settings["RepositoryName"],
        }
        return _revision(run, commit)

    def _through_codecommit(self, principal: Principal, run: ActionRun, override: dict[str, str]) -> Commit:
        name = run.configuration["RepositoryName"]
        try:
            for operation in CODECOMMIT:
                self.cloud.access.authorize(principal, "codecommit", operation, {"repositoryName": name})
        except Refusal as refusal:
            sentence = NO_PERMISSION.format(f"AWS CodeCommit repository named {name}", refusal.message)
            raise ActionFailed(service_role.PERMISSION, sentence) from None
        try:
            return self._zip(principal, run, override)
        except PermissionError as error:
            raise _no_permission(run.outputs[0].bucket, error) from None

    def _zip(self, principal: Principal, run: ActionRun, override: dict[str, str], **headers: str) -> Commit:
        branch = run.configuration["BranchName"]
        repository = Repository.of(self.cloud.folder)
        requested = override.get("revisionValue")
        commit = repository.commit(repository.resolve(requested) if requested else repository.branch(branch))
        if problem := disk_problem(self.cloud.folder):
            raise ActionFailed("SystemUnavailable", problem)
        with tempfile.TemporaryDirectory(dir=self.cloud.folder) as folder:
            archive = Path(folder) / "source.zip"
            repository.archive(commit.id, archive)
            S3Store(self.cloud.client_as(principal, "s3")).put(archive, _uri(run.outputs[0]), **headers)
        return commit

    def _from_s3(self, principal: Principal, run: ActionRun, override: dict[str, str]) -> Revision:
        from botocore.exceptions import ClientError

        bucket, key = run.configuration["S3Bucket"], run.configuration["S3ObjectKey"]
        if override.get("revisionType") == "S3_OBJECT_KEY":
            key = override["revisionValue"]
        version = override.get("revisionValue") if override.get("revisionType") == "S3_OBJECT_VERSION_ID" else None
        source: dict[str, Any] = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
        s3, artifact = self.cloud.client_as(principal, "s3"), run.outputs[0]
        try:
            s3.get_bucket_versioning(Bucket=bucket)
            head = s3.head_object(**source)
            s3.copy_object(CopySource=source, Bucket=artifact.bucket, Key=artifact.key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.FORBIDDEN:
                raise _no_permission(bucket, error) from None
            sentence = f"s3://{bucket}/{key} cannot be read: {error.response['Error'].get('Message')}"
            raise ActionFailed("ConfigurationError", sentence) from None
        etag, version_id = head["ETag"].strip('"'), head.get("VersionId", "null")
        run.variables = {"BucketName": bucket, "ObjectKey": key, "ETag": etag, "VersionId": version_id}
        revision = version_id if version_id != "null" else etag
        return Revision(run.name, artifact.name, revision, f"Amazon S3 version id: {version_id}", head["LastModified"])


def _no_permission(bucket: str, error: Exception) -> ActionFailed:
    return ActionFailed(service_role.PERMISSION, NO_PERMISSION.format(f"Amazon S3 bucket named {bucket}", error))


def _revision(run: ActionRun, commit: Commit) -> Revision:
    created = datetime.fromtimestamp(commit.author_time, UTC)
    return Revision(run.name, run.outputs[0].name, commit.id, commit.message, created)


def _with_revision(artifact: Artifact, revision: str) -> Artifact:
    return replace(artifact, revision=revision)


def _uri(artifact: Artifact) -> str:
    return f"s3://{artifact.bucket}/{artifact.key}"
