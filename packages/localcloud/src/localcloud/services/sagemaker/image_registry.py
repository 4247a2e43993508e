"""Whether an image can be pulled: one of this account from ECR, one of AWS's as the table of the SageMaker SDK has it.

The table is read if the SDK is installed beside localcloud; without it AWS's images are not checked. An entry of the
seed that names an image of this account stands for it, except where models and jobs run in their own images. Not
checked: registries of other accounts, digests of AWS's images.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.core.access.principal import Principal
from localcloud.core.refusal import Refusal
from localcloud.runtime.jobs.containers import OWN_IMAGE, SWITCH
from localcloud.services.ecr.references import own_reference
from localcloud.services.ecr.service import ECR
from localcloud.services.sagemaker.refusals import invalid

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

# https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
PULL = ("GetAuthorizationToken", "BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage")
Registry = tuple[str, str]  # account, region
Tags = tuple[str, ...]  # what a repository's tags begin with; "": any
URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    r"(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:\w+))?"
)
SDK = "sagemaker"
BASE_FRAMEWORKS = ("pytorch", "tensorflow")  # of versions whose tags the table does not spell out


def check_image(cloud: Cloud, uri: str) -> None:
    if problem := image_problem(cloud, uri):
        raise invalid(problem)


def image_problem(cloud: Cloud, uri: str) -> str:
    """A sentence, or "" if nothing is known against it."""
    aws = URI.fullmatch(uri)
    if own_reference(cloud, uri) or (aws and aws["account"] == cloud.account):
        stands_in = os.environ.get(SWITCH) != OWN_IMAGE and cloud.images.has_entry_for(uri)
        missing = not stands_in and not _digest(cloud, uri)
    else:
        missing = bool(aws and _missing_in_table(aws))
    return f"Requested image {uri} not found." if missing else ""


def denied_pull(cloud: Cloud, session: Principal, uri: str) -> str:
    """The first permission that a role lacks to pull an image, also one of AWS's; "" if it may."""
    repository = _repository_arn(cloud, uri)
    for operation in PULL if repository else ():
        try:
            cloud.access.authorize(session, "ecr", operation, {"repository": repository})
        except Refusal:
            return operation
    return ""


def _repository_arn(cloud: Cloud, uri: str) -> str:
    """ "" for another kind of registry."""
    if own := own_reference(cloud, uri):
        return cloud.arn("ecr", f"repository/{own.repository}")
    image = URI.fullmatch(uri)
    return "arn:aws:ecr:{region}:{account}:repository/{repository}".format(**image.groupdict()) if image else ""


def resolved_image(cloud: Cloud, uri: str) -> str:
    """With the digest of its tag, for an image of this account that exists."""
    image, digest = own_reference(cloud, uri), _digest(cloud, uri)
    return f"{image.host}/{image.repository}@{digest}" if image and digest else uri


def pulled_image(cloud: Cloud, uri: str) -> str:
    """The name that the engine of this machine has for it, after a pull if it is this account's.

    Raises EngineError. Not under the lock.
    """
    image, ecr = own_reference(cloud, uri), _ecr(cloud)
    return ecr.pull(image) if image and ecr else uri


def _digest(cloud: Cloud, uri: str) -> str:
    image, ecr = own_reference(cloud, uri), _ecr(cloud)
    return ecr.digest(image) if image and ecr else ""


def _ecr(cloud: Cloud) -> ECR | None:
    ecr = cloud.services.get(ECR.name)
    return ecr if isinstance(ecr, ECR) else None


def _missing_in_table(image: re.Match[str]) -> bool:
    table = aws_images(sdk_table())
    if image["account"] not in {account for account, _ in table}:
        return False
    tags = table.get((image["account"], image["region"]), {}).get(image["repository"])
    if tags is None or image["digest"]:
        return tags is None
    tag = image["tag"] or "latest"
    return not any(not start or tag == start or tag.startswith(f"{start}-") for start in tags)


def sdk_table() -> Path | None:
    """The folder of the table."""
    spec = find_spec(SDK)  # a search for files: it imports nothing
    folders = [Path(folder) / "core/image_uri_config" for folder in (spec and spec.submodule_search_locations) or ()]
    return next((folder for folder in folders if folder.is_dir()), None)


@cache
def aws_images(folder: Path | None) -> dict[Registry, dict[str, Tags]]:
    """By registry and repository."""
    table: dict[Registry, dict[str, Tags]] = {}
    for file in folder.glob("*.json") if folder else ():
        for version, tags in _versions(json.loads(file.read_text()), "", {}):
            for region, account in version["registries"].items():
                repositories = table.setdefault((account, region), {})
                repository = version["repository"]
                repositories[repository] = (*repositories.get(repository, ()), *tags)
    return table


def _versions(node: Any, name: str, aliases: dict[str, str]) -> Iterator[tuple[dict[str, Any], Tags]]:
    if not isinstance(node, dict):
        return
    if "registries" in node and "repository" in node:
        also = [alias for alias, version in aliases.items() if version == name]
        unknown = name.startswith(BASE_FRAMEWORKS)
        yield node, ("",) if unknown else (name, node.get("tag_prefix", name), *also)
        return
    aliases = node.get("version_aliases", aliases)
    for key, child in node.items():
        yield from _versions(child, key, aliases)
