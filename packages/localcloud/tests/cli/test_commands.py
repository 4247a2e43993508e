"""The command as people use it: each test runs it, and checks what it leaves."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
import psutil
import pytest

from localcloud.cli import commands
from localcloud.cli.server_process import ServerOptions
from localcloud.core.errors import Problem
from localcloud.core.state_dir import Running, StateDir
from localcloud.runtime.process_registry import REGISTRY_VARIABLE, ProcessRegistry
from localcloud.runtime.processes import start_time

HERE = Path(__file__).parent
SLEEP = [sys.executable, "-c", "import time; time.sleep(120)"]


class Command:
    """``python -m localcloud`` with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state_dir = StateDir(folder)

    def __call__(self, *arguments: str, ok: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.argv(*arguments),
            cwd=HERE,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert not ok or done.returncode == 0, done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "localcloud", "--folder", str(self.folder), *arguments]

    def up(self, *arguments: str) -> str:
        return self("up", *arguments).stdout.splitlines()[-1]

    @property
    def pid(self) -> int:
        running = self.state_dir.running()
        assert running
        return running.pid

    def client(self, service: str) -> Any:
        running = self.state_dir.running()
        assert running
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        return boto3.client(service, endpoint_url=running.url, region_name=running.region, **keys)


@pytest.fixture
def localcloud(tmp_path: Path) -> Iterator[Command]:
    command = Command(tmp_path / "a checkout" / ".localcloud")
    yield command
    command("down")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A running server, for tests that do not stop it."""
    command = Command(tmp_path_factory.mktemp("shared") / ".localcloud")
    command.up("--speed", "50")
    yield command
    command("down")


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while start_time(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    return start_time(pid) is None


def test_up_twice_down_twice(localcloud: Command, shared: Command) -> None:
    assert localcloud("status", ok=False).returncode == 3
    of_the_shell = {"AWS_PROFILE": "none-such", "HTTPS_PROXY": "http://127.0.0.1:1", "AWS_ENDPOINT_URL": "http://x"}
    url = localcloud("up", **of_the_shell).stdout.splitlines()[-1]
    pid = localcloud.pid
    assert not _variables(pid) & set(of_the_shell)
    again = localcloud("up").stdout.splitlines()
    assert f"running already (pid {pid}" in again[0]
    assert again[-1] == url

    assert url != shared.up()  # two checkouts do not meet
    localcloud.client("sqs").create_queue(QueueName="mine")
    assert "QueueUrls" not in shared.client("sqs").list_queues()

    child = subprocess.Popen(SLEEP, start_new_session=True)
    ProcessRegistry(localcloud.state_dir.state / "processes").register(child.pid, "job-1")
    assert "  processes   job-1\n" in localcloud("status").stdout
    assert localcloud("down").stdout.startswith(f"localcloud is down (pid {pid})")
    assert child.wait(30) == -15
    assert start_time(pid) is None
    assert localcloud("down").stdout == "localcloud is not running\n"
    assert {path.name for path in localcloud.folder.iterdir()} == {".gitignore", "lock", "port", "server.log"}
    assert (localcloud.folder / ".gitignore").read_text() == "*\n"
    assert shared("status").returncode == 0


def _variables(pid: int) -> set[str]:
    return {variable.partition("=")[0] for variable in Path(f"/proc/{pid}/environ").read_text().split("\0")}


def test_a_port_is_taken_or_kept(localcloud: Command) -> None:
    with _own_port() as other:
        port = other.getsockname()[1]
        done = localcloud("up", "--port", str(port), ok=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: localcloud did not start: port {port} cannot be used (")
    assert localcloud("status", ok=False).returncode == 3
    localcloud.state_dir.folder.joinpath("port").write_text(f"{port}\n")
    assert localcloud.up() == f"http://127.0.0.1:{port}"
    localcloud("down")
    with socket.create_server(("127.0.0.1", port)):
        assert localcloud.up() != f"http://127.0.0.1:{port}"


def _own_port() -> socket.socket:
    """Below the ephemeral ports: no other process gets it as soon as it is free."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in range(first - 1 - os.getpid() % 10_000, 1024, -1):
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", port))
    return socket.create_server(("127.0.0.1", 0))


