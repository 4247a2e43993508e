"""``make up``, for real: the account contains what the settings need, also after they changed, and after a reset."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.testing import client_of, denials_of
from settings.environments import CONFIG

ROOT = Path(__file__).resolve().parents[2]
DEPTH = re.compile(r"max_depth = \d+")


def run(*words):
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(tmp_path, example):
    """Of a localcloud that ends with the test; ``config`` beside it are its settings."""
    shutil.copytree(CONFIG, tmp_path / "config")
    shutil.copytree(example, tmp_path / "cloud" / "example")
    yield tmp_path / "cloud"
    assert denials_of(tmp_path / "cloud") == []
    assert run("localcloud", "--folder", tmp_path / "cloud", "down").returncode == 0


def up(folder):
    done = run("rehearsal.up", "--folder", folder, "--config", folder.parent / "config")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("http://127.0.0.1:")
    assert "Traceback" not in done.stderr
    return done


def buckets(folder):
    return [bucket["Name"].split("-")[0] for bucket in client_of(folder, "s3").list_buckets()["Buckets"]]


def test_another_up_adds_what_the_settings_need_by_now(folder):
    """Also when they could not be read before."""
    file = folder.parent / "config/base.toml"
    base = file.read_text()
    assert DEPTH.search(base)
    for settings, warning, there in (
        (DEPTH.sub("max_depth = 'six'", base), "warning: the bucket, the role or the example data", []),
        (DEPTH.sub("max_depth = 0", base), "warning: the bucket, the role or the example data", []),
        (base, "", ["churn"]),
        (base.replace('name = "churn"', 'name = "tenant"'), "", ["churn", "tenant"]),
    ):
        file.write_text(settings)
        errors = up(folder).stderr
        assert errors.startswith(warning) and ("warning" in errors) == bool(warning)
        assert buckets(folder) == there


def test_after_a_reset_the_account_contains_that_and_nothing_else(folder):
    up(folder)
    s3 = client_of(folder, "s3")
    (bucket,) = s3.list_buckets()["Buckets"]
    s3.put_object(Bucket=bucket["Name"], Key="mine", Body=b"x")
    client_of(folder, "sqs").create_queue(QueueName="mine")
    assert run("localcloud", "--folder", folder, "reset").returncode == 0
    assert "QueueUrls" not in client_of(folder, "sqs").list_queues()
    listed = s3.list_objects_v2(Bucket=bucket["Name"])["Contents"]
    assert [entry["Key"] for entry in listed] == ["churn/data/churn.csv"]
