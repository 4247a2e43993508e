"""The work of a transform job: a model's own handler over every object of a prefix; the predictions of an object go to
``<output>/<object>.out``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from localcloud.runtime.jobs import batches
from localcloud.runtime.jobs.association import Association, association
from localcloud.runtime.jobs.hooks import JobHooks
from localcloud.runtime.jobs.job import Job, Outcome
from localcloud.runtime.jobs.model_container import Launcher, Machine
from localcloud.runtime.jobs.model_server import ModelServerError, invoke, serve, unpack
from localcloud.runtime.jobs.transform_parameters import TransformParameters, execution_parameters
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable
from localcloud.services.sagemaker.image_registry import denied_pull, image_problem, pulled_image
from localcloud.services.sagemaker.jobs.records import SEE_LOGS, JobRecord
from localcloud.services.sagemaker.jobs.runner import CANNOT_PULL, JobRunner

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
HOST = "algo-1"


class Stopped(Exception):
    """The job was stopped or abandoned."""


class BadResponse(Exception):
    """The model did not respond with a prediction."""


class Transform:
    def __init__(self, cloud: Cloud, runner: JobRunner, record: JobRecord, container: Request) -> None:
        self.cloud, self._runner, self._record, self._container = cloud, runner, record, container
        self._request = record.request

    def run(self) -> Outcome:
        return self._runner.on_disk(self._record, self._transform)

    def _transform(self) -> Outcome:
        if denied_pull(self.cloud, self._record.session, self._container["Image"]):
            return Outcome("Failed", None, CANNOT_PULL)
        started, hooks, store = monotonic(), self._runner.hooks(self._record), self._runner.store(self._record)
        try:
            with self._runner.folders(self._record, 1) as [folder]:
                self._run(folder, store, hooks)
        except Stopped:
            return Outcome("Stopped", None, seconds=monotonic() - started)
        except (Unavailable, ModelServerError, batches.InvalidInput, BadResponse) as problem:
            if _stopping(hooks):
                return Outcome("Stopped", None, seconds=monotonic() - started)
            hooks.on_line(HOST, str(problem))
            return Outcome("Failed", None, _failure_reason(problem), monotonic() - started)
        return Outcome("Stopped" if _stopping(hooks) else "Completed", 0, seconds=monotonic() - started)

    def _run(self, folder: Path, store: S3Store, hooks: JobHooks) -> None:
        model, out = folder / "opt/ml/model", folder / "opt/ml/output"
        _fetch_model(store, self._container["ModelDataUrl"], folder, model)
        client = _Client(self._request, hooks)
        workers = TransformParameters.of(self._request, {}).concurrent
        with (
            self._runner.client_variables(self._record) as variables,
            self._server(model, variables, hooks, workers) as url,
        ):
            parameters = TransformParameters.of(self._request, execution_parameters(url))
            parameters.check()
            with ThreadPoolExecutor(parameters.concurrent) as pool:
                for path, content in _objects(self._request, store):
                    bodies = self._bodies(content, parameters)
                    responses = list(pool.map(lambda body: client.predict(url, body), bodies))
                    self._write(out / f"{path}.out", responses)
        if out.is_dir() and not _stopping(hooks):
            store.upload(out, self._request["TransformOutput"]["S3OutputPath"])

    def _bodies(self, content: bytes, parameters: TransformParameters) -> Iterator[bytes]:
        by_line = self._request["TransformInput"].get("SplitType", "None") == "Line"
        return batches.split(content, by_line=by_line, single=parameters.single, limit=parameters.bytes)

    def _write(self, file: Path, responses: list[bytes]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        by_line = self._request["TransformOutput"].get("AssembleWith") == "Line"
        file.write_bytes(batches.assemble(responses, by_line=by_line))

    def _server(
        self, model: Path, clients: Mapping[str, str], hooks: JobHooks, threads: int
    ) -> AbstractContextManager[str]:
        job = Job(self._record.name, "transform", self._container["Image"], (), "", 0)
        owner = self.cloud.processes.environment
        launcher = self._launcher(job.image)
        if launcher.container_image:
            clients = self.cloud.container_environment(self._record.session)
        if launcher.notice:
            hooks.on_line(HOST, launcher.notice)
        variables = {
            **self._container.get("Environment", {}),
            **self._request.get("Environment", {}),
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_BATCH_STRATEGY": self._request.get("BatchStrategy", "MultiRecord"),
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(TransformParameters.of(self._request, {}).megabytes),
        }
        return serve(
            lambda: launcher.start(model, variables, clients, owner, lambda text: hooks.on_line(HOST, text), threads),
            lambda pid, container: hooks.register(job, pid, container),
            lambda: _stopping(hooks),
        )

    def _launcher(self, image: str) -> Launcher:
        if problem := image_problem(self.cloud, image):
            raise ModelServerError(problem)
        instance_type = self._request["TransformResources"]["InstanceType"]
        isolated = self._container.get("EnableNetworkIsolation", False)
        machine = Machine(instance_type, isolated, self.cloud.model_networks)
        launcher = Launcher.select(os.environ, image, self.cloud.images, machine)
        return launcher.prepared(lambda uri: pulled_image(self.cloud, uri))


class _Client:
    """Sends records to the model, again after a failure as often as the request says."""

    def __init__(self, request: Request, hooks: JobHooks) -> None:
        config = request.get("ModelClientConfig", {})
        self._attempts = 1 + config.get("InvocationsMaxRetries", 0)
        self._seconds = config.get("InvocationsTimeoutInSeconds", 600)
        self._content_type = request["TransformInput"].get("ContentType", "")
        self._accept = request["TransformOutput"].get("Accept", "")
        self._hooks = hooks
        self._association: Association | None = association(request)

    def predict(self, url: str, body: bytes) -> bytes:
        """What the output gets for a body of the input."""
        if not self._association:
            return self._send(url, body)
        return self._association.output(body, self._send(url, self._association.model_input(body)))

    def _send(self, url: str, body: bytes) -> bytes:
        status, response = 0, b""
        for _ in range(self._attempts):
            self._check_stopped()
            try:
                status, response = invoke(url, body, self._content_type, self._accept, self._seconds)
            except OSError as error:
                status, response = 0, str(error).encode()
            if status == 200:
                return response
        self._check_stopped()
        text = response.decode(errors="replace").strip()
        raise BadResponse(f"Bad HTTP status received from algorithm: {status}. {text}")

    def _check_stopped(self) -> None:
        if _stopping(self._hooks):
            raise Stopped


def _fetch_model(store: S3Store, uri: str, folder: Path, model: Path) -> None:
    model.mkdir(parents=True)
    store.fetch(uri, folder / "model.tar.gz")
    unpack(folder / "model.tar.gz", model)
    (folder / "model.tar.gz").unlink()


def _objects(request: Request, store: S3Store) -> Iterator[tuple[str, bytes]]:
    source = request["TransformInput"]
    data = source["DataSource"]["S3DataSource"]
    for uri, path in store.file_names(data["S3Uri"], manifest=data["S3DataType"] == "ManifestFile"):
        yield path, batches.decompress(store.read(uri), source.get("CompressionType", "None"))


def _stopping(hooks: JobHooks) -> bool:
    return hooks.stop_requested() or hooks.abandon_requested()


def _failure_reason(problem: Exception) -> str:
    origin = "ClientError" if isinstance(problem, Unavailable | batches.InvalidInput) else "AlgorithmError"
    return f"{origin}: {problem if isinstance(problem, Unavailable) else SEE_LOGS}"
