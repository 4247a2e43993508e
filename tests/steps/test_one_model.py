"""``make model`` when something is wrong: what a person sees."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from localcloud.testing import denials_of
from settings.environments import CONFIG

ROOT = Path(__file__).resolve().parents[2]
LOCALCLOUD = [sys.executable, "-m", "localcloud"]
NOT_RUNNING = 3  # the exit code of `localcloud status`


def command(folder, *words):
    where = ["--folder", str(folder), "--config", str(CONFIG)]
    return [sys.executable, "-m", "rehearsal.one_model", *where, *words]


def one_model(folder, *words):
    return subprocess.run(command(folder, *words), capture_output=True, text=True, cwd=ROOT, timeout=120)


@pytest.fixture
def one_model_here(running, run_one_model):
    """The command in this process, where the SDK is imported once, on the localcloud that ran before."""
    return lambda *words: run_one_model("--folder", running, "--config", CONFIG, *words)


@pytest.fixture(scope="module")
def running(tmp_path_factory, example):
    """A localcloud that ran before, so that the command does not stop it."""
    folder = tmp_path_factory.mktemp("running")
    shutil.copytree(example, folder / "example")
    up = [sys.executable, "-m", "rehearsal.up", "--folder", str(folder), "--config", str(CONFIG)]
    subprocess.run(up, cwd=ROOT, check=True)
    yield folder
    assert denials_of(folder) == []
    assert localcloud(folder, "down").returncode == 0


def localcloud(folder, *words):
    return subprocess.run([*LOCALCLOUD, "--folder", str(folder), *words], cwd=ROOT)


def test_a_model_below_the_gate_is_not_registered_and_its_metrics_are_printed(tmp_path, example):
    shutil.copytree(example, tmp_path / "example")
    done = one_model(tmp_path, "--rows", "3000", "--parameters", "Threshold=0.99")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "step QualityGateFailed failed: quality gate not passed: auc is 0." in done.stdout
    assert "at least 0.99 is needed" in done.stdout
    assert "it learns from 15 of 16 columns, without:\n  customer_id          it is a key of the split" in done.stdout
    assert "quality gate NOT passed: auc is 0." in done.stdout
    assert "Does not pass the quality gate: auc is 0." in (tmp_path / "demo/report.html").read_text()
    assert "registered" not in done.stdout
    assert "make data" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "<svg" in (tmp_path / "demo/report.html").read_text()
    assert "it is a key of the split" in (tmp_path / "demo/features.json").read_text()
    assert "localcloud is down" in done.stdout
    assert localcloud(tmp_path, "status").returncode == NOT_RUNNING


def test_data_without_the_target_fails_with_the_sentence_of_preprocess(one_model_here, tmp_path):
    (tmp_path / "rows.csv").write_text("customer_id,age,churn\n1,30,yes\n2,40,no\n")
    done = one_model_here("--data", str(tmp_path / "rows.csv"))
    assert done.returncode == 1
    failure = done.stdout[done.stdout.index("step Preprocess failed: ") :]
    assert "churned" in failure
    assert 'did you mean "churn"?' in failure
    assert "`make data` with the same DATA lists all" in done.stdout
    assert "quality gate" not in done.stdout  # no result of an earlier run is shown as this one's
    assert "localcloud is down" not in done.stdout


def test_rows_that_failed_the_run_can_be_inspected(one_model_here, running, tmp_path):
    labels = ["" if n % 20 == 0 else "yes" if n % 3 else "no" for n in range(400)]
    rows = ["customer_id,age,churned", *(f"{n},{n % 71},{label}" for n, label in enumerate(labels))]
    (tmp_path / "rows.csv").write_text("\n".join(rows))
    done = one_model_here("--data", str(tmp_path / "rows.csv"))
    assert done.returncode == 1
    assert "20 of 400" in done.stdout
    assert len((running / "demo/rejects.csv").read_text().splitlines()) == 21
    assert f"rejects: {running / 'demo/rejects.csv'}" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--data", "nowhere"], "--data nowhere does not exist"),
        (["--config", "nowhere"], "nowhere"),
        (["--rows", "0"], "rows"),
    ],
)
def test_a_request_that_cannot_be_run_is_refused_before_anything_starts(tmp_path, words, message):
    done = one_model(tmp_path, *words)
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_unknown_parameter_is_refused(one_model_here):
    done = one_model_here("--parameters", "Treshold=0.5")
    assert done.returncode == 2
    assert "did you mean Threshold?" in done.stderr


def processes_of(folder):
    running = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]
    return [words for words in running if str(folder) in str(words)]


def start(words, *, sigint_ignored=False, **options):
    """A script that starts a command in the background (``make model &``) lets it ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if sigint_ignored else signal.getsignal(signal.SIGINT)
    try:
        return subprocess.Popen(words, text=True, cwd=ROOT, **options)
    finally:
        signal.signal(signal.SIGINT, before)


ENDS = [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGTERM, True)]


@pytest.mark.parametrize("demo", [False, True], ids=["model", "demo"])
@pytest.mark.parametrize(("number", "sigint_ignored"), ENDS)
def test_ctrl_c_while_localcloud_starts_leaves_nothing_of_it(tmp_path, example, number, sigint_ignored, demo):
    shutil.copytree(example, tmp_path / "example")
    words = [sys.executable, "-m", "rehearsal", "--folder", str(tmp_path)] if demo else command(tmp_path)
    with start(words, sigint_ignored=sigint_ignored, stderr=subprocess.PIPE) as child:
        while not (tmp_path / "server.log").exists():
            time.sleep(0.01)
        child.send_signal(number)
        errors = child.stderr.read()
        assert child.wait(timeout=60) == 130, errors
    assert errors == "\nstopped\n"
    assert processes_of(tmp_path) == []
    assert localcloud(tmp_path, "status").returncode == NOT_RUNNING


@pytest.mark.parametrize(("number", "sigint_ignored"), ENDS)
def test_ctrl_c_ends_the_jobs_too(tmp_path, example, number, sigint_ignored):
    shutil.copytree(example, tmp_path / "example")
    words, ignored = command(tmp_path), sigint_ignored
    with start(words, sigint_ignored=ignored, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        for line in child.stdout:
            if "Preprocess: Executing" in line:
                break
        wait_until(lambda: "preprocess.py" in str(processes_of(tmp_path)))
        child.send_signal(number)
        rest = child.stdout.read()
        assert child.wait(timeout=60) == 130, rest
    assert "localcloud is down" in rest
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(
    "words", [["rehearsal"], ["rehearsal.one_model", "--config", str(CONFIG)]], ids=["demo", "model"]
)
def test_a_killed_command_leaves_no_server_and_the_next_start_reports_it(tmp_path, example, words):
    shutil.copytree(example, tmp_path / "example")
    with start([sys.executable, "-m", *words, "--folder", str(tmp_path)], stdout=subprocess.DEVNULL) as child:
        while not (tmp_path / "server.json").exists():
            time.sleep(0.01)
        child.kill()
    wait_until(lambda: not processes_of(tmp_path))
    done = subprocess.run([*LOCALCLOUD, "--folder", str(tmp_path), "up"], capture_output=True, text=True, cwd=ROOT)
    assert localcloud(tmp_path, "down").returncode == 0
    assert "ended without `down`: its state is gone" in done.stdout


def wait_until(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.05)
