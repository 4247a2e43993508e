"""A cloud with fleets of tiny models, and routes that the test sets instead of endpoints."""

from __future__ import annotations

import io
import tarfile
import threading
import time

import pytest

HANDLER = """
import os, sys, time

def bad_row(environ, start_response):
    start_response("400 BAD REQUEST", [("Content-Type", "application/json")])
    return [b'{"error": "the row has no tenure"}']

def attributed(length):
    def application(environ, start_response):
        seen = environ.get("HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES", "nothing")
        value = seen + "!" * (int(length) - len(seen))
        start_response("200 OK", [("Content-Type", "text/csv"), ("X-Amzn-SageMaker-Custom-Attributes", value)])
        return [b"1"]
    return application

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
        return bad_row
    if what == "attributes":
        return attributed(rest)
    if what == "environment":
        return os.environ.get(rest, "")
    return model

def output_fn(prediction, accept):
    return prediction if callable(prediction) else (prediction, accept)
"""
SECONDS = 60.0
ROLE = "arn:aws:iam::000000000000:role/churn-dev"


def archive(handler=HANDLER):
    out, code = io.BytesIO(), handler.encode()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(code)
        packed.addfile(member, io.BytesIO(code))
    return out.getvalue()


class Done:
    """A callback for started instances: it keeps what it is called with."""

    def __init__(self):
        self.calls, self._event = [], threading.Event()

    def __call__(self, failure):
        self.calls.append(failure)
        self._event.set()

    def wait(self):
        assert self._event.wait(SECONDS), "it was not called"
        return self.calls[0]


class Hosting:
    def __init__(self, cloud, client):
        self.cloud, self.client = cloud, client
        self.s3, self.runtime = client("s3"), client("sagemaker-runtime")
        self.routes, self.data = {}, []
        cloud.metrics.subscribe(self.data.append)
        cloud.services["sagemaker-runtime"].routes_of = self.routes.get
        self.s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=archive())

    def fleet(
        self,
        config="config-1",
        variant="AllTraffic",
        uri="s3://bucket/model.tar.gz",
        capture=None,
        image="image",
        serverless=None,
        **environment,
    ):
        """``serverless``: a ServerlessConfig, without the memory."""
        from localcloud.services.sagemaker.hosting.data_capture import DataCapture
        from localcloud.services.sagemaker.hosting.serverless_fleet import new_fleet

        kind = {"ServerlessConfig": {"MemorySizeInMB": 1024, **serverless}} if serverless else {}
        return new_fleet(
            self.cloud,
            self.cloud.services["sagemaker"].fleets,
            endpoint="churn",
            variant={"VariantName": variant, **kind},
            config_name=config,
            container={"Image": image, "ModelDataUrl": uri, "Environment": environment},
            session=self.session,
            capture=DataCapture.from_config(self.cloud, self.session, capture, "churn", variant),
        )

    @property
    def session(self):
        from localcloud.services.sagemaker.hosting.model_session import ModelSession

        return ModelSession(self.cloud, ROLE)

    def until(self, true):
        end = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.01)

    def failed(self, **more):
        """The reason why a fleet of one did not start."""
        done = Done()
        self.fleet(**more).start(1, done)
        return done.wait()

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
        """``count`` requests that keep their instances busy until the gate is opened."""
        waiting = [self.in_background(self.send, fleet, f"wait {gate}") for _ in range(count)]
        self.until(lambda: sum(each.serving.busy for each in fleet.supervisors if each.serving) == count)
        return waiting

    def started(self, count=1, **more):
        fleet, done = self.fleet(**more), Done()
        fleet.start(count, done)
        assert done.wait() == ""
        return fleet

    def route(self, *shares):
        from localcloud.services.sagemaker.hosting.routing import Routes

        self.routes.setdefault("churn", Routes()).set(shares)

    def send(self, fleet, body="row"):
        from localcloud.services.sagemaker.hosting.invocation import Invocation

        return fleet.invoke(Invocation(body.encode(), "text/csv", "text/csv"))

    def invoke(self, body="row", **more):
        return self.runtime.invoke_endpoint(
            **{"EndpointName": "churn", "Body": body, "ContentType": "text/csv", "Accept": "text/csv", **more}
        )

    def metric(self, name, **dimensions):
        """Every value since the start."""
        expected = {"EndpointName": "churn", "VariantName": "AllTraffic", **dimensions}
        data = [datum for datum in self.data if datum.name == name and datum.dimensions == expected]
        assert {datum.namespace for datum in data} <= {"AWS/SageMaker"}
        return [datum.value for datum in data]

    def log(self):
        self.cloud.logs.flush()
        logs = self.client("logs")
        found = logs.filter_log_events(logGroupName="/aws/sagemaker/Endpoints/churn")["events"]
        return [(event["logStreamName"], event["message"]) for event in found]

    done = Done

    def processes(self):
        return [process for process in self.cloud.processes.all() if process.alive]


@pytest.fixture
def services():
    from localcloud.services.sagemaker.service import SageMaker
    from localcloud.services.sagemaker_runtime.service import SageMakerRuntime

    return [SageMaker, SageMakerRuntime]


@pytest.fixture
def hosting(cloud, aws):
    return Hosting(cloud, aws)