def test_several_ups_at_once_start_one(localcloud: Command) -> None:
    with ThreadPoolExecutor(3) as pool:
        urls = set(pool.map(lambda _: localcloud.up(), range(3)))
    assert len(urls) == 1
    assert start_time(localcloud.pid)


def test_after_a_kill_up_starts_clean_and_reports_it(localcloud: Command) -> None:
    localcloud.up()
    killed, processes = localcloud.pid, ProcessRegistry(localcloud.state_dir.state / "processes")
    recorded = subprocess.Popen(SLEEP, start_new_session=True)
    processes.register(recorded.pid, "job")
    marked = subprocess.Popen(SLEEP, start_new_session=True, env=os.environ | processes.environment)
    while (
        Path(f"/proc/{marked.pid}").exists()
        and REGISTRY_VARIABLE not in Path(f"/proc/{marked.pid}/environ").read_text()
    ):
        time.sleep(0.01)
    (localcloud.state_dir.state / "jobs").mkdir()
    os.kill(killed, signal.SIGKILL)
    assert gone(killed)
    assert localcloud("status", ok=False).returncode == 3
    lines = localcloud("up").stdout.splitlines()
    assert lines[0] == (
        f"the last localcloud (pid {killed}) ended without `down`: its state is gone, "
        "and 2 processes that it left were ended"
    )
    assert lines[-1].startswith("http://127.0.0.1:")
    assert (recorded.wait(30), marked.wait(30)) == (-15, -15)
    assert localcloud.pid != killed
    assert not (localcloud.state_dir.state / "jobs").exists()


