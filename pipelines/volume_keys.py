"""Volumes of jobs that take no KMS key: those of instance types with local disks, which the hardware encrypts."""

from __future__ import annotations

from collections.abc import Mapping

from settings.errors import UsageProblem
from settings.instance_types import has_local_storage
from settings.model import Settings


def notes(settings: Settings) -> list[str]:
    """A sentence for each kind of job whose volume is without the key."""
    if not settings.network.kms_key_id:
        return []
    return [
        f"note: {name}.instance_type = {instance_type} has local disks, which its hardware encrypts: no key is sent"
        for name, instance_type in _instance_types(settings).items()
        if has_local_storage(instance_type)
    ]


def check_start(settings: Settings, values: Mapping[str, str]) -> None:
    """A parameter replaces the instance type, and not the key, which is fixed in the definition."""
    for name, instance_type in _instance_types(settings).items():
        other = values.get(f"{name.capitalize()}InstanceType", instance_type)
        if settings.network.kms_key_id and has_local_storage(other) and not has_local_storage(instance_type):
            raise UsageProblem(
                f"{other} has local disks, for which AWS refuses the key of the definition's volumes: "
                f"set {name}.instance_type in the settings, then --upsert"
            )


def _instance_types(settings: Settings) -> dict[str, str]:
    return {"processing": settings.processing.instance_type, "training": settings.training.instance_type}
