"""A stage for releases: a localcloud whose minute lasts a third of a second, tiny models, and the command.

Roles are enforced: a release runs under the role of its build, a model under the stage's hosting role, as on AWS.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import threading
import time
from collections import Counter
from contextlib import contextmanager

import pytest

from localcloud.testing import start_cloud
from settings.environments import CONFIG
from tests import roles
from tests.story.permissions import record

SPEED = 200
SAMPLE = "churn/runs/samples/sample.csv"
BUCKET, GROUP, ENDPOINT = "churn-local-000000000000-eu-west-1", "churn", "churn-local"
IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"
BY_HAND = {
    "--abort",
    "--status",
    "--watch",
    "--rollback",
    "--delete",
    "--accept",
}  # by a person, with permissions of their own
HANDLER = """
import json, os, time
ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
count = 0
class Labelled:
    def __init__(self, status, document):
        self.status, self.document = status, document
    def __call__(self, environ, start_response):
        global count
        count += 1
        package, headers = os.environ["MODEL_PACKAGE"], [("Content-Type", "application/json")]
        if environ.get("HTTP_" + ATTRIBUTES.upper().replace("-", "_")) == "identify":
            headers.append((ATTRIBUTES, f"package={{package}};request={{count}}"))
        start_response(self.status, headers)
        return [json.dumps(self.document | ({{}} if self.status == "200 OK" else {{"package": package}})).encode()]
def model_fn(folder):
    {load}
    return None
def transform_fn(model, body, content_type, accept):
    answer = {{"label": "yes", "probabilities": {{"no": 0.25, "yes": 0.75}}}}
    try:
        {work}
    except ValueError as error:
        return Labelled("500 Internal Server Error", {{"error": str(error)}})
    return Labelled("200 OK", {{"predictions": [answer for _ in body.split()]}})
