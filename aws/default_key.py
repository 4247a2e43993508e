"""The foundation's KMS key is the key of everything that the settings name no other one for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from settings.model import Settings


def with_default_key(settings: Settings, client: Callable[[str], Any]) -> Settings:
    """The settings with the ARN of the key: AWS documents no alias for the volumes of training jobs."""
    if settings.network.kms_key_id:
        return settings
    kms = client("kms")
    try:
        arn = kms.describe_key(KeyId=settings.key_alias)["KeyMetadata"]["Arn"]
    except kms.exceptions.NotFoundException:
        print(
            f"note: there is no key {settings.key_alias}, so AWS's own key encrypts models, volumes and captured data; "
            f"`python -m codepipeline.bootstrap --env {settings.layers}` creates one, or set network.kms_key_id",
            file=sys.stderr,
            flush=True,
        )
        return settings
    return settings.model_copy(update={"network": settings.network.model_copy(update={"kms_key_id": arn})})
