"""Processing, training and transform jobs, run on this machine."""

from __future__ import annotations

from localcloud.services.sagemaker.jobs.processing_jobs import ProcessingJobs
from localcloud.services.sagemaker.jobs.training_jobs import TrainingJobs
from localcloud.services.sagemaker.jobs.transform_jobs import TransformJobs


class Jobs(ProcessingJobs, TrainingJobs, TransformJobs):
    """With models and the registry, which transform jobs stand on. Each module lists what it does not reproduce."""