"""
MODELS = {
    "good": {},
    "failing": {"work": "raise ValueError('the model is broken')"},
    "slow": {"work": "time.sleep(0.4)"},
    "cold": {"work": "time.sleep(0 if count else 0.4)"},
    "crashing": {"load": "raise SystemExit('no such library')"},
}
SMALL = {
    "aws": {"account_id": '"000000000000"', "access_key_id": '"local"', "secret_access_key": '"local"'},
    "serving": {"data_capture_percent": "0"},
    "rollout": {
        "strategy": '"canary"',
        "canary_percent": "50",
        "wait_seconds": "180",
        "termination_wait_seconds": "60",
        "timeout_seconds": "3600",
        "bake_requests_per_second": "1",  # two hundred in a real second
    },
    "judgement": {  # few requests decide, and never whether two processes of a busy machine are alike
        "latency_factor": "10.0",
        "error_points": "10.0",
        "alpha": "0.01",
        "severe_latency_factor": "1000.0",
        "severe_error_points": "70.0",
        "unjudged_minutes": "60",
    },
    "alarms": {
        "latency_ms": "5000",  # a good model is slow now and then on a busy machine
        "latency_statistic": '"p50"',
        "traffic_floor": "4",
        "datapoints": "1",
        "evaluation_periods": "1",
    },
    "delivery": {"staging": '"local"', "production": '"prod+local"'},
}


class Stage:
    def __init__(self, cloud, folder):
        self.cloud, self.folder, self.packages, self.bodies = cloud, folder, 0, {}
        self.s3, self.sagemaker = cloud.client("s3"), cloud.client("sagemaker")
        self.configure()
        roles.create(cloud, folder)
        self.release, self.plan = (roles.of_build(cloud, f"churn-local-{name}") for name in ("staging", "plan"))
        self.caller = self.release
        self.sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
        rows = "age,plan\n" + "".join(f"{number},basic\n" for number in range(20))
        self.put(SAMPLE, rows.encode())

    def configure(self, **sections):
        """``rollout={"strategy": '"linear"'}``: the small settings with these over them; None leaves one out."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        shutil.copy(CONFIG / "base.toml", self.folder)
        lines = []
        for section, values in SMALL.items():
            endpoint = {"endpoint_url": f'"{self.cloud.url}"'} if section == "aws" else {}
            kept = (values | endpoint | sections.get(section, {})).items()
            lines += [f"[{section}]", *(f"{key} = {value}" for key, value in kept if value is not None)]
        (self.folder / "local.toml").write_text("\n".join(lines) + "\n")
        (self.folder / "prod.toml").write_text("")

    def put(self, key, body):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def package(self, kind="good", archive=None, sample=SAMPLE, approved="Approved", image=IMAGE, answers=None):
        """Registers one as the pipeline does; each is a package and an artifact of its own."""
        self.packages += 1
        body = archive if archive is not None else pack(**MODELS[kind])
        run = f"churn/runs/{self.packages}"
        url = self.put(f"{run}/model.tar.gz", body)
        evaluation = self.put(f"{run}/evaluation.json", json.dumps({"model": self.packages}).encode())
        properties = {"git_commit": f"c0ffee{self.packages}", "problem": "binary"}
        if answers:
            properties["sample_answers"] = self.put(f"{run}/sample_answers.json", json.dumps(answers).encode())
        properties["model_sha256"] = hashlib.sha256(body).hexdigest()
        response = self.sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus=approved,
            InferenceSpecification={
                "Containers": [{"Image": image, "ModelDataUrl": url}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            ModelMetrics={"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": evaluation}}},
            CustomerMetadataProperties=properties | ({"sample_requests": f"s3://{BUCKET}/{sample}"} if sample else {}),
        )
        return response["ModelPackageArn"]

    def command(self, *words, env="local"):
        """In this process: the exit code."""
        from release.command import main

        by_hand = BY_HAND.intersection(words) and self.cloud.credentials.administrator
        self.caller = by_hand or (self.plan if "--plan" in words else self.release)
        return main(["--env", env, "--config", str(self.folder), *words])

    def deploy(self, package, *words, env="local"):
        return self.command("--package", package, *words, env=env)

    def wait_for_metrics(self):
        """Until those of all requests so far have arrived, which takes up to two minutes of the clock."""
        arrived = self.cloud.clock.seconds() + 120
        while self.cloud.clock.seconds() < arrived:
            time.sleep(0.05)

    def live(self):
        return self.sagemaker.describe_endpoint(EndpointName=ENDPOINT)

    def live_package(self):
        config = self.sagemaker.describe_endpoint_config(EndpointConfigName=self.live()["EndpointConfigName"])
        model = self.sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
        return model["Containers"][0]["ModelPackageName"]

    def document(self, name):
        body = self.s3.get_object(Bucket=BUCKET, Key=f"churn/releases/{ENDPOINT}/{name}")["Body"].read()
        return json.loads(body)

    def good(self):
        return [entry["package"] for entry in self.document("last-good.json")["releases"] if not entry["withdrawn"]]

    def verdicts(self):
        prefix = f"churn/releases/{ENDPOINT}/verdicts/"
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [json.loads(self.body(item["Key"], item["ETag"])) for item in listed]

    def body(self, key, etag):
        """Read once: there are many, and few change."""
        if (key, etag) not in self.bodies:
            self.bodies[key, etag] = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return self.bodies[key, etag]

    def configs(self):
        return [each["EndpointConfigName"] for each in self.sagemaker.list_endpoint_configs()["EndpointConfigs"]]

    @contextmanager
    def clients(self, per_second=60, threads=4):
        """Clients that use the endpoint meanwhile; their outcomes are counted by kind."""
        counts, stopped = Counter(), threading.Event()
        runtime = self.cloud.client("sagemaker-runtime")

        def send():
            while not stopped.wait(threads / per_second):
                counts["sent"] += 1
                counts[outcome_of(runtime)] += 1

        running = [threading.Thread(target=send) for _ in range(threads)]
        for thread in running:
            thread.start()
        try:
            yield counts
        finally:
            stopped.set()
            for thread in running:
                thread.join()


def outcome_of(runtime):
    from botocore.exceptions import ClientError

    try:
        runtime.invoke_endpoint(EndpointName=ENDPOINT, ContentType="text/csv", Body=b"1,basic\n")["Body"].read()
    except ClientError as error:
        return "failed" if error.response["Error"]["Code"] == "ModelError" else "refused"
    except Exception:  # noqa: BLE001 - no response, for whatever reason
        return "lost"
    return "answered"


def pack(load="pass", work="pass"):
    return pack_code(HANDLER.format(load=load, work=work))


def pack_code(text):
    sink, code = io.BytesIO(), text.encode()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(code)
        archive.addfile(member, io.BytesIO(code))
    return sink.getvalue()


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def wait_until():
    return until


@contextmanager
def start_stage(folder, story):
    from aws import sessions
    from release import context

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PIPELINE_ENV", raising=False)
        patch.setattr(context, "TIMING", context.Timing(0.03, 0.15, 0.02, 0.1, 0.5))  # to match the clock
        with start_cloud(folder, SPEED, enforced=True) as cloud:
            stage = Stage(cloud, folder / "config")
            # without boto3's own retries, so that those of the command are tested; and created once, which is quicker
            patch.setattr(sessions, "client", lambda _, service: cloud.client_as(stage.caller, service))
            yield stage
            assert not [denial.record() for denial in cloud.access.denials]
            record(cloud, story)


@pytest.fixture
def stage(tmp_path, request):
    with start_stage(tmp_path, request.module.__name__) as stage:
        yield stage


@pytest.fixture(scope="module")
def long_stage(tmp_path_factory, request):
    """One for all tests of a file, which follow one another."""
    with start_stage(tmp_path_factory.mktemp("stage"), request.module.__name__) as stage:
        yield stage
