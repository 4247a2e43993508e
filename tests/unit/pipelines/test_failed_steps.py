"""A failed step: its reason, its job's own words, and the last lines of its log."""

from botocore.exceptions import ClientError

from pipelines.executions import Job, Step
from pipelines.failed_steps import LOG_WIDTH, explain, last_lines

GROUP = "/aws/sagemaker/TrainingJobs"


class FakeLogs:
    """Streams of events (time, message); the newest are returned in order of time, as by CloudWatch."""

    def __init__(self, **streams):
        self.streams = {name.replace("__", "/"): events for name, events in streams.items()}

    def describe_log_streams(self, logGroupName, logStreamNamePrefix):
        if logGroupName != GROUP:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "DescribeLogStreams")
        found = [name for name in self.streams if name.startswith(logStreamNamePrefix)]
        return {"logStreams": [{"logStreamName": name} for name in found]}

    def get_log_events(self, logGroupName, logStreamName, limit, startFromHead):
        events = [{"timestamp": time, "message": text} for time, text in self.streams[logStreamName]]
        return {"events": events[:limit] if startFromHead else events[-limit:]}


class FakeSageMaker:
    def describe_training_job(self, TrainingJobName):
        return {"FailureReason": "AlgorithmError: column churned is constant, exit code: 1"}

    def describe_processing_job(self, ProcessingJobName):
        return {"ExitMessage": "no rows", "FailureReason": "AlgorithmError: See job logs"}

    def describe_transform_job(self, TransformJobName):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not yours"}}, "DescribeTransformJob")


def explained(step, logs=None):
    return explain(step, {"sagemaker": FakeSageMaker(), "logs": logs or FakeLogs()}.__getitem__)


def failed(kind, reason="ClientError: job failed"):
    return Step("Train", "Failed", reason=reason, job=Job(kind, "job-1"))


def test_reason_job_and_log_lines():
    lines = explained(
        failed("TrainingJob"), FakeLogs(**{"job-1__algo-1-17": [(1, "reading"), (2, "ERROR: constant\n")]})
    )
    assert lines == [
        "step Train failed: ClientError: job failed",
        "  AlgorithmError: column churned is constant, exit code: 1",
        "  last lines of its log (/aws/sagemaker/TrainingJobs, streams job-1/...):",
        "    reading",
        "    ERROR: constant",
    ]


def test_the_reason_of_the_step_is_not_repeated():
    lines = explained(failed("TrainingJob", "Failed. AlgorithmError: column churned is constant, exit code: 1 (job)"))
    assert sum("column churned" in line for line in lines) == 1


def test_the_log_does_not_repeat_the_reason():
    logs = FakeLogs(**{"job-1__a": [(1, "reading"), (2, "ERROR: column churned is constant\n")]})
    lines = explained(failed("TrainingJob"), logs)
    assert lines[-1] == "    reading"
    assert sum("column churned" in line for line in lines) == 1


def test_a_log_of_the_reason_alone_is_only_named():
    lines = explained(failed("TrainingJob"), FakeLogs(**{"job-1__a": [(1, "ERROR: column churned is constant")]}))
    assert lines[-1] == f"  its log has nothing else ({GROUP}, streams job-1/...)"


def test_the_exit_message_of_a_processing_job_comes_first():
    lines = explained(failed("ProcessingJob"))
    assert lines[1:3] == ["  no rows", "  AlgorithmError: See job logs"]
    assert lines[-1] == "    (nothing was logged)"


def test_details_that_may_not_be_read_do_not_hide_the_failure():
    lines = explained(failed("TransformJob"))
    assert lines[0] == "step Train failed: ClientError: job failed"
    assert "its job cannot be read" in lines[1]


def test_the_last_twenty_lines_of_all_instances_by_time():
    streams = {f"job-1__algo-{n}": [(time, f"{n}-{time}") for time in range(n, 60, 2)] for n in (1, 2)}
    lines = last_lines(FakeLogs(**streams), GROUP, "job-1")
    assert len(lines) == 20
    assert lines[-2:] == ["2-58", "1-59"]


def test_the_log_of_a_job_whose_name_only_begins_the_same_is_left_out():
    logs = FakeLogs(**{"job-1__algo": [(1, "mine")], "job-10__algo": [(2, "other")], "job-1": [(3, "plain")]})
    assert last_lines(logs, GROUP, "job-1") == ["mine", "plain"]


def test_a_log_cannot_steer_the_terminal_nor_flood_it():
    lines = explained(failed("TrainingJob"), FakeLogs(**{"job-1__a": [(1, "\x1b[2Jred\rover"), (2, "x" * 9999)]}))
    assert "\x1b" not in "".join(lines)
    assert "\r" not in "".join(lines)
    assert len(lines[-1]) == LOG_WIDTH + 4


def test_a_step_without_a_job_has_its_reason_only():
    assert explained(Step("Refuse", "Failed", reason="auc 0.7 of 0.8")) == ["step Refuse failed: auc 0.7 of 0.8"]
    assert explained(Step("Refuse", "Failed")) == ["step Refuse failed: SageMaker gives no reason"]