def test_a_server_that_does_not_respond_is_killed(localcloud: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    localcloud.up()
    pid = localcloud.pid
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(commands, "END_SECONDS", 0.5)
    assert commands.down(localcloud.state_dir) == 0
    assert gone(pid)


def test_a_server_whose_folder_is_removed_ends(localcloud: Command) -> None:
    localcloud.up()
    pid = localcloud.pid
    deadline = time.monotonic() + 20
    while localcloud.folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(localcloud.folder, ignore_errors=True)  # the server may still be writing there
    assert gone(pid)


def test_in_the_foreground_it_prints_its_url_and_ends_with_ctrl_c(localcloud: Command) -> None:
    with subprocess.Popen(localcloud.argv("up", "--foreground"), cwd=HERE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url = server.stdout.readline().strip()
        assert httpx.get(f"{url}/_localcloud/status", timeout=30).status_code == 200
        assert localcloud.up() == url
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
    assert localcloud("status", ok=False).returncode == 3
    assert not localcloud.state_dir.state.exists()


def test_a_server_in_the_foreground_ends_with_its_command(localcloud: Command) -> None:
    """However that ends."""
    for number, code in ((signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)):
        with subprocess.Popen(
            localcloud.argv("up", "--foreground"), cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as command:
            assert command.stdout
            assert command.stdout.readline().startswith("http://127.0.0.1:")
            pid = localcloud.pid
            assert pid != command.pid
            command.send_signal(number)
            assert command.wait(30) == code
        assert gone(pid)


def test_up_on_a_full_disk_says_so(localcloud: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=900_000))
    with pytest.raises(Problem, match=r"is full \(0.9 MB free, 20 MB needed\): free some space and try again"):
        commands.up(localcloud.state_dir, ServerOptions())
    assert localcloud.state_dir.last() is None


def test_a_server_ends_with_the_process_that_it_was_started_for(localcloud: Command) -> None:
    with subprocess.Popen(SLEEP) as parent:
        localcloud.up("--parent", str(parent.pid))
        pid = localcloud.pid
        parent.kill()
    assert gone(pid)
    assert f"(pid {pid}) ended without `down`: its state is gone" in localcloud("up").stdout


def test_a_process_that_has_ended_already_is_refused_as_the_parent(localcloud: Command) -> None:
    with subprocess.Popen(["true"]) as parent:
        pass
    done = localcloud("up", "--parent", str(parent.pid), ok=False)
    assert done.returncode == 1
    assert f"no process {parent.pid} runs: correct --parent" in done.stderr
    assert localcloud.state_dir.last() is None


@pytest.mark.parametrize("ignored", [False, True], ids=["", "SIGINT is ignored"])
def test_sigterm_while_the_server_starts_leaves_nothing_of_it(localcloud: Command, ignored: bool) -> None:
    """A script that starts a command in the background lets it ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if ignored else signal.getsignal(signal.SIGINT)
    try:
        child = subprocess.Popen(localcloud.argv("up"), cwd=HERE)
    finally:
        signal.signal(signal.SIGINT, before)
    while not localcloud.state_dir.log.exists():
        time.sleep(0.005)
    child.terminate()
    assert child.wait(timeout=30) == 130
    processes = psutil.process_iter(["cmdline"])
    assert not [process for process in processes if str(localcloud.folder) in str(process.info["cmdline"])]
    assert localcloud.state_dir.last() is None


def test_a_running_server_is_not_changed_by_another_up(shared: Command) -> None:
    assert shared("up", "--speed", "50").returncode == 0
    for option, value in (("--speed", "2"), ("--port", "1")):
        done = shared("up", option, value, ok=False)
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: localcloud is running with {option} ")


def test_status_prints_what_a_person_needs(shared: Command) -> None:
    with pytest.raises(Exception, match="NotImplementedByLocalcloud"):
        shared.client("codedeploy").list_git_hub_account_token_names()
    text = shared("status").stdout
    assert text.startswith(f"localcloud is running: {shared.up()}\n")
    for line in (
        "50 times as fast",
        "000000000000 in eu-west-1",
        f"pid {shared.pid}",
        "failed inside",
        "ListGitHubAccountTokenNames",
    ):
        assert line in text


def seed_file(folder: Path, **content: Any) -> Path:
    file = folder / "seed.json"
    file.write_text(json.dumps({"version": 1, **content}))
    return file


def test_a_seed_defines_what_a_server_starts_with(localcloud: Command, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    item = {"key": "in/data.csv", "file": "data.csv"}
    content = {"account": "111122223333", "region": "us-east-1", "buckets": [{"name": "one", "objects": [item]}]}
    file = seed_file(tmp_path, **content)
    url = localcloud.up("--seed", str(file))
    s3 = localcloud.client("s3")
    assert s3.get_object(Bucket="one", Key="in/data.csv")["Body"].read() == b"a\n1\n"
    assert localcloud.client("sts").get_caller_identity()["Account"] == "111122223333"
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["one"]

    seed_file(tmp_path, roles=[{"arn": "arn:aws:iam::111122223333:role/jobs"}], **content)
    assert localcloud.up("--seed", str(file)) == url
    assert localcloud.client("iam").get_role(RoleName="jobs")
    assert localcloud("seed", str(file)).stdout == "all of it is there already: nothing was added\n"
    seed_file(tmp_path, buckets=[{"name": "two"}])
    assert localcloud("seed", str(file)).stdout == "added bucket two\n"

    localcloud("reset")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["two"]
    done = localcloud("up", "--account", "000000000000", ok=False)
    assert done.stderr.startswith("error: localcloud is running with --account 111122223333, not 000000000000; ")
    done = localcloud("up", "--seed", str(seed_file(tmp_path, region="eu-west-1")), ok=False)
    assert done.stderr.startswith(f"error: {file}: region is eu-west-1, and localcloud runs with us-east-1: ")


def test_with_a_seed_that_is_wrong_nothing_is_started(localcloud: Command, tmp_path: Path) -> None:
    file = seed_file(tmp_path, bukets=[])
    done = localcloud("up", "--seed", str(file), ok=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f'error: {file}: there is no field "bukets"; the fields are version, account, ')
    assert localcloud("status", ok=False).returncode == 3


def test_a_server_that_cannot_be_seeded_does_not_stay(
    localcloud: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = seed_file(tmp_path, buckets=[{"name": "one"}])
    pids: list[int] = []

    def refuse(running: Running, *_: Any, **__: Any) -> list[str]:
        pids.append(running.pid)
        raise Problem("the seed cannot be applied")

    monkeypatch.setattr(commands, "_post_seed", refuse)
    with pytest.raises(Problem, match="the seed cannot be applied"):
        commands.up(localcloud.state_dir, ServerOptions(), file)
    assert gone(pids[0])
    assert localcloud.state_dir.last() is None


def test_a_region_that_aws_does_not_have_is_refused(localcloud: Command) -> None:
    done = localcloud("up", "--region", "eu-west-9", ok=False)
    assert done.returncode == 1
    assert done.stderr == "error: localcloud did not start: eu-west-9 is not a region of AWS: correct --region\n"


def test_status_as_json_is_one_object_with_the_same_fields_always(shared: Command, tmp_path: Path) -> None:
    record = json.loads(shared("status", "--json").stdout)
    running = shared.state_dir.running()
    assert running
    assert (record["running"], record["url"], record["pid"]) == (True, running.url, running.pid)
    assert (record["account"], record["region"], record["speed"]) == ("000000000000", "eu-west-1", 50)
    assert (record["folder"], record["log"]) == (str(shared.folder.resolve()), str(shared.state_dir.log))
    assert (record["proxy"], record["certificate"]) == (running.proxy, running.certificate)

    inner = json.loads(Command(tmp_path / "inner")("status", "--json", LOCALCLOUD_URL=running.url).stdout)
    assert (inner["running"], inner["url"], inner["pid"]) == (True, running.url, running.pid)
    assert (inner["folder"], inner["proxy"]) == (record["folder"], record["proxy"])

    done = Command(tmp_path)("status", "--json", ok=False)
    none = json.loads(done.stdout)
    assert (done.returncode, none["running"], none["url"], none["pid"]) == (3, False, None, None)
    assert none["folder"] == str(tmp_path)
    assert none.keys() <= record.keys()


def test_the_state_folder_is_that_of_the_git_checkout_one_is_in(tmp_path: Path) -> None:
    """Wherever the code lies."""
    inside = tmp_path / "checkout" / "some" / "where"
    inside.mkdir(parents=True)

    def folder(start: Path) -> str:
        command = [sys.executable, "-m", "localcloud", "status", "--json"]
        done = subprocess.run(command, cwd=start, capture_output=True, text=True, timeout=60)
        return str(json.loads(done.stdout)["folder"])

    assert folder(inside) == str(inside / ".localcloud")
    (tmp_path / "checkout" / ".git").write_text("gitdir: elsewhere\n")  # as a worktree has it
    assert folder(inside) == str(tmp_path / "checkout" / ".localcloud")


def test_in_a_process_that_it_started_up_starts_nothing(shared: Command, tmp_path: Path) -> None:
    inner, url = Command(tmp_path / "inner"), shared.up()
    done = inner("up", LOCALCLOUD_URL=url)
    assert done.stdout.splitlines()[-1] == url
    text = inner("status", LOCALCLOUD_URL=url).stdout
    assert text.startswith(f"localcloud is running, and started this process: {url}\n")
    for command in ("down", "reset", "env", "logs"):
        done = inner(command, ok=False, LOCALCLOUD_URL=url)
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: this process was started by the localcloud at {url} (LOCALCLOUD_URL): ")
    assert not inner.folder.exists()
    assert shared("status").returncode == 0


def test_a_missing_parent_server_is_reported(tmp_path: Path) -> None:
    done = Command(tmp_path)("up", ok=False, LOCALCLOUD_URL="http://127.0.0.1:1")
    assert done.returncode == 1
    assert "does not respond" in done.stderr
    assert "unset LOCALCLOUD_URL" in done.stderr


def test_a_childs_variables_name_the_server_and_a_shells_do_not(shared: Command, cloud: Any) -> None:
    assert cloud.environment()["LOCALCLOUD_URL"] == cloud.url
    text = shared("env").stdout
    assert "AWS_ENDPOINT_URL" in text
    assert "LOCALCLOUD_URL" not in text


@pytest.mark.parametrize("script", ["exit 1", "exit 127"])
def test_without_an_engine_up_says_so(
    localcloud: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    _put_docker_on_the_path(tmp_path, monkeypatch, script)
    done = localcloud("up", "--docker", ok=False)
    assert done.returncode == 1
    assert done.stderr == "error: --docker needs a Docker engine, and none answers: start one, or leave --docker out\n"
    assert localcloud("status", ok=False).returncode == 3


def _put_docker_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    file = tmp_path / "bin/docker"
    file.parent.mkdir()
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{file.parent}{os.pathsep}{os.environ['PATH']}")


def test_docker_runs_jobs_in_containers(localcloud: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put_docker_on_the_path(tmp_path, monkeypatch, "exit 0")
    localcloud.up("--docker", "some-image")
    variables = Path(f"/proc/{localcloud.pid}/environ").read_text().split("\0")
    assert "LOCALCLOUD_DOCKER=some-image" in variables
    assert localcloud("up").returncode == 0
    done = localcloud("up", "--docker", ok=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: localcloud is running with --docker some-image, not with --docker; ")


def test_logs_can_be_read_and_followed(shared: Command) -> None:
    sqs = shared.client("sqs")
    queue = sqs.create_queue(QueueName="first")["QueueUrl"]
    assert "sqs.CreateQueue 200" in shared("logs").stdout
    command = shared.argv("logs", "--follow")
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout
        limit = threading.Timer(60, following.kill)
        limit.start()
        assert any("sqs.CreateQueue" in line for line in following.stdout)
        sqs.delete_queue(QueueUrl=queue)
        assert any("sqs.DeleteQueue" in line for line in following.stdout)
        following.send_signal(signal.SIGINT)
        assert following.wait(30) == 130
        limit.cancel()


@pytest.mark.parametrize("quote", ['"', ""])
def test_env_makes_a_shell_use_it(shared: Command, quote: str) -> None:
    asks = 'import boto3; print(boto3.client("sts").get_caller_identity()["Account"])'
    script = f"eval {quote}$({shlex.join(shared.argv('env'))}){quote} && unset AWS_ENDPOINT_URL && "
    script += shlex.join([sys.executable, "-c", asks])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=HERE,
        env=os.environ | dict.fromkeys(("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"), "none-such"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "000000000000\n", done.stderr


@pytest.mark.parametrize("command", ["reset", "env", "logs"])
def test_commands_that_need_a_server_say_how_to_start_it(tmp_path: Path, command: str) -> None:
    done = Command(tmp_path / "none")(command, ok=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.endswith("start it with: python -m localcloud up\n")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        *([], ["fly"], ["seed"], ["up", "--account", "12"], ["up", "--region", "west"]),
        *(["up", "--port", "0"], ["up", "--port", "x"], ["up", "--speed", "0"], ["up", "--speed", "nan"]),
    ],
    ids=" ".join,
)
def test_bad_arguments_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    done = Command(tmp_path)(*arguments, ok=False)
    assert done.returncode == 2
    assert "error: " in done.stderr


def test_help_is_quick(tmp_path: Path) -> None:
    code = (
        "import sys, localcloud.cli.main; print('boto3' in sys.modules, 'moto' in sys.modules, 'psutil' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, timeout=30)
    assert done.stdout == "False False False\n"


def test_the_state_can_be_read_by_others(shared: Command) -> None:
    record = json.loads((shared.folder / "server.json").read_text())
    assert record["url"] == shared.up()
    assert record["pid"] == shared.pid


def test_an_unreadable_state_is_that_of_a_crashed_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state_dir = StateDir(tmp_path)
    (tmp_path / "server.json").write_text("{")
    (tmp_path / "port").write_text("many")
    assert (state_dir.port, state_dir.running()) == (0, None)
    assert commands.down(state_dir) == 0
    assert "ended without `down`" in capsys.readouterr().out
    assert state_dir.last() is None


def test_a_copied_checkout_has_no_server(shared: Command, tmp_path: Path) -> None:
    shutil.copytree(shared.folder, tmp_path / "copy")
    copy = Command(tmp_path / "copy")
    assert copy("status", ok=False).returncode == 3
    copy("down")
    assert shared("status").returncode == 0


def test_a_folder_of_somebody_elses_is_not_ignored(tmp_path: Path) -> None:
    Command(tmp_path)("down")
    assert not (tmp_path / ".gitignore").exists()


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for command in ("up", "down"):
        done = Command(tmp_path / "file")(command, ok=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"error: nothing can be written to {tmp_path / 'file'} (")
        assert done.stderr.count("\n") == 1


def test_one_command_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.core.state_dir.LOCK_SECONDS", 0.2)
    state_dir = StateDir(tmp_path)
    with state_dir.locked(), pytest.raises(Problem, match="another localcloud command holds"), state_dir.locked():
        pass
    with state_dir.locked():
        pass
