"""The job runner, with small scripts instead of the project's own."""

import io
import json
import re
import sys
import tarfile
import textwrap
import time
from pathlib import Path

import pytest

from localcloud.runtime.jobs import processing, runner, runtimes, training
from localcloud.runtime.jobs.hooks import JobHooks
from localcloud.runtime.jobs.job import UnsupportedRequest
from localcloud.runtime.processes import start_time

CODE = "s3://bucket/code"


def processing_request(store, script, **changes):
    store.write(f"{CODE}/script.py", textwrap.dedent(script).encode())
    store.write("s3://bucket/data/rows.csv", b"a,b\n1,2\n")
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    return {
        "ProcessingJobName": "job",
        "RoleArn": "arn:aws:iam::000000000000:role/any",
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": {
            "ImageUri": "image",
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/script.py"],
            "ContainerArguments": ["--data", "/opt/ml/processing/data", "--message", "/opt/ml/output/message"],
        },
        "ProcessingInputs": [source("code", CODE), source("data", "s3://bucket/data")],
        "ProcessingOutputConfig": {"Outputs": [target("out", "EndOfJob"), target("rejects", "Continuous")]},
        "Environment": {"OUT": "/opt/ml/processing/out", "REJECTS": "/opt/ml/processing/rejects"},
        **changes,
    }


def source(name, uri):
    place = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{name}", "S3DataType": "S3Prefix"}
    return {"InputName": name, "S3Input": place}


def target(name, mode):
    place = {"S3Uri": f"s3://bucket/{name}", "LocalPath": f"/opt/ml/processing/{name}", "S3UploadMode": mode}
    return {"OutputName": name, "S3Output": place}


def run(request, tmp_path, store, on_line=lambda _: None, stop=lambda: False, **options):
    hooks = JobHooks(on_line=lambda _, text: on_line(text), stop_requested=stop)
    return runner.run_all(processing.instances(request), [tmp_path / "instance"], store, hooks=hooks, **options)


def test_inputs_arguments_environment_and_outputs_are_where_a_container_has_them(tmp_path, store):
    script = """
        import os, pathlib, sys
        rows = pathlib.Path(sys.argv[2], "rows.csv").read_text()
        pathlib.Path(os.environ["OUT"], "copy.csv").write_text(rows)
        print("read", len(rows))
    """
    lines = []
    outcome = run(processing_request(store, script), tmp_path, store, on_line=lines.append)
    assert (outcome.status, outcome.exit_code) == ("Completed", 0)
    assert store.read("s3://bucket/out/copy.csv") == b"a,b\n1,2\n"
    assert lines == ["read 8"]
    assert (tmp_path / "instance/log").read_text() == "read 8\n"


def test_a_failure_has_the_scripts_message_and_uploads_only_continuous_outputs(tmp_path, store):
    script = """
        import os, pathlib, sys
        pathlib.Path(os.environ["OUT"], "half.csv").write_text("half")
        pathlib.Path(os.environ["REJECTS"], "rejects.csv").write_text("row 3")
        pathlib.Path(sys.argv[4]).write_text("column tenure is missing")
        sys.exit(3)
    """
    outcome = run(processing_request(store, script), tmp_path, store)
    assert (outcome.status, outcome.exit_code, outcome.reason) == ("Failed", 3, "column tenure is missing")
    assert store.exists("s3://bucket/rejects/rejects.csv")
    assert not store.exists("s3://bucket/out/half.csv")


def test_a_failure_without_a_message_has_a_default_reason(tmp_path, store):
    outcome = run(processing_request(store, "import sys; sys.exit(9)"), tmp_path, store)
    assert outcome.reason == "exit code 9, and no reason was written"


def test_a_missing_input_fails_before_anything_starts(tmp_path, store):
    request = processing_request(store, "print('started')")
    request["ProcessingInputs"][1]["S3Input"]["S3Uri"] = "s3://bucket/nowhere"
    outcome = run(request, tmp_path, store)
    assert outcome.status == "Failed"
    assert "s3://bucket/nowhere" in outcome.reason
    assert not (tmp_path / "instance/log").exists()


def wait_until_gone(pid):
    end = time.monotonic() + 30
    while start_time(pid) is not None and time.monotonic() < end:
        time.sleep(0.02)
    return start_time(pid) is None


STUBBORN = """
    import os, pathlib, signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pathlib.Path(os.environ["OUT"], "child").write_text(str(child.pid))
    print("ready", flush=True)
    time.sleep(60)
"""


