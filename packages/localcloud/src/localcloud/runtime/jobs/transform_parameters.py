"""How a transform job sends its records: as its request says, or else the model's container, or else by default.

A container may say it at GET /execution-parameters. SageMaker's toolkit for inference does not, a container of one's
own may.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from localcloud.runtime.jobs.batches import InvalidInput

MEGABYTE = 1 << 20
DEFAULT_MEGABYTES, DEFAULT_CONCURRENT = 6, 1
MOST_MEGABYTES = 100  # of all concurrent requests together
SECONDS = 10.0
SINGLE = ("SingleRecord", "SINGLE_RECORD")  # of a request, and of a container


@dataclass(frozen=True)
class TransformParameters:
    concurrent: int
    megabytes: int
    single: bool

    @classmethod
    def of(cls, request: Mapping[str, Any], container: Mapping[str, Any]) -> TransformParameters:
        def value(name: str, default: Any) -> Any:
            return request.get(name) or container.get(name) or default

        return cls(
            value("MaxConcurrentTransforms", DEFAULT_CONCURRENT),
            value("MaxPayloadInMB", DEFAULT_MEGABYTES),
            value("BatchStrategy", "MultiRecord") in SINGLE,
        )

    @property
    def bytes(self) -> int:
        return self.megabytes * MEGABYTE

    def check(self) -> None:
        if self.concurrent * self.megabytes > MOST_MEGABYTES:
            raise InvalidInput(f"MaxConcurrentTransforms * MaxPayloadInMB must not exceed {MOST_MEGABYTES} MB.")


def execution_parameters(url: str) -> dict[str, Any]:
    """Nothing where the container has none, or what it says cannot be used."""
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port or 80, timeout=SECONDS)
    try:
        connection.request("GET", "/execution-parameters")
        response = connection.getresponse()
        content = json.loads(response.read()) if response.status == 200 else {}
    except (OSError, HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return _usable(content) if isinstance(content, dict) else {}


def _usable(content: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: content.get(name) for name in ("MaxConcurrentTransforms", "MaxPayloadInMB")}
    usable = {name: number for name, number in numbers.items() if type(number) is int and number > 0}
    return usable | {"BatchStrategy": content.get("BatchStrategy")}
