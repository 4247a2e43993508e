"""Retry policies on the clock: which failures, how often, after how long."""

import pytest

from localcloud.core.refusal import Refusal

THROTTLED = Refusal("ThrottlingException", "Rate exceeded")
LIMITED = Refusal("ResourceLimitExceeded", "The limit is 0 Instances")


@pytest.fixture
def services(pipelines_alone):
    return pipelines_alone


def policy(*types, **more):
    return {"ExceptionType": list(types), "IntervalSeconds": 10, "BackoffRate": 3.0, **more}


def test_a_failed_job_is_retried_with_growing_pauses(runs, make):
    work = make.processing("Work", RetryPolicies=[policy("SageMaker.JOB_INTERNAL_ERROR", MaxAttempts=2)])
    arn = runs.start(make.body(work))
    for pause in (10, 30):
        runs.jobs.finish("Work", "Failed", "InternalServerError: We encountered an internal error.")
        assert runs.statuses(arn) == {"Work": "Executing"}
        runs.cloud.clock.advance(pause - 0.1)
        assert runs.jobs.running() == []
        runs.cloud.clock.advance(0.2)
        assert len(runs.jobs.running()) == 1
    job = runs.jobs.running()[0]
    assert runs.steps(arn)["Work"]["AttemptCount"] == 3
    assert runs.steps(arn)["Work"]["Metadata"]["ProcessingJob"]["Arn"].endswith(job), "the latest job's"
    runs.jobs.finish("Work")
    assert runs.status(arn) == "Succeeded"
    assert len(runs.jobs.jobs) == 3


def test_attempts_come_to_an_end(runs, make):
    work = make.processing("Work", RetryPolicies=[policy("SageMaker.JOB_INTERNAL_ERROR", MaxAttempts=1)])
    arn = runs.start(make.body(work))
    runs.jobs.finish("Work", "Failed", "InternalServerError: first")
    runs.cloud.clock.advance(10)
    runs.jobs.finish("Work", "Failed", "InternalServerError: second")
    step = runs.steps(arn)["Work"]
    assert (step["StepStatus"], step["AttemptCount"], runs.status(arn)) == ("Failed", 2, "Failed")
    assert step["FailureReason"].startswith("InternalServerError: second\nRetry not appropriate on execution of step")


def test_attempts_expire(runs, make):
    work = make.processing("Work", RetryPolicies=[policy("SageMaker.CAPACITY_ERROR", ExpireAfterMin=1)])
    arn = runs.start(make.body(work))
    for pause in (10, 30):
        runs.jobs.finish("Work", "Failed", "CapacityError: Unable to provision requested ML compute capacity.")
        runs.cloud.clock.advance(pause)
    runs.jobs.finish("Work", "Failed", "CapacityError: still")
    assert runs.statuses(arn) == {"Work": "Failed"}, "the third pause would end after the minute"


def test_failures_of_the_script_are_not_retried(runs, make):
    work = make.processing("Work", RetryPolicies=[policy("SageMaker.JOB_INTERNAL_ERROR", MaxAttempts=2)])
    arn = runs.start(make.body(work))
    runs.jobs.finish("Work", "Failed", "AlgorithmError: no rows in train.csv")
    assert runs.steps(arn)["Work"]["FailureReason"] == "AlgorithmError: no rows in train.csv"
    assert runs.status(arn) == "Failed"


def test_throttling_is_retried_without_a_policy(runs, make):
    runs.jobs.plan("CreateProcessingJob", THROTTLED, THROTTLED)
    arn = runs.start(make.body(make.processing("Work")))
    assert runs.statuses(arn) == {"Work": "Starting"}
    runs.cloud.clock.advance(1)
    runs.cloud.clock.advance(2)
    assert runs.statuses(arn) == {"Work": "Executing"}


def test_an_injected_fault_hits_the_step(runs, make):
    runs.cloud.faults.throttle("sagemaker.CreateProcessingJob", 20)
    arn = runs.start(make.body(make.processing("Work")))
    runs.cloud.clock.advance(3600)
    step = runs.steps(arn)["Work"]
    assert (step["StepStatus"], step["AttemptCount"]) == ("Failed", 6)
    assert "The retry policy for the exception type STEP_THROTTLING is used up." in step["FailureReason"]


def test_a_failure_without_a_policy_has_awss_message(runs, make):
    runs.jobs.plan("CreateProcessingJob", LIMITED)
    arn = runs.start(make.body(make.processing("Work")))
    assert runs.steps(arn)["Work"]["FailureReason"] == (
        "ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details: The limit is 0 Instances\n"
        f"Retry not appropriate on execution of step with PipelineExecutionArn {arn} and StepId Work. "
        "No retry policy configured for the exception type SAGEMAKER_RESOURCE_LIMIT."
    )


def test_policies_count_each_for_itself(runs, make):
    policies = [
        policy("SageMaker.RESOURCE_LIMIT", MaxAttempts=1),
        policy("SageMaker.JOB_INTERNAL_ERROR", MaxAttempts=1),
    ]
    runs.jobs.plan("CreateProcessingJob", LIMITED)
    arn = runs.start(make.body(make.processing("Work", RetryPolicies=policies)))
    runs.cloud.clock.advance(10)
    runs.jobs.finish("Work", "Failed", "InternalServerError: x")
    runs.cloud.clock.advance(10)
    runs.jobs.finish("Work")
    assert runs.status(arn) == "Succeeded"


def test_a_stop_cancels_a_waiting_retry(runs, make):
    runs.jobs.plan("CreateProcessingJob", THROTTLED)
    arn = runs.start(make.body(make.processing("Work")))
    runs.client.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert (runs.status(arn), runs.statuses(arn)) == ("Stopped", {"Work": "Stopped"})
    runs.cloud.clock.advance(3600)
    assert runs.jobs.jobs == {}


def test_nothing_is_retried_while_stopping(runs, make):
    work = make.processing("Work", RetryPolicies=[policy("SageMaker.JOB_INTERNAL_ERROR", MaxAttempts=2)])
    arn = runs.start(make.body(work))
    runs.client.stop_pipeline_execution(PipelineExecutionArn=arn)
    runs.jobs.finish("Work", "Failed", "InternalServerError: x")
    runs.cloud.clock.advance(3600)
    assert (runs.status(arn), len(runs.jobs.jobs)) == ("Failed", 1)


def test_a_reset_cancels_a_waiting_retry(runs, make):
    runs.jobs.plan("CreateProcessingJob", THROTTLED)
    runs.start(make.body(make.processing("Work")))
    runs.cloud.reset()
    runs.cloud.clock.advance(3600)
    assert runs.jobs.jobs == {}
