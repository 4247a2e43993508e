"""An image's URI: AWS's name of this account's registry, or this server's, with a repository, a tag, a digest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from localcloud.services.ecr.hosts import aws_host, local_host

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

URI = re.compile(r"(?P<host>[^/]+)/(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:\w+))?")


class Reference(NamedTuple):
    host: str
    repository: str
    tag: str  # "": any, as the digest is given
    digest: str  # "": the tag's


def own_reference(cloud: Cloud, uri: str) -> Reference | None:
    """None for an image of another registry."""
    found = URI.fullmatch(uri)
    if not found or found["host"] not in (aws_host(cloud), local_host(cloud)):
        return None
    tag = found["tag"] or ("" if found["digest"] else "latest")
    return Reference(found["host"], found["repository"], tag, found["digest"] or "")
