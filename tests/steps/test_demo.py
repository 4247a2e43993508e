"""What a person sees of ``make demo`` when things are not as they should be."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from localcloud import demo

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def below_the_gate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate")
    command = [sys.executable, "-m", "localcloud.demo", "--folder", str(folder), "--rows", "3000"]
    done = subprocess.run([*command, "--parameters", "Threshold=0.99"], capture_output=True, text=True, cwd=ROOT)
    return folder, done


def test_a_model_below_the_gate_is_not_registered_and_the_numbers_are_said(below_the_gate):
    folder, done = below_the_gate
    assert done.returncode == 1
    assert "QualityGateFailed failed" in done.stdout
    (evaluation,) = folder.glob("s3/*/churn/runs/*/evaluate/evaluation/evaluation.json")
    value = json.loads(evaluation.read_text()).get("gate", {}).get("value")
    assert str(value) in done.stdout
    assert "0.99" in done.stdout
    assert not (folder / "registry").exists()
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch):
    monkeypatch.chdir(ROOT)


def told(capsys, *words):
    code = demo.main([*words])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_data_without_the_target_fails_with_the_sentence_of_preprocess(tmp_path, capsys):
    (tmp_path / "rows.csv").write_text("customer_id,age,churn\n1,30,yes\n2,40,no\n")
    code, said = told(capsys, "--folder", str(tmp_path / "cloud"), "--data", str(tmp_path / "rows.csv"))
    assert code == 1
    assert "Preprocess failed: " in said
    assert "churned" in said
    assert "churn" in said


def test_rows_that_made_the_run_fail_can_be_looked_at(tmp_path, capsys):
    labels = ["" if n % 20 == 0 else "yes" if n % 3 else "no" for n in range(400)]
    rows = ["customer_id,age,churned", *(f"{n},{n % 71},{label}" for n, label in enumerate(labels))]
    (tmp_path / "rows.csv").write_text("\n".join(rows))
    code, said = told(capsys, "--folder", str(tmp_path / "cloud"), "--data", str(tmp_path / "rows.csv"))
    assert code == 1
    assert "20 of 400" in said
    (rejects,) = (tmp_path / "cloud").glob("s3/*/churn/runs/*/preprocess/rejects/rejects.csv")
    assert len(rejects.read_text().splitlines()) == 21


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--data", "nowhere"], "--data nowhere does not exist"),
        (["--parameters", "Treshold=0.5"], "did you mean Threshold?"),
        (["--env", "production"], "there is no"),
        (["--env", "dev"], "aws.account_id"),
        (["--rows", "0"], "rows"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(tmp_path, capsys, words, says):
    code, said = told(capsys, "--folder", str(tmp_path / "cloud"), *words)
    assert code in (1, 2)
    assert says in said
    assert "Traceback" not in said


def test_ctrl_c_ends_the_jobs_too(tmp_path):
    command = [sys.executable, "-m", "localcloud.demo", "--folder", str(tmp_path), "--rows", "400000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as child:
        for line in child.stdout:
            if "Preprocess: Executing" in line:
                break
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read()
        assert child.wait(timeout=60) == 130, rest
    assert "stopped" in rest
    running = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]
    assert not [words for words in running if str(tmp_path) in str(words)]
