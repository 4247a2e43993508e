"""The command as people call it: exit codes and sentences."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from aws import sessions
from pipelines.options import COMBINABLE, EXCLUSIVE, parser
from pipelines.run import main
from settings.environments import CONFIG

ROOT = Path(__file__).resolve().parents[3]

PIPELINE = "arn:aws:sagemaker:eu-west-1:000000000000:pipeline/churn-local"
EXECUTION = f"{PIPELINE}/execution/abc"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
METADATA = {"HTTPHeaders": {"date": "Mon, 05 Jan 2026 10:00:00 GMT", "x-clock-speed": "60"}}
HEAVY = ("boto3", "botocore", "pydantic", "rich", "sagemaker", "numpy", "pyarrow")


@pytest.fixture
def no_call(monkeypatch):
    def client(settings, service):
        raise AssertionError(f"{service} was called")

    monkeypatch.setattr(sessions, "client", client)


class FakeAws:
    """One execution of one pipeline, and the logs of its job: every service at once."""

    def __init__(self, status="Succeeded", *steps, error=None):
        self.status, self.steps, self.error = status, steps, error
        self.stopped, self.deleted = [], []

    def get_caller_identity(self):
        return {"Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root"}

    def describe_pipeline(self, PipelineName):
        if self.status is None:
            raise ClientError({"Error": {"Code": "ResourceNotFound", "Message": "does not exist"}}, "DescribePipeline")
        return {"PipelineArn": PIPELINE, "PipelineDefinition": '{"Steps": []}', "RoleArn": "role"}

    def list_pipeline_executions(self, PipelineName, **_):
        self.describe_pipeline(PipelineName)
        summary = {"PipelineExecutionArn": EXECUTION, "PipelineExecutionStatus": self.status, "StartTime": START}
        return {"PipelineExecutionSummaries": [summary], "ResponseMetadata": METADATA}

    def describe_pipeline_execution(self, PipelineExecutionArn):
        if self.error:
            raise self.error
        times = {"CreationTime": START, "LastModifiedTime": START}
        return {"PipelineExecutionStatus": self.status, **times, "ResponseMetadata": METADATA}

    def list_pipeline_execution_steps(self, **_):
        return {"PipelineExecutionSteps": list(self.steps)}

    def stop_pipeline_execution(self, PipelineExecutionArn, ClientRequestToken):
        assert 32 <= len(ClientRequestToken) <= 128
        self.stopped.append(PipelineExecutionArn)

    def delete_pipeline(self, PipelineName, ClientRequestToken):
        assert 32 <= len(ClientRequestToken) <= 128
        self.deleted.append(PipelineName)

    def describe_training_job(self, TrainingJobName):
        return {"FailureReason": "AlgorithmError: the target is constant"}

    def describe_log_streams(self, logGroupName, logStreamNamePrefix):
        return {"logStreams": [{"logStreamName": f"{logStreamNamePrefix}/algo-1"}]}

    def get_log_events(self, **_):
        return {"events": [{"timestamp": 1, "message": "ERROR: the target is constant"}]}


@pytest.fixture
def aws(monkeypatch):
    def use(fake):
        monkeypatch.setattr(sessions, "client", lambda settings, service: fake)
        return fake

    return use


class StandardInput:
    def __init__(self, terminal):
        self.terminal = terminal

    def isatty(self):
        return self.terminal


def answer(monkeypatch, text):
    """With or without a terminal."""
    monkeypatch.setattr(sys, "stdin", StandardInput(text is not None))
    monkeypatch.setattr("builtins.input", lambda question: print(question) or text)


def child(*command, **options):
    """With the variables of this process: where Python finds the repository."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(command, text=True, timeout=60, env=environment, **pipes)


def test_help_imports_nothing_heavy():
    code = f"""
import sys
from pipelines.run import main
try:
    main(["--help"])
except SystemExit as end:
    print(end.code, [name for name in {HEAVY} if name in sys.modules])
"""
    assert child(sys.executable, "-c", code).stdout.splitlines()[-1] == "0 []"


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for option in (*COMBINABLE, *EXCLUSIVE, "env", "config", "parameters", "execution", "yes"):
        assert f"--{option.replace('_', '-')}" in shown


