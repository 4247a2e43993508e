"""Journeys of the command against a server that speaks AWS: created, unchanged, updated, started, deleted."""

import shutil
import urllib.request
from functools import partial

import pytest

from aws import sessions
from pipelines import definition
from pipelines.run import main
from settings.environments import CONFIG
from settings.loader import load

pytestmark = pytest.mark.slow
BUCKET = "churn-local-000000000000-eu-west-1"
WRITES = ("Create", "Update", "Put", "Add", "Delete", "Start", "Stop")


@pytest.fixture
def server():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    urllib.request.urlopen(f"{url}/moto-api/reset", data=b"", timeout=10).close()  # noqa: S310 - servers share their state
    yield url
    server.stop()


@pytest.fixture
def journey(server, tmp_path, monkeypatch):
    """The command against the server; what it asks for is noted."""
    shutil.copytree(CONFIG, tmp_path / "config")
    local = tmp_path / "config" / "local.toml"
    lines = local.read_text().splitlines()
    local.write_text("\n".join(f'endpoint_url = "{server}"' if "endpoint_command" in line else line for line in lines))
    calls, make = [], sessions.client

    def client(settings, service):
        new_client = make(settings, service)
        new_client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
        return new_client

    monkeypatch.setattr(sessions, "client", client)

    def run(*arguments):
        calls.clear()
        return main(["--config", str(tmp_path / "config"), *arguments])

    run.calls = calls
    run.overlay = local
    run.client = lambda service: make(load("local", local.parent), service)
    return run


def create_bucket(journey):
    region = {"LocationConstraint": "eu-west-1"}
    journey.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=region)


def create_key(journey):
    """As the foundation does."""
    kms = journey.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/churn-local", TargetKeyId=key)
    return key


def writes(journey):
    return [call for call in journey.calls if call.startswith(WRITES)]


def test_a_journey(journey, small, capsys):
    create_key(journey)
    assert journey("--upsert") == 1
    assert f"the bucket {BUCKET} does not exist" in capsys.readouterr().err
    create_bucket(journey)
    assert journey("--plan") == 0
    assert "would create pipeline churn-local:" in capsys.readouterr().out
    assert journey("--upsert") == 0
    assert "created pipeline churn-local:\n  parameter Threshold added" in capsys.readouterr().out
    assert journey("--upsert") == 0
    assert capsys.readouterr().out == "pipeline churn-local is unchanged\n"
    assert writes(journey) == []

    journey.overlay.write_text(journey.overlay.read_text() + "\n[quality_gate]\nthreshold = 0.9\n")
    assert journey("--plan") == 0
    assert "would update" in capsys.readouterr().out
    assert journey("--upsert", "--start", "--parameters", "Threshold=0.85") == 0
    shown = capsys.readouterr().out
    assert "updated pipeline churn-local:\n  parameter Threshold: default: 0.8 -> 0.9" in shown
    assert "started churn-local, execution arn:aws" in shown
    assert "Threshold=0.85" in shown

    assert journey("--describe") == 0
    assert "Threshold  Float  0.9" in capsys.readouterr().out
    assert journey("--list") == 0
    assert "Succeeded" in capsys.readouterr().out
    assert journey("--delete", "--yes") == 0
    assert journey("--plan") == 0
    assert "would create pipeline churn-local" in capsys.readouterr().out


def test_no_server_responds(capsys, small, journey, server):
    journey.overlay.write_text(journey.overlay.read_text().replace(server, "http://127.0.0.1:9"))
    assert journey("--plan") == 1
    assert "start the local AWS there" in capsys.readouterr().err


def test_the_real_definition_is_created_once_and_updated_with_its_difference(journey, capsys, tmp_path, monkeypatch):
    """Imports the SDK: some seconds."""
    shutil.copytree(definition.SCRIPTS, tmp_path / "scripts")
    monkeypatch.setattr(definition, "compile", partial(definition.compile, scripts=tmp_path / "scripts"))
    create_bucket(journey)
    key = create_key(journey)
    assert journey("--upsert") == 0
    assert "step Train added (Training)" in capsys.readouterr().out
    body = journey.client("sagemaker").describe_pipeline(PipelineName="churn-local")["PipelineDefinition"]
    assert f'"VolumeKmsKeyId":"{key}"' in body
    assert journey("--upsert") == 0
    assert capsys.readouterr().out == "pipeline churn-local is unchanged\n"
    assert writes(journey) == []

    journey.overlay.write_text(journey.overlay.read_text() + "\n[training]\nmax_depth = 5\n")
    assert journey("--upsert") == 0
    assert "\n  step Train: Arguments.HyperParameters.max-depth: 6 -> 5\n" in capsys.readouterr().out

    journey.client("s3").put_object(Bucket=BUCKET, Key="churn/data/rows.csv", Body=b"a,b\n1,2\n")
    assert journey("--start", "--parameters", "Threshold=0.7") == 0
    shown = capsys.readouterr().out
    assert "DataVersion=" in shown
    assert "Threshold=0.7" in shown
