"""Whether an image can be pulled: one of this account from ECR, one of AWS's as the table of the SageMaker SDK has it.

The table is read if the SDK is installed beside localcloud; without it AWS's images are not checked. An entry of the
seed that names an image of this account stands for it. Not checked: registries of other accounts, digests of AWS's
images, and, with ``--docker``, images of this account: the engine has or has not got them.
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
from localcloud.runtime.jobs.containers import SWITCH
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
    image = URI.fullmatch(uri)
    if not image:
        return ""  # another kind of registry
    own = image["account"] == cloud.account
    missing = _missing_in_ecr(cloud, image) if own else _missing_in_table(image)
    return f"Requested image {uri} not found." if missing else ""


def denied_pull(cloud: Cloud, session: Principal, uri: str) -> str:
    """The first permission that a role lacks to pull an image, also one of AWS's; "" if it may."""
    image = URI.fullmatch(uri)
    repository = "arn:aws:ecr:{region}:{account}:repository/{repository}".format(**image.groupdict()) if image else ""
    for operation in PULL if image else ():
        try:
            cloud.access.authorize(session, "ecr", operation, {"repository": repository})
        except Refusal:
            return operation
    return ""


def _missing_in_ecr(cloud: Cloud, image: re.Match[str]) -> bool:
    if os.environ.get(SWITCH) or cloud.images.has_entry_for(image[0]):
        return False
    tag = image["tag"] or ("" if image["digest"] else "latest")
    with cloud.moto("ecr") as ecr:
        repository = ecr.repositories.get(image["repository"])
        images = list(repository.images) if repository else []
    return not any(
        (not tag or tag in each.image_tags) and image["digest"] in (None, each.get_image_digest()) for each in images
    )


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
