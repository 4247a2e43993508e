"""The parameters that the definition declares, by their names in the code; no large library is needed to read them."""

from __future__ import annotations

from pipelines.arguments import Parameter
from pipelines.commit import UNKNOWN
from settings.model import Settings


def declarations(settings: Settings, commit: str = UNKNOWN) -> dict[str, Parameter]:
    """Their defaults come from the settings. ``commit`` is what a run records that a schedule or an event started."""
    gate = settings.quality_gate
    return {
        "data_uri": Parameter("DataUri", "String", settings.data_uri),
        "data_version": Parameter("DataVersion", "String", UNKNOWN),
        "processing_instance_type": Parameter("ProcessingInstanceType", "String", settings.processing.instance_type),
        "training_instance_type": Parameter("TrainingInstanceType", "String", settings.training.instance_type),
        "threshold": Parameter("Threshold", "Float", gate.threshold),
        "champion_tolerance": Parameter("ChampionTolerance", "Float", gate.champion_tolerance),
        "champion_uri": Parameter("ChampionUri", "String", champion_uri(settings)),
        "git_commit": Parameter("GitCommit", "String", commit),
    }


def champion_uri(settings: Settings) -> str:
    """A folder, which a release to production fills: its model and its evaluation."""
    return f"{settings.prefix}/champion/"
