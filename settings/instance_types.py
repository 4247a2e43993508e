"""What a name of an instance type says about the instance."""

import re

# Types with NVMe disks of their own: the hardware encrypts them, and AWS refuses a KMS key for the volume of a job.
LOCAL_STORAGE = re.compile(r"ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|g[56][a-z]*|gr6[a-z]*|p5[a-z]*|trn\d[a-z]*)\.")


def has_local_storage(instance_type: str) -> bool:
    return LOCAL_STORAGE.match(instance_type) is not None


def vcpus(instance_type: str) -> int:
    """By the size: large has two, xlarge four, 4xlarge sixteen. Of other sizes more than any has."""
    size = instance_type.rsplit(".", 1)[-1]
    if match := re.fullmatch(r"(\d*)xlarge", size):
        return 4 * int(match[1] or 1)
    return 2 if size in ("medium", "large") else 256
