"""Amazon Resource Names, taken apart."""

from __future__ import annotations

import re
from typing import NamedTuple


class Arn(NamedTuple):
    """``arn:partition:service:region:account:resource``; the resource is ``name``, ``type/name`` or ``type:name``."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """A ValueError when the text is not an ARN: partition, service and resource are never empty."""
        prefix, *fields = text.split(":", 5)
        if prefix != "arn" or len(fields) != 5 or not (fields[0] and fields[1] and fields[4]):
            raise ValueError(f"{text!r} is not an ARN")
        return cls(*fields)

    @property
    def name(self) -> str:
        """The resource without its type: the part after the first slash or colon, or all of it."""
        return re.split("[/:]", self.resource, maxsplit=1)[-1]


def bucket_and_key(arn: str) -> tuple[str, str]:
    """Of a bucket or an object of S3; a bucket's key is empty."""
    bucket, _, key = arn.partition(":::")[2].partition("/")
    return bucket, key
