"""The SageMaker service: its parts, put together."""

from __future__ import annotations

from typing import ClassVar

from localcloud.sagemaker.endpoints import Endpoints
from localcloud.sagemaker.executions import Executions
from localcloud.sagemaker.jobs import Jobs
from localcloud.sagemaker.tags import Tags


class SageMaker(Executions, Jobs, Endpoints, Tags):
    """Further parts are added to this list of bases and nowhere else."""

    name: ClassVar[str] = "sagemaker"
