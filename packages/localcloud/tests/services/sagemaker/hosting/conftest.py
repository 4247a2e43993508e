"""A cloud with fleets of tiny models and, in place of the endpoints' API, routes that the test sets."""

from __future__ import annotations

import io
import tarfile
import threading
import time

import pytest

HANDLER = """
import os, sys, time

class Refused(Exception):
    status_code, message = 400, "the row has no tenure"

def model_fn(folder):
    print(f"model in {folder}, {os.environ.get('COLOUR', 'no colour')}", flush=True)
    if os.environ.get("AT_START") == "crash":
        raise ValueError("no model.json")
    if os.environ.get("AT_START") == "hang":
        time.sleep(60)
    while os.environ.get("AT_START") == "wait" and os.path.exists(os.environ["GATE"]):
        time.sleep(0.01)
    return os.environ.get("COLOUR", "blue")

def input_fn(body, content_type):
    return body if isinstance(body, str) else body.decode()

def predict_fn(data, model):
    what, _, rest = data.partition(" ")
    if what == "sleep":
        time.sleep(float(rest))
    while what == "wait" and os.path.exists(rest):
        time.sleep(0.01)
    if what == "die":
        os._exit(1)
    if what == "fail":
        raise ValueError("broken tree")
    if what == "refuse":
        raise Refused
    if what == "environment":
        return os.environ.get(rest, "")
    return model

def output_fn(prediction, accept):
    return prediction, accept
"""
SECONDS = 60.0


def archive(handler=HANDLER):
    out, code = io.BytesIO(), handler.encode()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(code)
        packed.addfile(member, io.BytesIO(code))
    return out.getvalue()


class Word:
    """What ``done`` was told."""

    def __init__(self):
        self.told, self._event = [], threading.Event()

    def __call__(self, why):
        self.told.append(why)
        self._event.set()

    def wait(self):
        assert self._event.wait(SECONDS), "nothing was told"
        return self.told[0]


class World:
    def __init__(self, cloud, client):
        self.cloud, self.client = cloud, client
        self.s3, self.runtime = client("s3"), client("sagemaker-runtime")
        self.routes, self.told = {}, []
        cloud.metrics.subscribe(self.told.append)
        cloud.services["sagemaker"].endpoint_routes = self.routes.get
        self.s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=archive())

    def fleet(
        self, config="config-1", variant="AllTraffic", uri="s3://bucket/model.tar.gz", capture=None, **environment
    ):
        from localcloud.services.sagemaker.hosting.data_capture import Capture
        from localcloud.services.sagemaker.hosting.fleet import Fleet

        return Fleet(
            self.cloud,
            endpoint="churn",
            variant={"VariantName": variant},
            config_name=config,
            container={"Image": "image", "ModelDataUrl": uri, "Environment": environment},
            role_arn="role",
            capture=Capture.of(self.cloud, capture, "churn", variant),
        )

    def until(self, true):
        end = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.01)

    def failed(self, **more):
        """Why a fleet of one did not start."""
        word = Word()
        self.fleet(**more).start(1, word)
        return word.wait()

    def in_background(self, function, *arguments):
        """A thread whose ``result`` is there once it is joined."""
        thread = threading.Thread(target=lambda: setattr(thread, "result", function(*arguments)), daemon=True)
        thread.start()
        return thread

    def gate(self):
        """A file: a request with "wait", or a start with AT_START, waits for as long as it is there."""
        file = self.cloud.folder / "closed"
        file.touch()
        return file

    def busy(self, fleet, gate, count=1):
        """So many requests that their instances work at until the gate is opened."""
        waiting = [self.in_background(self.ask, fleet, f"wait {gate}") for _ in range(count)]
        self.until(lambda: sum(keeper.serving.busy for keeper in fleet._keepers if keeper.serving) == count)
        return waiting

    def started(self, count=1, **more):
        fleet, word = self.fleet(**more), Word()
        fleet.start(count, word)
        assert word.wait() == ""
        return fleet

    def route(self, *shares):
        from localcloud.services.sagemaker.hosting.routing import Routes

        self.routes.setdefault("churn", Routes()).set(shares)

    def ask(self, fleet, body="row"):
        from localcloud.services.sagemaker.hosting.invocation import Invocation

        return fleet.invoke(Invocation(body.encode(), "text/csv", "text/csv"))

    def invoke(self, body="row", **more):
        return self.runtime.invoke_endpoint(
            **{"EndpointName": "churn", "Body": body, "ContentType": "text/csv", "Accept": "text/csv", **more}
        )

    def metric(self, name, **dimensions):
        """Every value told since the start."""
        wanted = {"EndpointName": "churn", "VariantName": "AllTraffic", **dimensions}
        told = [datum for datum in self.told if datum.name == name and datum.dimensions == wanted]
        assert {datum.namespace for datum in told} <= {"AWS/SageMaker"}
        return [datum.value for datum in told]

    def log(self):
        self.cloud.logs.flush()
        logs = self.client("logs")
        found = logs.filter_log_events(logGroupName="/aws/sagemaker/Endpoints/churn")["events"]
        return [(event["logStreamName"], event["message"]) for event in found]

    word = Word

    def processes(self):
        return [process for process in self.cloud.processes.all() if process.alive]


@pytest.fixture
def services():
    from localcloud.core.service import Service
    from localcloud.services.sagemaker_runtime.service import SageMakerRuntime

    class SageMaker(Service):
        name = "sagemaker"

    return [SageMaker, SageMakerRuntime]


@pytest.fixture
def world(cloud, aws):
    return World(cloud, aws)
