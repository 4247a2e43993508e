"""Executions as data, and which one ``--execution`` means."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from pipelines.executions import Job, describe, find, recent, steps
from settings.errors import Problem, UsageProblem

PIPELINE = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/churn-dev"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
END = datetime(2026, 1, 5, 9, 5, tzinfo=UTC)
METADATA = {"HTTPHeaders": {"date": "Mon, 05 Jan 2026 10:00:00 GMT", "x-clock-speed": "60"}}

STEPS = [
    {"StepName": "Preprocess", "StepStatus": "Succeeded", "CacheHitResult": {"SourcePipelineExecutionArn": "x"}},
    {
        "StepName": "Train",
        "StepStatus": "Failed",
        "StartTime": START,
        "EndTime": END,
        "FailureReason": "AlgorithmError",
        "AttemptCount": 2,
        "Metadata": {"TrainingJob": {"Arn": "arn:aws:sagemaker:eu-west-1:111122223333:training-job/train-1"}},
    },
    {"StepName": "Gate", "StepStatus": "Succeeded", "Metadata": {"Condition": {"Outcome": "False"}}},
    {"StepName": "Refuse", "StepStatus": "Failed", "Metadata": {"Fail": {"ErrorMessage": "auc 0.7 of 0.8"}}},
    {"StepName": "Register", "StepStatus": "Succeeded", "Metadata": {"RegisterModel": {"Arn": "package/1"}}},
]


class FakeSageMaker:
    def __init__(self, executions=("abc",)):
        self.executions = executions

    def describe_pipeline(self, PipelineName):
        return {"PipelineArn": PIPELINE, "PipelineDefinition": "{}", "RoleArn": "role"}

    def list_pipeline_executions(self, PipelineName, SortBy, SortOrder, MaxResults):
        if self.executions is None:
            raise ClientError({"Error": {"Code": "ResourceNotFound", "Message": "no such"}}, "ListPipelineExecutions")
        assert (SortBy, SortOrder) == ("CreationTime", "Descending")
        found = [
            {"PipelineExecutionArn": f"{PIPELINE}/execution/{name}", "PipelineExecutionStatus": "Executing"}
            for name in self.executions
        ]
        return {"PipelineExecutionSummaries": found[:MaxResults], "ResponseMetadata": METADATA}

    def describe_pipeline_execution(self, PipelineExecutionArn):
        name = PipelineExecutionArn.rsplit("/", 1)[-1]
        if name not in self.executions:
            raise ClientError(
                {"Error": {"Code": "ResourceNotFound", "Message": "no such"}}, "DescribePipelineExecution"
            )
        status = "Executing" if name == "abc" else "Failed"
        times = {"CreationTime": START, "LastModifiedTime": END}
        return {"PipelineExecutionStatus": status, **times, "ResponseMetadata": METADATA}

    def list_pipeline_execution_steps(self, PipelineExecutionArn, SortOrder, MaxResults, NextToken="0"):
        assert SortOrder == "Ascending"
        place = int(NextToken)
        more = {"NextToken": str(place + 2)} if place + 2 < len(STEPS) else {}
        return {"PipelineExecutionSteps": STEPS[place : place + 2], **more}


def test_steps_over_several_pages_with_what_matters_of_each():
    preprocess, train, gate, refuse, register = steps(FakeSageMaker(), "arn")
    assert preprocess.note == "cached"
    assert (train.reason, train.note, train.job) == ("AlgorithmError", "attempt 2", Job("TrainingJob", "train-1"))
    assert gate.note == "False"
    assert refuse.reason == "auc 0.7 of 0.8"
    assert register.package == "package/1"


def test_only_an_ended_execution_has_an_end():
    sagemaker = FakeSageMaker(("abc", "old"))
    assert describe(sagemaker, f"{PIPELINE}/execution/abc").ended is None
    assert describe(sagemaker, f"{PIPELINE}/execution/old").ended == END


def test_an_execution_that_does_not_exist():
    with pytest.raises(Problem, match="execution gone does not exist: --list"):
        describe(FakeSageMaker(), f"{PIPELINE}/execution/gone")


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        (None, f"{PIPELINE}/execution/newest"),
        ("abc", f"{PIPELINE}/execution/abc"),
        (f"{PIPELINE}/execution/abc", f"{PIPELINE}/execution/abc"),
    ],
)
def test_found_by_arn_by_id_or_the_newest(reference, found):
    assert find(FakeSageMaker(("newest", "abc")), "churn-dev", reference) == found


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        (f"{PIPELINE.replace('dev', 'prod')}/execution/abc", "belongs to pipeline churn-prod, not to churn-dev"),
        ("not/an/arn", "neither an execution's ARN nor an id"),
    ],
)
def test_an_invalid_reference_is_refused(reference, sentence):
    with pytest.raises(UsageProblem, match=sentence):
        find(FakeSageMaker(), "churn-dev", reference)


def test_a_pipeline_that_has_never_run():
    with pytest.raises(Problem, match="has never run: start it with --start"):
        find(FakeSageMaker(()), "churn-dev", None)


def test_a_pipeline_that_is_not_there():
    with pytest.raises(Problem, match="churn-dev does not exist: create it with --upsert"):
        find(FakeSageMaker(None), "churn-dev", None)


def test_recent_is_bounded():
    assert len(recent(FakeSageMaker("abcdef"), "churn-dev", 3)) == 3
