"""The SageMaker service: its parts, put together."""

from __future__ import annotations

from typing import ClassVar

from localcloud.services.sagemaker.endpoints.endpoints import Endpoints
from localcloud.services.sagemaker.jobs.jobs import Jobs
from localcloud.services.sagemaker.pipelines.executions import Executions
from localcloud.services.sagemaker.tags import Tags


class SageMaker(Executions, Jobs, Endpoints, Tags):
    """Further parts are added to this list of bases and nowhere else."""

    name: ClassVar[str] = "sagemaker"
