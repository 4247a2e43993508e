"""Transform jobs: a model's own handler over every object of a prefix, each answer in ``<output>/<object>.out``.

Not reproduced: more than one instance (the job runs on one), RecordIO and TFRecord, data capture, containers in a
row, images that do not follow SageMaker's inference toolkit (the model's archive brings its handler,
``code/inference.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.core.service import operation
from localcloud.runtime.jobs import batches
from localcloud.runtime.jobs.association import Association, BadRequest, association
from localcloud.runtime.jobs.job import Job, Outcome, Refused
from localcloud.runtime.jobs.model_server import CannotServe, invoke, served, unpack
from localcloud.runtime.jobs.progress import Watch
from localcloud.runtime.store import Store, Unavailable
from localcloud.services.sagemaker.endpoints.models import Models
from localcloud.services.sagemaker.jobs.input_checks import check_there
from localcloud.services.sagemaker.jobs.job_part import JobPart
from localcloud.services.sagemaker.jobs.records import SEE_LOGS, JobRecord

Request = dict[str, Any]
MEGABYTE = 1 << 20
DEFAULT_MEGABYTES, MOST_MEGABYTES = 6, 100


@dataclass(eq=False)
class TransformRecord(JobRecord):
    kind: ClassVar[str] = "Transform"
    event: ClassVar[str] = "SageMaker Transform Job State Change"

    def description(self) -> Request:
        told = super().description()
        del told["LastModifiedTime"]  # only its summary has one
        return told

    def detail(self, tags: Any) -> Request:
        """Times are text in this one."""
        times = {name: value for name, value in self.description().items() if isinstance(value, datetime)}
        told = {name: value.strftime("%Y-%m-%dT%H:%M:%SZ") for name, value in times.items()}
        return {**super().detail(tags), **told}


class _Ended(Exception):
    """Somebody wants it to end."""


class TransformJobs(JobPart, Models):
    @operation("CreateTransformJob")
    def create_transform_job(self, request: Request) -> Request:
        arn = self.check_new_job("Transform", request["TransformJobName"])
        model = self.find_model(request["ModelName"])
        parts = self.model_parts(model)
        try:
            _check(request, parts)
        except Refused as refused:
            raise Refusal(NOT_IMPLEMENTED, str(refused)) from None
        source = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        check_there(self.cloud, source, model.request["ExecutionRoleArn"])
        now = self.cloud.clock.now()
        record = TransformRecord(request, arn, now, now)
        return self.start_job(record, 1, lambda: self._transform(record, parts[0]))

    @operation("DescribeTransformJob")
    def describe_transform_job(self, request: Request) -> Request:
        return self.find_job("Transform", request["TransformJobName"]).description()

    @operation("ListTransformJobs")
    def list_transform_jobs(self, request: Request) -> Request:
        return self.list_jobs("Transform", request, default_order="Descending")

    @operation("StopTransformJob")
    def stop_transform_job(self, request: Request) -> None:
        self.stop_job("Transform", request["TransformJobName"])

    def _transform(self, record: JobRecord, part: Request) -> Outcome:
        started, watch, store = monotonic(), self.job_watch(record), self.job_store()
        try:
            with self.job_folders(record, 1) as [folder]:
                model, out = folder / "opt/ml/model", folder / "opt/ml/output"
                self._fetch_model(store, part["ModelDataUrl"], folder, model)
                self._serve(record, part, watch, store, model, out)
                if out.is_dir() and not _ending(watch):
                    store.upload(out, record.request["TransformOutput"]["S3OutputPath"])
        except _Ended:
            return Outcome("Stopped", None, seconds=monotonic() - started)
        except (Unavailable, CannotServe, batches.BadInput, _Answered) as problem:
            if _ending(watch):
                return Outcome("Stopped", None, seconds=monotonic() - started)
            watch.line("algo-1", str(problem))
            who = "ClientError" if isinstance(problem, Unavailable | batches.BadInput) else "AlgorithmError"
            said = str(problem) if isinstance(problem, Unavailable) else SEE_LOGS
            return Outcome("Failed", None, f"{who}: {said}", monotonic() - started)
        return Outcome("Stopped" if _ending(watch) else "Completed", 0, seconds=monotonic() - started)

    def _fetch_model(self, store: Store, uri: str, folder: Path, model: Path) -> None:
        model.mkdir(parents=True)
        store.fetch(uri, folder / "model.tar.gz")
        unpack(folder / "model.tar.gz", model)
        (folder / "model.tar.gz").unlink()

    def _serve(self, record: JobRecord, part: Request, watch: Watch, store: Store, model: Path, out: Path) -> None:
        request = record.request
        limit = _megabytes(request) * MEGABYTE
        variables = {
            **self.cloud.environment(),
            **self.cloud.processes.environment,
            **part.get("Environment", {}),
            **request.get("Environment", {}),
            "MAX_PAYLOAD_BYTES": str(limit),
        }
        job = Job(record.name, "transform", part["Image"], (), "", 0)
        threads = request.get("MaxConcurrentTransforms") or 1
        with (
            served(
                model,
                variables,
                lambda text: watch.line("algo-1", text),
                lambda pid: watch.recorded(job, pid, ""),
                lambda: _ending(watch),
                threads,
                self.cloud.images.find(job.image),
            ) as url,
            ThreadPoolExecutor(threads) as pool,
        ):
            associated = association(request)
            for place, content in _objects(request, store):
                bodies = batches.cut(content, **_cutting(request), limit=limit)
                answers = list(pool.map(lambda body: _answer(url, body, request, watch, associated), bodies))
                file = out / f"{place}.out"
                file.parent.mkdir(parents=True, exist_ok=True)
                by_line = request["TransformOutput"].get("AssembleWith") == "Line"
                file.write_bytes(batches.assembled(answers, by_line=by_line))


class _Answered(Exception):
    """What the model answered instead of a prediction."""


def _answer(url: str, body: bytes, request: Request, watch: Watch, associated: Association | None) -> bytes:
    """What is kept of the model's answer to what is sent of a body."""
    if not associated:
        return _ask(url, body, request, watch)
    return associated.kept(body, _ask(url, associated.sent(body), request, watch))


