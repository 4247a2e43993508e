"""Processing, training and transform jobs, run on this machine."""

from __future__ import annotations

from localcloud.sagemaker.processing_jobs import ProcessingJobs
from localcloud.sagemaker.training_jobs import TrainingJobs
from localcloud.sagemaker.transform_jobs import TransformJobs


class Jobs(ProcessingJobs, TrainingJobs, TransformJobs):
    """With models and the registry, which transform jobs stand on. Each module lists what it does not reproduce."""