def test_without_an_action_help_and_a_hint(capsys):
    assert main([]) == 2
    shown = capsys.readouterr().err
    assert "--upsert" in shown
    assert shown.splitlines()[-1].startswith("error: nothing to do")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--plan --upsert", "--plan cannot be combined: call it without --upsert"),
        ("--delete --start", "--delete cannot be combined"),
        ("--show-config --wait", "--show-config cannot be combined"),
        ("--upsert --parameters a=b", "--parameters goes with --start only"),
        ("--upsert --execution x", "--execution goes with --wait or --stop only"),
        ("--start --wait --execution x", "omit one of them"),
        ("--upsert --wait", "starts no run to wait for"),
        ("--start --commit x", "--commit goes with --upsert only"),
        ("--plan --yes", "--yes goes with --delete only"),
    ],
)
def test_contradictions_are_refused_before_anything_is_read(capsys, no_call, arguments, sentence):
    assert main([*arguments.split(), "--config", "/nowhere"]) == 2
    assert sentence in capsys.readouterr().err


def test_show_config(capsys, no_call):
    assert main(["--env", "prod", "--show-config"]) == 0
    assert "canary_percent = 25" in capsys.readouterr().out


def test_the_environment_variable_chooses_and_the_option_wins(capsys, monkeypatch):
    monkeypatch.setenv("PIPELINE_ENV", "prod")
    main(["--show-config"])
    assert 'environment = "prod"' in capsys.readouterr().out
    main(["--show-config", "--env", "local"])
    assert 'environment = "local"' in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--env", "moon"], ["--config", "/nowhere"], ["--env", "dev", "--definition"]])
