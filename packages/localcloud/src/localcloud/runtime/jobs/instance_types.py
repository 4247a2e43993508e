"""What an instance type has: virtual CPUs and memory, as AWS documents them for general, compute and memory optimised
families, and for burstable ones."""

from __future__ import annotations

import re
from typing import NamedTuple

TYPE = re.compile(r"ml\.(?P<family>([cmrt])\d)[a-z-]*\.(?P<size>medium|large|(?P<times>\d*)xlarge)")
MIB_PER_CPU = {"c": 2048, "m": 4096, "r": 8192, "t": 4096}
CPUS = {"medium": 2, "large": 2}
EXCEPTIONS = {"c4": 1920, "r4": 7808}  # MiB per CPU


class InstanceSize(NamedTuple):
    cpus: int
    mib: int


UNUSUAL = {"ml.c4.8xlarge": InstanceSize(36, 61440), "ml.t2.medium": InstanceSize(2, 4096)}
UNUSUAL["ml.t3.medium"] = UNUSUAL["ml.t2.medium"]


def instance_size(instance_type: str) -> InstanceSize | None:
    """None for a family that is not known here, such as those with GPUs."""
    found = TYPE.fullmatch(instance_type)
    if not found:
        return None
    cpus = CPUS.get(found["size"]) or 4 * int(found["times"] or 1)
    per_cpu = EXCEPTIONS.get(found["family"]) or MIB_PER_CPU[found["family"][0]]
    return UNUSUAL.get(instance_type) or InstanceSize(cpus, cpus * per_cpu)