def _ask(url: str, body: bytes, request: Request, watch: Watch) -> bytes:
    client = request.get("ModelClientConfig", {})
    kind = request["TransformInput"].get("ContentType", "")
    accept = request["TransformOutput"].get("Accept", "")
    status, answer = 0, b""
    for _ in range(1 + client.get("InvocationsMaxRetries", 0)):
        if _ending(watch):
            raise _Ended
        try:
            status, answer = invoke(url, body, kind, accept, client.get("InvocationsTimeoutInSeconds", 600))
        except OSError as error:
            status, answer = 0, str(error).encode()
        if status == 200:
            return answer
    if _ending(watch):
        raise _Ended
    said = answer.decode(errors="replace").strip()
    raise _Answered(f"Bad HTTP status received from algorithm: {status}. {said}")


def _objects(request: Request, store: Store) -> Iterator[tuple[str, bytes]]:
    source = request["TransformInput"]
    data = source["DataSource"]["S3DataSource"]
    for uri, place in store.file_names(data["S3Uri"], manifest=data["S3DataType"] == "ManifestFile"):
        yield place, batches.unpacked(store.read(uri), source.get("CompressionType", "None"))


def _cutting(request: Request) -> dict[str, bool]:
    by_line = request["TransformInput"].get("SplitType", "None") == "Line"
    return {"by_line": by_line, "single": request.get("BatchStrategy") == "SingleRecord"}


def _ending(watch: Watch) -> bool:
    return watch.stop() or watch.abandoned()


def _megabytes(request: Request) -> int:
    return request.get("MaxPayloadInMB") or DEFAULT_MEGABYTES


def _check(request: Request, parts: list[Request]) -> None:
    source = request["TransformInput"]
    batches.check(
        source.get("SplitType", "None"),
        source.get("CompressionType", "None"),
        request.get("BatchStrategy", "MultiRecord"),
    )
    if _megabytes(request) * (request.get("MaxConcurrentTransforms") or 1) > MOST_MEGABYTES:
        sentence = f"MaxConcurrentTransforms * MaxPayloadInMB must not exceed {MOST_MEGABYTES} MB."
        raise Refusal("ValidationException", sentence)
    try:
        association(request)
    except BadRequest as problem:
        raise Refusal("ValidationException", str(problem)) from None
    if len(parts) != 1 or "ModelDataUrl" not in parts[0]:
        raise Refused(f"the model {request['ModelName']} is not one container with a ModelDataUrl")