def test_settings_that_cannot_be_used_are_one_sentence(capsys, no_call, arguments):
    assert main([*arguments, *([] if "--definition" in arguments else ["--plan"])]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ")
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_the_definition_is_json_for_people_and_programs(capsys, small, no_call):
    assert main(["--definition"]) == 0
    shown = capsys.readouterr().out
    assert json.loads(shown)["Steps"][0]["Name"] == "Train"
    assert "\n  " in shown
    assert "ü" in shown


def test_wrong_parameters_are_refused_before_any_call(capsys, monkeypatch, no_call):
    monkeypatch.setattr("pipelines.run._compile", lambda *_: pytest.fail("compiling takes seconds"))
    assert main(["--upsert", "--start", "--parameters", "Treshold=1", "Threshold=high"]) == 2
    shown = capsys.readouterr().err
    assert "did you mean Threshold?" in shown
    assert "must be a number" in shown


def test_waiting_for_a_success(capsys, aws):
    package = {"StepName": "Register", "StepStatus": "Succeeded", "Metadata": {"RegisterModel": {"Arn": "package/7"}}}
    aws(FakeAws("Succeeded", package))
    assert main(["--wait"]) == 0
    shown = capsys.readouterr().out
    assert "Register: Succeeded" in shown
    assert "registered package/7" in shown
    assert "execution abc: Succeeded after 0 s" in shown


def test_waiting_for_a_failure_tells_the_step_its_reason_and_its_log(capsys, aws):
    job = {"TrainingJob": {"Arn": "arn:aws:sagemaker:eu-west-1:000000000000:training-job/train-1"}}
    step = {"StepName": "Train", "StepStatus": "Failed", "FailureReason": "ClientError: job failed", "Metadata": job}
    aws(FakeAws("Failed", step))
    assert main(["--wait", "--execution", EXECUTION]) == 1
    shown = capsys.readouterr().out
    for part in ("step Train failed: ClientError: job failed", "the target is constant", "train-1", "abc: Failed"):
        assert part in shown


@pytest.mark.parametrize("status", ["Stopped", "CompletedWithFailures"])
def test_what_did_not_succeed_is_not_a_success(aws, status):
    aws(FakeAws(status))
    assert main(["--wait"]) == 1


def parse_resume_command(text):
    (line,) = [line for line in text.splitlines() if "pipelines.run" in line]
    return parser("none").parse_args(shlex.split(line)[3:])


def test_ctrl_c_leaves_the_run_and_prints_how_to_wait_again(capsys, aws, tmp_path):
    fake = aws(FakeAws("Executing", error=KeyboardInterrupt()))
    shutil.copytree(CONFIG, tmp_path / "my config")
    assert main(["--config", str(tmp_path / "my config"), "--wait"]) == 130
    resume = parse_resume_command(capsys.readouterr().err)
    assert (resume.env, resume.wait, resume.execution) == ("local", True, EXECUTION)
    assert resume.config == tmp_path / "my config"
    assert fake.stopped == []


def test_a_refusal_while_waiting_also_prints_how_to_wait_again(capsys, aws):
    expired = {"Error": {"Code": "ExpiredTokenException", "Message": "The security token is expired"}}
    aws(FakeAws("Executing", error=ClientError(expired, "DescribePipelineExecution")))
    assert main(["--wait"]) == 1
    shown = capsys.readouterr().err
    assert parse_resume_command(shown).execution == EXECUTION
    assert "error: the AWS credentials have expired" in shown


def test_missing_credentials_are_one_sentence(capsys, aws):
    aws(FakeAws(error=NoCredentialsError()))
    assert main(["--wait"]) == 1
    assert "error: no credentials" in capsys.readouterr().err


def test_a_defect_is_one_line_and_keeps_its_trace_in_a_file(capsys, aws, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    aws(FakeAws(error=ZeroDivisionError("ours")))
    assert main(["--wait"]) == 1
    shown = capsys.readouterr().err
    assert "error: unexpected ZeroDivisionError: ours" in shown
    assert "Traceback" not in shown
    (trace,) = tmp_path.glob("pipelines-run-*.txt")
    assert "Traceback" in trace.read_text()


def test_stop(capsys, aws):
    fake = aws(FakeAws("Executing"))
    assert main(["--stop"]) == 0
    assert fake.stopped == [EXECUTION]


def test_stopping_an_ended_run_is_reported(capsys, aws):
    fake = aws(FakeAws("Succeeded"))
    assert main(["--stop", "--execution", "abc"]) == 0
    assert "nothing to stop: execution abc is Succeeded" in capsys.readouterr().out
    assert fake.stopped == []


@pytest.mark.parametrize(("reply", "deleted"), [("y", 1), ("YES", 1), ("n", 0), ("", 0), ("yeah", 0)])
def test_delete_asks_and_names_what_is_kept(capsys, aws, monkeypatch, reply, deleted):
    fake = aws(FakeAws())
    answer(monkeypatch, reply)
    assert main(["--delete"]) == (0 if deleted else 1)
    assert fake.deleted == ["churn-local"] * deleted
    shown = capsys.readouterr().out
    for part in ("group churn", "s3://churn-local-000000000000-eu-west-1/churn"):
        assert part in shown


def test_delete_without_a_terminal(capsys, aws, monkeypatch):
    fake = aws(FakeAws())
    answer(monkeypatch, None)
    assert main(["--delete"]) == 2
    assert "add --yes" in capsys.readouterr().err
    assert fake.deleted == []
    assert main(["--delete", "--yes"]) == 0
    assert fake.deleted == ["churn-local"]


def test_delete_of_what_is_not_there_succeeds(capsys, aws):
    aws(FakeAws(None))
    assert main(["--delete"]) == 0
    assert "does not exist: nothing to delete" in capsys.readouterr().out


def test_delete_of_a_running_pipeline_is_refused(capsys, aws):
    fake = aws(FakeAws("Executing"))
    assert main(["--delete", "--yes"]) == 1
    assert "is running (abc)" in capsys.readouterr().err
    assert fake.deleted == []


@pytest.mark.parametrize("action", ["--describe", "--list"])
def test_executions_are_shown_in_utc_with_the_speed_of_the_clock(capsys, aws, action):
    aws(FakeAws("Succeeded"))
    assert main([action]) == 0
    *_, execution, last = capsys.readouterr().out.splitlines()
    assert execution.split() == ["2026-01-05", "09:00:00", "UTC", "Succeeded", "abc"]
    clock = "times are by AWS's clock, where it is 2026-01-05 10:00:00 UTC, and it is 60 times as fast as real time"
    assert last == clock


@pytest.mark.parametrize("action", ["--describe", "--list", "--wait", "--stop"])
def test_what_is_not_there_is_not_described(capsys, aws, action):
    aws(FakeAws(None))
    assert main([action]) == 1
    assert "churn-local does not exist: create it with --upsert" in capsys.readouterr().err


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    result = child(
        sys.executable,
        "-m",
        "pipelines.run",
        "--config",
        str(CONFIG),
        "--show-config",
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (0, "")
