"""The names of jobs begin with what no other project's begin with."""

import json

import pytest

from pipelines.definition import compile
from pipelines.job_names import name_jobs
from settings.loader import load
from settings.model import job_prefix

LONGEST = 63
ADDED = "-0123456789ab-0"  # by SageMaker


def test_every_job_of_the_pipeline_has_a_name_of_its_own():
    settings = load("local")
    steps = json.loads(compile(settings).body)["Steps"]
    names = {step["Name"]: step["Arguments"].get(f"{step['Type']}JobName") for step in steps}
    start = settings.job_prefix
    assert names == {
        "Preprocess": f"{start}-preprocess",
        "Train": f"{start}-train",
        "Evaluate": f"{start}-evaluate",
        "QualityGate": None,
    }


def test_steps_behind_a_condition_are_named_too():
    transform = {"Name": "Score", "Type": "Transform", "Arguments": {}}
    name_jobs([{"Name": "If", "Type": "Condition", "Arguments": {"ElseSteps": [transform]}}], "churn-local-01234567")
    assert transform["Arguments"] == {"TransformJobName": "churn-local-01234567-score"}


@pytest.mark.parametrize(("project", "env"), [("churn-local", "eu"), ("churn", "local-eu"), ("churn2", "local")])
def test_no_prefix_is_the_start_of_another(project, env):
    own = f"{job_prefix('churn', 'local')}-"
    other = f"{job_prefix(project, env)}-"
    assert not other.startswith(own)
    assert not own.startswith(other)


def test_the_longest_names_leave_room_for_the_step():
    assert len(job_prefix("p" * 30, "e" * 16) + "-preprocess" + ADDED) <= LONGEST
