"""The parameters of a run, as the steps use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sagemaker.core.workflow.parameters import ParameterBoolean, ParameterFloat, ParameterInteger, ParameterString

from pipelines.commit import UNKNOWN
from pipelines.declarations import declarations
from settings.model import Settings

TYPES = {"String": ParameterString, "Integer": ParameterInteger, "Float": ParameterFloat, "Boolean": ParameterBoolean}


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
    declared = declarations(settings, commit).items()
    return Parameters(**{key: TYPES[one.type](one.name, one.default) for key, one in declared})
