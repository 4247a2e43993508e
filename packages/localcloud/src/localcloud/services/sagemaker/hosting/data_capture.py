"""Data capture: a share of a variant's requests and responses, as SageMaker's own JSON lines in S3.

Buffered in memory and written every minute of the clock and when the fleet ends, so that it delays no response. What
cannot be written (no such bucket, the model's role may not) is dropped with a warning. Only successful invocations are
captured. Not reproduced: KmsKeyId.
"""

from __future__ import annotations

import base64
import json
import logging
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from threading import Lock
from typing import TYPE_CHECKING, Any

from localcloud.runtime.jobs.model_server import ModelServerError
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable
from localcloud.services.sagemaker.hosting.invocation import Invocation, InvocationResult
from localcloud.services.sagemaker.hosting.model_session import ModelSession

if TYPE_CHECKING:
    from localcloud.core.clock import Timer
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
FLUSH_SECONDS, BUFFER_LIMIT = 60.0, 1000
Record = tuple[datetime, str]


class DataCapture:
    def __init__(
        self, cloud: Cloud, session: ModelSession, config: Mapping[str, Any], endpoint: str, variant: str
    ) -> None:
        self.cloud, self._session = cloud, session
        self._prefix = f"{config['DestinationS3Uri'].rstrip('/')}/{endpoint}/{variant}"
        self._percent = int(config["InitialSamplingPercentage"])
        self._modes = "".join(option["CaptureMode"] for option in config["CaptureOptions"])
        kinds = config.get("CaptureContentTypeHeader", {})
        self._csv, self._json = kinds.get("CsvContentTypes", ()), kinds.get("JsonContentTypes", ())
        self._records: list[Record] = []
        self._timer: Timer | None = None
        self._seen, self._lock, self._writing = 0, Lock(), Lock()

    @classmethod
    def from_config(
        cls, cloud: Cloud, session: ModelSession, config: Mapping[str, Any] | None, endpoint: str, variant: str
    ) -> DataCapture | None:
        """By an endpoint config's DataCaptureConfig; None when it captures nothing. One per fleet."""
        enabled = config and config.get("EnableCapture", False) and config["InitialSamplingPercentage"]
        return cls(cloud, session, config, endpoint, variant) if config and enabled else None

    def record(self, request: Invocation, result: InvocationResult) -> None:
        if result.status >= 400 or not self._is_sampled():
            return
        now = self.cloud.clock.now()
        record = (now, self._line(request, result, now))
        with self._lock:
            self._records.append(record)
            full = len(self._records) == BUFFER_LIMIT
            if not self._timer:
                self._timer = self.cloud.clock.after(FLUSH_SECONDS, self._due)
        if full:
            self.cloud.work(self.flush)

    def flush(self) -> None:
        """Writes one object for each hour that has records."""
        with self._writing:
            with self._lock:
                records, self._records = self._records, []
            for _, hour in groupby(records, key=lambda record: record[0].replace(minute=0, second=0, microsecond=0)):
                self._write(list(hour))

    def close(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
        if timer:
            timer.cancel()
        self.flush()

    def discard(self) -> None:
        with self._lock:
            self._records.clear()

    def _due(self) -> None:
        with self._lock:
            self._timer = None
        self.cloud.work(self.flush)

    def _is_sampled(self) -> bool:
        """Evenly: the percentage of every 100 requests in a row."""
        with self._lock:
            self._seen += 1
            return self._seen * self._percent // 100 > (self._seen - 1) * self._percent // 100

    def _line(self, request: Invocation, result: InvocationResult, now: datetime) -> str:
        data = {}
        if "Input" in self._modes:
            data["endpointInput"] = self._part("INPUT", request.content_type, request.body)
        if "Output" in self._modes:
            data["endpointOutput"] = self._part("OUTPUT", result.content_type, result.body)
        event: dict[str, Any] = {"eventId": str(uuid.uuid4())}
        if request.custom_attributes:
            event["customAttributes"] = [request.custom_attributes]
        if request.inference_id:
            event["inferenceId"] = request.inference_id
        event["inferenceTime"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        return json.dumps({"captureData": data, "eventMetadata": event, "eventVersion": "0"}, separators=(",", ":"))

    def _part(self, mode: str, kind: str, body: bytes) -> dict[str, str]:
        plain = kind.partition(";")[0].strip().lower()
        encoding = "CSV" if plain in self._csv else "JSON" if plain in self._json else "BASE64"
        try:
            data = base64.b64encode(body).decode() if encoding == "BASE64" else body.decode()
        except UnicodeDecodeError:
            data, encoding = base64.b64encode(body).decode(), "BASE64"
        return {"observedContentType": kind, "mode": mode, "data": data, "encoding": encoding}

    def _write(self, records: Iterable[Record]) -> None:
        (first, _), lines = next(iter(records)), [line for _, line in records]
        milliseconds = first.microsecond // 1000
        uri = f"{self._prefix}/{first:%Y/%m/%d/%H/%M-%S}-{milliseconds:03d}-{uuid.uuid4()}.jsonl"
        try:
            store = S3Store(self.cloud.client_as(self._session.principal, "s3"))
            store.write(uri, "".join(f"{line}\n" for line in lines).encode())
        except (Unavailable, OSError, ModelServerError) as problem:
            log.warning("%d captured requests are dropped: %s", len(lines), problem)
