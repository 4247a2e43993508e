"""The parameters of a run. Their defaults come from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sagemaker.core.workflow.parameters import ParameterFloat, ParameterString

from pipelines.commit import UNKNOWN
from settings.model import Settings


@dataclass(frozen=True)
class Parameters:
    data_uri: Any
    data_version: Any
    processing_instance_type: Any
    training_instance_type: Any
    threshold: Any
    champion_tolerance: Any
    champion_uri: Any
    git_commit: Any

    def as_list(self) -> list[Any]:
        return list(vars(self).values())


def declare(settings: Settings, commit: str = UNKNOWN) -> Parameters:
    """``commit`` is what a run records that a schedule or an event started."""
    gate = settings.quality_gate
    return Parameters(
        data_uri=ParameterString("DataUri", settings.data_uri),
        data_version=ParameterString("DataVersion", UNKNOWN),
        processing_instance_type=ParameterString("ProcessingInstanceType", settings.processing.instance_type),
        training_instance_type=ParameterString("TrainingInstanceType", settings.training.instance_type),
        threshold=ParameterFloat("Threshold", gate.threshold),
        champion_tolerance=ParameterFloat("ChampionTolerance", gate.champion_tolerance),
        champion_uri=ParameterString("ChampionUri", champion_uri(settings)),
        git_commit=ParameterString("GitCommit", commit),
    )


def champion_uri(settings: Settings) -> str:
    """A folder, which a release to production fills: its model and its evaluation."""
    return f"{settings.prefix}/champion/"
