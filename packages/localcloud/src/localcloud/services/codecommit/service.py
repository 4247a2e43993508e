"""CodeCommit: the operations that pipelines need, and the effects of a push.

Not reproduced: pull requests, comments, approval rules, files through the API, triggers of repositories.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from localcloud.core.cloud import Cloud
from localcloud.core.service import Request, Service
from localcloud.core.tag_operations import CAMEL_CASE, TagOperations
from localcloud.runtime.git_repository import Repository
from localcloud.services.codecommit.push import Pushes
from localcloud.services.codecommit.repositories import Repositories
from localcloud.services.codepipeline.service import CodePipeline


class CodeCommit(Service):
    name: ClassVar[str] = "codecommit"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.git = Repository.of(cloud.folder)
        self.repositories = Repositories(cloud, self.git)
        self.pushes = Pushes(cloud, self.git, self.repositories)
        tag_operations = TagOperations(
            self.repositories.tags_of,
            spelling=CAMEL_CASE,
            as_map=True,
            invalid="InvalidSystemTagUsageException",
            too_many="TooManyTagsException",
        )
        self.parts = (self.repositories, tag_operations)

    def connect(self) -> None:
        if isinstance(pipelines := self.cloud.services.get("codepipeline"), CodePipeline):
            self.pushes.start_pipelines = pipelines.start_for_push
            pipelines.source_actions.repositories = self.repositories.by_name

    def reset(self) -> None:
        super().reset()
        if self.git.exists:
            shutil.rmtree(self.git.folder, ignore_errors=True)
            self.ready()

    def controls(self) -> Mapping[tuple[str, str], Callable[[Request], Request]]:
        return {
            ("POST", "git"): lambda _: self.open(),
            ("POST", "git/pre-receive"): self.pushes.check,
            ("POST", "git/post-receive"): self.pushes.receive,
        }

    def open(self) -> dict[str, Any]:
        return self.pushes.open()

    def ready(self) -> None:
        """Opens the repository; not a problem without git, as nothing can be pushed then."""
        with suppress(ValueError):
            self.open()
