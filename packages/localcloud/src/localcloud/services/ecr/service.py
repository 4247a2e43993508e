"""ECR: images have the digests, sizes and media types of what was pushed, by ``docker push`` or by the API.

Not reproduced: scans, replication, pull-through caches, the registry's policy and settings, signing, archived images;
no lifecycle policy expires an image.
"""

from __future__ import annotations

from typing import Any, ClassVar

from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.core.service import Response, Service
from localcloud.core.tag_operations import CAMEL_CASE, TagOperations
from localcloud.runtime.jobs.engine import EngineError
from localcloud.services.ecr.authorization import Authorization
from localcloud.services.ecr.images import Images
from localcloud.services.ecr.layers import Layers
from localcloud.services.ecr.policies import Policies
from localcloud.services.ecr.pulls import Pulls
from localcloud.services.ecr.references import Reference
from localcloud.services.ecr.registry import PREFIX, Registry
from localcloud.services.ecr.repositories import Repositories


class ECR(Service):
    name: ClassVar[str] = "ecr"
    validation_code: ClassVar[str] = "InvalidParameterException"
    http_path: ClassVar[str] = PREFIX

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.repositories = Repositories(cloud)
        self.authorization = Authorization(cloud)
        self.images = Images(cloud, self.repositories)
        layers = Layers(cloud, self.repositories, self.authorization)
        tag_operations = TagOperations(
            self.repositories.resource_tags,
            spelling=CAMEL_CASE._replace(key="Key", value="Value"),
            invalid="InvalidTagParameterException",
            too_many="TooManyTagsException",
        )
        self._pulls = Pulls(cloud, self.authorization)
        others = (Policies(cloud, self.repositories), self.authorization, self._pulls, tag_operations)
        self.parts = (self.repositories, self.images, layers, *others)
        self._registry = Registry(cloud, self.repositories, self.images, layers, self.authorization)

    def digest(self, image: Reference) -> str:
        """Of an image of this account; "" when there is none of this tag and digest."""
        image_id = {"imageTag": image.tag, "imageDigest": image.digest}
        with self.cloud.lock:
            repository = self.repositories.by_name.get(image.repository)
            try:
                return self.images.find(repository, image_id).digest if repository else ""
            except Refusal:
                return ""

    def pull(self, image: Reference) -> str:
        """For a container; returns the engine's name of the image. Raises EngineError."""
        digest = self.digest(image)
        if not digest:
            raise EngineError(f"the repository {image.repository} has no such image")
        return self._pulls.pull(image.repository, digest)

    def http(self, environ: dict[str, Any]) -> Response:
        return self._registry(environ)