def test_stop_ends_the_job_and_all_processes_it_started(tmp_path, store):
    lines = []
    request = processing_request(store, STUBBORN)
    outcome = run(request, tmp_path, store, on_line=lines.append, stop=lambda: bool(lines), grace_seconds=0.2)
    assert (outcome.status, outcome.timed_out) == ("Stopped", False)
    child = int((tmp_path / "instance/opt/ml/processing/out/child").read_text())
    assert wait_until_gone(child)


def test_a_job_that_ends_leaves_no_process_behind(tmp_path, store):
    script = STUBBORN.replace("time.sleep(60)\n", "", 1).replace("    time.sleep(60)", "    sys.exit(0)")
    assert run(processing_request(store, script), tmp_path, store).status == "Completed"
    assert wait_until_gone(int(store.read("s3://bucket/out/child")))


def test_a_job_beyond_its_runtime_is_stopped_with_a_reason(tmp_path, store):
    request = processing_request(store, "import time; time.sleep(60)", StoppingCondition={"MaxRuntimeInSeconds": 1})
    outcome = run(request, tmp_path, store)
    assert outcome.timed_out
    assert "MaxRuntimeInSeconds" in outcome.reason


def test_jobs_see_no_credentials_of_the_caller(tmp_path, store, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    lines = []
    run(processing_request(store, "import os; print(sorted(os.environ))"), tmp_path, store, on_line=lines.append)
    assert "AWS_SECRET_ACCESS_KEY" not in lines[0]
    assert "OMP_WAIT_POLICY" in lines[0]
    assert "OUT" in lines[0]


def test_jobs_find_the_shared_libraries_that_the_server_s_python_needs(tmp_path, store, monkeypatch):
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/python/lib")
    request = processing_request(store, "import os; print(os.environ['LD_LIBRARY_PATH'])")
    lines = []
    assert run(request, tmp_path, store, lines.append).status == "Completed"
    assert lines == ["/opt/python/lib"]


def test_a_path_with_a_space_is_reached_through_an_alias_that_goes_away(tmp_path, store):
    script = "import pathlib, sys; print(pathlib.Path(sys.argv[2], 'rows.csv').read_text())"
    request = processing_request(store, script)
    instance = tmp_path / "my project"
    commands = []

    def prepare(job, folder):
        commands.append(runtimes.process(job, folder))
        return commands[0]

    outcome = runner.run_all(processing.instances(request), [instance], store, prepare=prepare)
    assert outcome.status == "Completed"
    assert not any(" " in argument for argument in commands[0].argv)
    assert commands[0].links is not None
    assert not commands[0].links.exists()


def test_a_python_in_a_path_with_a_space_is_reached_by_scripts_that_do_not_quote(tmp_path, store, monkeypatch):
    """As the SDK's sm_train.sh does not; the packages beside that Python are there, too."""
    (tmp_path / "my project").symlink_to(Path(sys.prefix), target_is_directory=True)
    place = tmp_path / "my project" / Path(sys.executable).relative_to(Path(sys.executable).parents[1])
    monkeypatch.setattr(sys, "executable", str(place))
    request = processing_request(store, "import boto3, sys; print(sys.argv[1])")
    script = "/opt/ml/processing/code/script.py"
    request["AppSpecification"] |= {
        "ContainerEntrypoint": ["/bin/sh", "-c", f"python=$(command -v python3); $python {script} it-ran"],
        "ContainerArguments": [],
    }
    lines = []
    run(request, tmp_path, store, on_line=lines.append)
    assert lines == ["it-ran"]


def channel(name):
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://bucket/{name}"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def training_request(**changes):
    return {
        "TrainingJobName": "train-1",
        "RoleArn": "arn:aws:iam::000000000000:role/any",
        "AlgorithmSpecification": {
            "TrainingImage": "image",
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/bash"],
            "ContainerArguments": ["-c", "bash /opt/ml/input/data/sm_drivers/go.sh"],
        },
        "InputDataConfig": [channel("sm_drivers"), channel("train")],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models/"},
        "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints", "LocalPath": "/opt/ml/checkpoints"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        "HyperParameters": {"rounds": "5"},
        **changes,
    }


DRIVER = """\
set -e
cp /opt/ml/input/config/hyperparameters.json /opt/ml/model/
cp /opt/ml/input/data/train/rows /opt/ml/model/rows
echo round-5 > /opt/ml/checkpoints/state
echo "$TRAINING_JOB_NAME"
exit ${1:-0}
"""


def train(store, tmp_path, folder, driver=DRIVER):
    store.write("s3://bucket/sm_drivers/go.sh", driver.encode())
    store.write("s3://bucket/train/rows", b"1,2")
    return runner.run_all(training.instances(training_request()), [tmp_path / folder], store)


def test_training_packs_its_model_and_keeps_its_checkpoints(tmp_path, store):
    outcome = train(store, tmp_path, "one")
    assert outcome.status == "Completed"
    packed = training.artifact(training_request())
    assert packed == "s3://bucket/models/train-1/output/model.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(store.read(packed))) as archive:
        assert archive.getnames() == ["hyperparameters.json", "rows"]
    assert store.read("s3://bucket/checkpoints/state") == b"round-5\n"


def test_paths_among_the_hyperparameters_are_mapped(tmp_path, store):
    """As the SDK's driver passes them on: they must not be this machine's own /opt/ml, which every job would share."""
    driver = """
    from json import load
    from pathlib import Path
    folder = Path(load(open("/opt/ml/input/config/hyperparameters.json"))["checkpoints"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "state").write_text("round-5")
    """
    store.write("s3://bucket/sm_drivers/go.py", textwrap.dedent(driver).encode())
    store.write("s3://bucket/train/rows", b"1,2")
    request = training_request(HyperParameters={"checkpoints": "/opt/ml/checkpoints", "data": "s3://b/opt/ml/x"})
    request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["python3", "/opt/ml/input/data/sm_drivers/go.py"]
    request["AlgorithmSpecification"]["ContainerArguments"] = []
    assert runner.run_all(training.instances(request), [tmp_path / "one"], store).status == "Completed"
    assert store.read("s3://bucket/checkpoints/state") == b"round-5"
    hyperparameters = json.loads((tmp_path / "one/opt/ml/input/config/hyperparameters.json").read_text())
    assert hyperparameters["data"] == "s3://b/opt/ml/x"
    assert re.fullmatch(r"/.+/opt/ml/checkpoints", hyperparameters["checkpoints"])


def test_the_same_model_folder_gives_the_same_archive(tmp_path, store):
    artifacts = []
    for folder in ("one", "two"):
        train(store, tmp_path, folder)
        artifacts.append(store.read(training.artifact(training_request())))
    assert artifacts[0] == artifacts[1]


def test_a_failed_training_leaves_checkpoints_and_no_model(tmp_path, store):
    driver = DRIVER.replace("exit ${1:-0}", "echo 'loss is not a number' > /opt/ml/output/failure; exit 1")
    outcome = train(store, tmp_path, "one", driver)
    assert outcome.reason == "loss is not a number"
    assert store.exists("s3://bucket/checkpoints/state")
    assert not store.exists(training.artifact(training_request()))


def test_a_restart_finds_the_checkpoints(tmp_path, store):
    store.write("s3://bucket/checkpoints/state", b"round-4")
    driver = "mkdir -p /opt/ml/model; cp /opt/ml/checkpoints/state /opt/ml/model/restored"
    train(store, tmp_path, "one", driver)
    assert (tmp_path / "one/opt/ml/model/restored").read_text() == "round-4"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ProcessingJobName": "no spaces please"}, "not a job name"),
        ({"AppSpecification": {"ImageUri": "image"}}, "names no ContainerEntrypoint"),
        ({"ProcessingResources": {"ClusterConfig": {"InstanceCount": 99}}}, "asks for 99 instances"),
        ({"ProcessingInputs": [{"InputName": "d", "DatasetDefinition": {}}]}, "input d has no S3Input"),
    ],
)
def test_what_cannot_run_here_is_refused(store, change, message):
    with pytest.raises(UnsupportedRequest, match=message):
        processing.instances(processing_request(store, "", **change))


def test_docker_mounts_the_instance_and_runs_the_requests_image(tmp_path, store):
    (job,) = processing.instances(processing_request(store, "", NetworkConfig={"EnableNetworkIsolation": True}))
    argv = runtimes.docker()(job, tmp_path).argv
    assert argv[:4] == ["docker", "run", "--rm", "--name"]
    assert argv[4].startswith("localcloud-job-algo-1-")
    assert f"{tmp_path.resolve()}/opt/ml:/opt/ml" in argv
    assert argv[argv.index("--network") + 1] == "none"
    assert argv[argv.index("--entrypoint") :][:4] == [
        "--entrypoint",
        "python3",
        "image",
        "/opt/ml/processing/code/script.py",
    ]
    assert "image-here" in runtimes.docker("image-here")(job, tmp_path).argv
