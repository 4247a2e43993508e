"""Images of a repository: put, describe, list, get, delete. A tag that moves leaves its last image untagged.

Blobs of deleted images are freed by a reset, and with the server's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, Request, operation
from localcloud.services.ecr.layers import DIGEST
from localcloud.services.ecr.manifests import Image, media_type_of, parse
from localcloud.services.ecr.repositories import PAGES, Repositories, Repository

EVENT = "ECR Image Action"
FAILURES = {
    "MissingDigestAndTag": "Invalid request parameters: both tag and digest cannot be null",
    "InvalidImageDigest": "Invalid request parameters: image digest should satisfy the regex "
    "'[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
    "ImageTagDoesNotMatchDigest": "Invalid request parameters: image digest does not match the digest of the tag",
    "ImageNotFound": "Requested image not found",
}


class Images(Part):
    def __init__(self, cloud: Cloud, repositories: Repositories) -> None:
        self.cloud, self._repositories = cloud, repositories

    @operation("PutImage")
    def put_image(self, request: Request) -> Request:
        repository, tag = self._repositories.find(request), request.get("imageTag", "")
        manifest = request["imageManifest"]
        media_type = media_type_of(manifest, request.get("imageManifestMediaType", ""))
        image = self.new_image(manifest, media_type)
        if request.get("imageDigest") not in (None, image.digest):
            sentence = f"The digest of the manifest is '{image.digest}', not '{request['imageDigest']}'"
            raise Refusal("ImageDigestDoesNotMatchException", sentence)
        if image.digest in repository.images and (not tag or repository.tags.get(tag) == image.digest):
            subject = f"Image with digest '{image.digest}' and tag '{tag or 'null'}' already exists"
            raise Refusal("ImageAlreadyExistsException", f"{subject} {self._place(repository, 'in')}")
        return {"image": self._describe_manifest(repository, self.put(repository, image, tag), tag)}

    @operation("DescribeImages")
    def describe_images(self, request: Request) -> Request:
        repository = self._repositories.find(request)
        if request.get("imageIds"):
            digests = dict.fromkeys(self.find(repository, each).digest for each in request["imageIds"])
            return {"imageDetails": [self._describe(repository, repository.images[digest]) for digest in digests]}
        details = [self._describe(repository, image) for image in _filtered(repository, request)]
        return paged(details, request, "imageDetails", **PAGES)

    @operation("ListImages")
    def list_images(self, request: Request) -> Request:
        repository = self._repositories.find(request)
        ids = [each for image in _filtered(repository, request) for each in _ids(repository, image.digest)]
        return paged(ids, request, "imageIds", **PAGES)

    @operation("BatchGetImage")
    def batch_get_image(self, request: Request) -> Request:
        repository = self._repositories.find(request)
        images, failures = [], []
        for image_id in request["imageIds"]:
            if failure := _failure(repository, image_id):
                failures.append(failure)
            else:
                image, tag = self.find(repository, image_id), image_id.get("imageTag", "")
                image.pulled = self.cloud.clock.now()
                images.append(self._describe_manifest(repository, image, tag))
        return {"images": images, "failures": failures}

    @operation("BatchDeleteImage")
    def batch_delete_image(self, request: Request) -> Request:
        repository = self._repositories.find(request)
        deleted: list[Request] = []
        failures: list[Request] = []
        for image_id in request["imageIds"]:
            if failure := _failure(repository, image_id) or _reference(repository, image_id):
                failures.append(failure)
            else:
                deleted += self._delete(repository, self.find(repository, image_id), image_id)
        return {"imageIds": deleted, "failures": failures}

    def new_image(self, manifest: str, media_type: str) -> Image:
        parse(manifest)
        return Image(manifest, media_type, self.cloud.clock.now())

    def put(self, repository: Repository, image: Image, tag: str) -> Image:
        """Also one that is there already. Refuses what lacks a part, and to move a tag that cannot move."""
        self._check_complete(repository, image)
        if repository.tags.get(tag, image.digest) != image.digest and repository.is_fixed(tag):
            subject = f"The image tag '{tag}' already exists in the '{repository.name}' repository"
            sentence = f"{subject} and cannot be overwritten because the repository is immutable."
            raise Refusal("ImageTagAlreadyExistsException", sentence)
        image = repository.images.setdefault(image.digest, image)
        if tag:
            repository.tags[tag] = image.digest
        self._emit("PUSH", repository, image, tag)
        return image

    def find(self, repository: Repository, image_id: Request) -> Image:
        """By ``imageTag``, ``imageDigest`` or both."""
        tag, digest = image_id.get("imageTag", ""), image_id.get("imageDigest", "")
        found = repository.images.get(repository.tags.get(tag, "") if tag else digest)
        if not found or digest not in ("", found.digest):
            subject = f"The image with imageId {{imageDigest:'{digest or 'null'}', imageTag:'{tag or 'null'}'}}"
            sentence = f"{subject} does not exist {self._place(repository, 'within')}"
            raise Refusal("ImageNotFoundException", sentence)
        return found

    def _check_complete(self, repository: Repository, image: Image) -> None:
        for code, kind, missing in (
            ("LayersNotFoundException", "Layers", [each for each in image.layers if each not in repository.layers]),
            ("ReferencedImagesNotFoundException", "Images", [e for e in image.children if e not in repository.images]),
        ):
            if missing:
                subject = f"{kind} with digests '[{', '.join(missing)}]' required for pushing image into repository"
                registry = f"in the registry with id '{self.cloud.account}' do not exist"
                raise Refusal(code, f"{subject} with name '{repository.name}' {registry}")

    def _delete(self, repository: Repository, image: Image, image_id: Request) -> list[Request]:
        """By its digest with all its tags; by a tag only that tag, and with the last one the image."""
        tags = repository.tags_of(image.digest)
        gone = tags if "imageDigest" in image_id else [image_id["imageTag"]]
        deleted = [{"imageDigest": image.digest, "imageTag": tag} for tag in gone] or [{"imageDigest": image.digest}]
        for tag in gone:
            del repository.tags[tag]
        if len(gone) == len(tags):
            del repository.images[image.digest]
        for each in deleted:
            self._emit("DELETE", repository, image, each.get("imageTag", ""))
        return deleted

    def _emit(self, action: str, repository: Repository, image: Image, tag: str) -> None:
        detail = {
            "result": "SUCCESS",
            "repository-name": repository.name,
            "image-digest": image.digest,
            "action-type": action,
            **({"image-tag": tag} if tag else {}),
        }
        self.cloud.emit("aws.ecr", EVENT, detail, [])

    def _describe(self, repository: Repository, image: Image) -> Request:
        optional = {
            "imageTags": repository.tags_of(image.digest),
            "artifactMediaType": image.artifact_type,
            "lastRecordedPullTime": image.pulled,
        }
        sizes = [repository.images[child].size for child in image.children if child in repository.images]
        return {
            "imageDigest": image.digest,
            **self._repositories.identity(repository),
            "imageSizeInBytes": max(sizes, default=image.size),  # of a list: its largest image
            "imagePushedAt": image.pushed,
            "imageManifestMediaType": image.media_type,
            **{name: value for name, value in optional.items() if value},
        }

    def _describe_manifest(self, repository: Repository, image: Image, tag: str) -> Request:
        return {
            **self._repositories.identity(repository),
            "imageId": {"imageDigest": image.digest, **({"imageTag": tag} if tag else {})},
            "imageManifest": image.manifest,
            "imageManifestMediaType": image.media_type,
        }

    def _place(self, repository: Repository, word: str) -> str:
        registry = f"the registry with id '{self.cloud.account}'"
        return f"{word} the repository with name '{repository.name}' in {registry}"


def _filtered(repository: Repository, request: Request) -> list[Image]:
    status: Any = request.get("filter", {}).get("tagStatus", "ANY")
    tagged = set(repository.tags.values())
    images: Iterable[Image] = repository.images.values()
    return [image for image in images if status in ("ANY", "TAGGED" if image.digest in tagged else "UNTAGGED")]


def _ids(repository: Repository, digest: str) -> Iterator[Request]:
    tags = repository.tags_of(digest)
    yield from ({"imageDigest": digest, "imageTag": tag} for tag in tags)
    if not tags:
        yield {"imageDigest": digest}


def _failure(repository: Repository, image_id: Request) -> Request | None:
    tag, digest = image_id.get("imageTag"), image_id.get("imageDigest")
    code = ""
    if not tag and not digest:
        code = "MissingDigestAndTag"
    elif digest and not DIGEST.fullmatch(digest):
        code = "InvalidImageDigest"
    elif digest and tag and repository.tags.get(tag, digest) != digest:
        code = "ImageTagDoesNotMatchDigest"
    elif (digest and digest not in repository.images) or (tag and tag not in repository.tags):
        code = "ImageNotFound"
    return {"imageId": image_id, "failureCode": code, "failureReason": FAILURES[code]} if code else None


def _reference(repository: Repository, image_id: Request) -> Request | None:
    """Of an image that belongs to a list."""
    digest = image_id.get("imageDigest", "")
    lists = [image.digest for image in repository.images.values() if digest in image.children]
    reason = f"Requested image referenced by manifest list: [{', '.join(lists)}]"
    code = "ImageReferencedByManifestList"
    return {"imageId": image_id, "failureCode": code, "failureReason": reason} if lists else None
