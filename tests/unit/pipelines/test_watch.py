"""Waiting: shows what changes, survives a network that comes and goes, ends with the run."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from rich.console import Console

from pipelines.executions import Execution, Step
from pipelines.watch import LONGEST_WAIT, MAX_FAILED_POLLS, LineView, Snapshot, StepsTable, follow, poll, rows

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ARN = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/churn-dev/execution/abc"


class NoProgress:
    def of(self, _):
        return {}


NO_PROGRESS = NoProgress()


def at(seconds):
    return START + timedelta(seconds=seconds)


def snapshot(status, *steps, speed=1):
    return Snapshot(Execution(ARN, status, START, START, speed=speed), steps)


def throttled():
    answer = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(answer, "ListPipelineExecutionSteps")


class Timeline:
    """Responses of AWS in sequence; exceptions are raised. The clock advances only in sleep."""

    def __init__(self, *answers):
        self.answers, self.naps, self.seconds = list(answers), [], 0.0

    def ask(self):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def sleep(self, seconds):
        assert len(self.naps) < 1000, "it waits for ever"
        self.naps.append(seconds)
        self.seconds += seconds

    def clock(self):
        return at(self.seconds)


def lines_of(timeline):
    written = []
    final = follow(timeline.ask, LineView(written.append), timeline.sleep)
    return final, written


def test_one_line_for_each_change_of_a_step():
    running = Step("Preprocess", "Executing", START)
    done = Step("Preprocess", "Succeeded", START, at(200))
    timeline = Timeline(
        snapshot("Executing", running),
        snapshot("Executing", running),
        snapshot("Executing", done, Step("Train", "Executing", at(201), note="attempt 2")),
        snapshot("Succeeded", done, Step("Train", "Succeeded", at(201), at(203), note="cached")),
    )
    final, lines = lines_of(timeline)
    assert final.execution.succeeded
    assert lines == [
        "09:00:00 UTC  Preprocess: Executing",
        "09:00:00 UTC  Preprocess: Succeeded after 3 min 20 s",
        "09:00:00 UTC  Train: Executing (attempt 2)",
        "09:00:00 UTC  Train: Succeeded (cached) after 2 s",
    ]


def test_lines_say_how_fast_the_clock_is_that_their_times_are_by():
    _, lines = lines_of(Timeline(snapshot("Succeeded", Step("Train", "Executing", START), speed=60)))
    assert lines == ["09:00:00 UTC (60 x real time)  Train: Executing"]


def test_the_interval_grows_to_some_seconds():
    timeline = Timeline(*[snapshot("Executing")] * 30, snapshot("Stopping"), snapshot("Stopped"))
    final, _ = lines_of(timeline)
    assert final.execution.status == "Stopped"
    assert timeline.naps == sorted(timeline.naps)
    assert timeline.naps[0] == 0.5
    assert timeline.naps[-1] == LONGEST_WAIT


def fault():
    return ClientError({"Error": {"Code": "503"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "DescribeX")


@pytest.mark.parametrize("error", [throttled(), fault(), EndpointConnectionError(endpoint_url="https://aws")])
def test_a_transient_error_is_retried_and_shown_once(error):
    timeline = Timeline(error, error, snapshot("Executing"), error, snapshot("Succeeded"))
    final, lines = lines_of(timeline)
    assert final.execution.succeeded
    assert len(lines) == 2
    assert all("no response, retrying" in line for line in lines)


def test_patience_ends():
    timeline = Timeline(throttled())
    with pytest.raises(ClientError):
        lines_of(timeline)
    assert len(timeline.naps) == MAX_FAILED_POLLS


def test_an_answer_renews_the_patience():
    silence = [throttled()] * MAX_FAILED_POLLS
    timeline = Timeline(*silence, snapshot("Executing"), *silence, snapshot("Stopped"))
    final, _ = lines_of(timeline)
    assert final.execution.status == "Stopped"


def test_what_does_not_pass_ends_the_wait_at_once():
    denied = ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribePipelineExecution")
    timeline = Timeline(denied)
    with pytest.raises(ClientError):
        lines_of(timeline)
    assert timeline.naps == []


def test_the_table_shows_all_steps_of_the_diagram():
    now = snapshot("Executing", Step("Preprocess", "Succeeded", START, at(70)), Step("Train", "Executing", at(70)))
    shown = rows(now, ["Preprocess", "Train", "Evaluate"], at(75))
    assert [cells for cells, _ in shown] == [
        ["Preprocess", "Succeeded", "1 min 10 s", ""],
        ["Train", "Executing", "5 s", ""],
        ["Evaluate", "waiting", "", ""],
    ]


def test_what_a_failure_left_out_was_not_run_and_the_unforeseen_is_shown():
    end = snapshot("Failed", Step("Surprise", "Failed", START, at(1)))
    assert [cells[:2] for cells, _ in rows(end, ["Train"], at(2))] == [["Train", "not run"], ["Surprise", "Failed"]]


def test_a_clock_behind_that_of_aws_shows_no_negative_time():
    assert rows(snapshot("Executing", Step("Train", "Executing", at(60))), [], START)[0][0][2] == "0 s"


def test_the_live_table_on_a_terminal_keeps_its_last_state_and_shows_markup_as_it_is():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None)
    timeline = Timeline(
        throttled(),
        snapshot("Executing"),
        snapshot("Succeeded", Step("Train", "Succeeded", START, at(9), note="[red]")),
    )
    with StepsTable(["Preprocess", "Train"], console, timeline.clock) as view:
        follow(timeline.ask, view, timeline.sleep)
    last = screen.getvalue().rsplit("step", 1)[1]
    assert "Train" in last
    assert "9 s" in last
    assert "[red]" in last
    assert "execution abc: Succeeded" in last
    assert "no response, retrying" in screen.getvalue()
    assert "\x1b[?25h" in screen.getvalue()  # the cursor is back


def test_the_live_table_counts_with_aws_s_clock():
    """It may be fast: a run of three minutes takes two seconds of this machine."""
    screen = io.StringIO()
    console = Console(file=screen, width=100)
    sagemaker = FakeSageMaker(date="Mon, 05 Jan 2026 09:02:52 GMT")
    timeline = Timeline(poll(lambda _: sagemaker, ARN, NO_PROGRESS, lambda: at(2)))
    view = StepsTable([], console, timeline.clock)
    timeline.seconds = 3
    view.show(timeline.ask())
    console.print(view.render())
    assert re.search(r"Train +Executing +2 min 53 s", screen.getvalue())
    assert "execution abc: Executing, 2 min 53 s" in screen.getvalue()


def test_ctrl_c_leaves_the_terminal_usable():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    timeline = Timeline(snapshot("Executing"), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt), StepsTable([], console) as view:
        follow(timeline.ask, view, timeline.sleep)
    assert "\x1b[?25h" in screen.getvalue()


class FakeSageMaker:
    """A run that ends between two calls: the second response is newer."""

    def __init__(self, date="Mon, 05 Jan 2026 09:00:05 GMT"):
        self.ended = False
        self.metadata = {"HTTPHeaders": {"date": date}}

    def describe_pipeline_execution(self, PipelineExecutionArn):
        status = "Succeeded" if self.ended else "Executing"
        times = {"CreationTime": START, "LastModifiedTime": at(5)}
        return {"PipelineExecutionStatus": status, **times, "ResponseMetadata": self.metadata}

    def list_pipeline_execution_steps(self, PipelineExecutionArn, **_):
        status = "Executing" if not self.ended else "Succeeded"
        self.ended = True
        return {"PipelineExecutionSteps": [{"StepName": "Train", "StepStatus": status, "StartTime": START}]}


def test_an_ended_run_is_seen_with_its_final_steps():
    sagemaker = FakeSageMaker()
    assert poll(lambda _: sagemaker, ARN, NO_PROGRESS).execution.running
    assert not poll(lambda _: sagemaker, ARN, NO_PROGRESS).execution.running


def test_progress_is_a_line_now_and_then_and_a_note_in_the_table():
    written, clock = [], [100.0]
    view = LineView(written.append, lambda: clock[0])
    step = Step("Train", "Executing", START)
    for seconds in (0, 10, 29, 31, 40):
        clock[0] = 100.0 + seconds
        view.show(Snapshot(Execution(ARN, "Executing", START, START), [step], progress={"Train": f"round {seconds}"}))
    assert [line.partition("Train: ")[2] for line in written] == ["Executing", "round 0", "round 31"]
    snapshot = Snapshot(Execution(ARN, "Executing", START, START), [step], progress={"Train": "round 3"})
    assert rows(snapshot, [], START)[0][0] == ["Train", "Executing", "0 s", "round 3"]
