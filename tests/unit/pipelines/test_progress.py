"""How far a training is, from the lines that the real script prints."""

from datetime import UTC, datetime, timedelta

from pipelines.executions import Job, Step
from pipelines.failed_steps import Event
from pipelines.progress import Progress, render

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LINE = "[{}] train-logloss:0.41 train-auc:0.9 validation-logloss:0.4312 validation-auc:0.88"
STEP = Step("Train", "Executing", START, job=Job("TrainingJob", "job"))


def events(*rounds, seconds=2.0):
    """One every two seconds."""
    return [Event(START + timedelta(seconds=seconds * place), LINE.format(at)) for place, at in enumerate(rounds)]


def test_round_metric_and_time_left():
    noise = [Event(START, "training on 700 rows"), *events(10, 11, 12), Event(START, "saved")]
    assert render(noise, 100) == "round 13 of at most 100, validation-logloss 0.4312, at most 2 min 54 s left"


def test_without_two_rounds_no_time_is_given():
    assert render(events(0), 100) == "round 1 of at most 100, validation-logloss 0.4312"
    assert render(events(0, 1, seconds=0), 100) == "round 2 of at most 100, validation-logloss 0.4312"
    assert render([Event(START, "training on 700 rows")], 100) == ""


class Fake:
    def __init__(self, problem=None):
        self.described, self.problem = 0, problem

    def __call__(self, service):
        return self

    def describe_training_job(self, TrainingJobName):
        self.described += 1
        return {"HyperParameters": {"rounds": "100"}}

    def describe_log_streams(self, **_):
        if self.problem:
            raise self.problem
        return {"logStreams": [{"logStreamName": "job/algo-1-1"}]}

    def get_log_events(self, **_):
        return {"events": [{"timestamp": 1000 * START.timestamp(), "message": LINE.format(4)}]}


def test_only_trainings_that_run_are_read_and_their_settings_once():
    fake = Fake()
    progress = Progress(fake)
    others = [
        Step("Train", "Succeeded", job=STEP.job),
        Step("Evaluate", "Executing", job=Job("ProcessingJob", "other")),
    ]
    assert progress.of(others) == {}
    for _ in range(3):
        assert progress.of([STEP, *others]) == {"Train": "round 5 of at most 100, validation-logloss 0.4312"}
    assert fake.described == 1


def test_what_cannot_be_read_is_left_out():
    assert Progress(Fake(PermissionError("no"))).of([STEP]) == {}
