"""Fixtures of the command's tests."""

import json

import pytest

from pipelines import definition
from pipelines.definition import Compiled


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv("PIPELINE_ENV", raising=False)


@pytest.fixture
def small(monkeypatch):
    """A small definition in place of the SDK's: compiling takes seconds."""
    parameters = [{"Name": "Threshold", "Type": "Float", "DefaultValue": 0.8}]
    same = {"Type": "Equals", "LeftValue": "ü", "RightValue": "ü"}
    step = {"Name": "Train", "Type": "Condition", "Arguments": {"Conditions": [same], "IfSteps": [], "ElseSteps": []}}

    def compile(settings, commit="unknown"):
        threshold = parameters[0] | {"DefaultValue": settings.quality_gate.threshold}
        body = {"Version": "2020-12-01", "Parameters": [threshold], "Steps": [step]}
        return Compiled(settings.pipeline_name, json.dumps(body), {f"{settings.prefix}/code/1/train.py": b"code"}, {})

    monkeypatch.setattr(definition, "compile", compile)
