"""Journeys of the command against localcloud: created, unchanged, updated, started by a build; deleted by a person."""

import shutil
from functools import partial

import pytest

from aws import sessions
from pipelines import definition
from pipelines.run import main
from settings.environments import CONFIG
from tests import roles
from tests.story.permissions import record

pytestmark = pytest.mark.slow
BUCKET = "churn-local-000000000000-eu-west-1"
BY_BUILDS = {"--upsert", "--start"}
WRITES = ("Create", "Update", "Put", "Add", "Delete", "Start", "Stop")


@pytest.fixture
def journey(live_cloud, tmp_path, monkeypatch, request):
    """The command against the cloud; what it calls is noted. Once the stacks exist, a build upserts and starts."""
    shutil.copytree(CONFIG, tmp_path / "config")
    local = tmp_path / "config" / "local.toml"
    url = f'endpoint_url = "{live_cloud.url}"'
    local.write_text("\n".join(url if "endpoint_command" in line else line for line in local.read_text().splitlines()))
    calls, make = [], sessions.client

    def client(settings, service):
        new_client = make(settings, service)
        new_client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
        return new_client

    monkeypatch.setattr(sessions, "client", client)

    def run(*arguments):
        calls.clear()
        with monkeypatch.context() as patch:
            for name, value in run.of_build.items() if BY_BUILDS.intersection(arguments) else ():
                patch.setenv(name, value)
            return main(["--config", str(tmp_path / "config"), *arguments])

    def create_stacks():
        roles.create(live_cloud, local.parent)
        token = live_cloud.process_keys.open(roles.of_build(live_cloud, "churn-local-upsert"))
        run.of_build = live_cloud.process_environment(token)

    run.calls, run.overlay, run.client, run.of_build = calls, local, live_cloud.client, {}
    run.create_stacks = create_stacks
    sessions._session_of.cache_clear()  # it keeps the keys of another test's build
    yield run
    record(live_cloud, __name__)
    assert not list(live_cloud.access.denials)
    record(live_cloud, request.module.__name__)


def writes(journey):
    return [call for call in journey.calls if call.startswith(WRITES)]


def test_a_journey(journey, small, capsys):
    assert journey("--upsert") == 1
    assert f"the bucket {BUCKET} does not exist" in capsys.readouterr().err
    journey.create_stacks()
    assert journey("--plan") == 0
    assert "would create pipeline churn-local:" in capsys.readouterr().out
    assert journey("--upsert") == 0
    assert capsys.readouterr().out.endswith("created pipeline churn-local with Train\n")
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

    assert journey("--wait") == 0
    assert journey("--describe") == 0
    assert "Threshold  Float  0.9" in capsys.readouterr().out
    assert journey("--list") == 0
    assert "Succeeded" in capsys.readouterr().out
    assert journey("--delete", "--yes") == 0
    assert journey("--plan") == 0
    assert "would create pipeline churn-local" in capsys.readouterr().out


def test_no_server_responds(capsys, small, journey, live_cloud):
    journey.overlay.write_text(journey.overlay.read_text().replace(live_cloud.url, "http://127.0.0.1:9"))
    assert journey("--plan") == 1
    assert "start the local AWS there" in capsys.readouterr().err


def test_the_real_definition_is_created_once_and_updated_with_its_difference(journey, capsys, tmp_path, monkeypatch):
    """Imports the SDK: some seconds."""
    shutil.copytree(definition.SCRIPTS, tmp_path / "scripts")
    monkeypatch.setattr(definition, "compile", partial(definition.compile, scripts=tmp_path / "scripts"))
    journey.create_stacks()
    key = journey.client("kms").describe_key(KeyId="alias/churn-local")["KeyMetadata"]["Arn"]
    assert journey("--upsert") == 0
    created = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("created pipeline churn-"))
    assert all(name in created for name in ("Preprocess", "Train", "QualityGate", "Register"))
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
