"""DataProcessing of a transform job: which part of a record the model gets, and which part of record and prediction is
the output.

Records are the rows of CSV, the lines of JSON lines, or one JSON document. A response has one for each record.
"""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from localcloud.runtime.jobs.batches import InvalidInput
from localcloud.runtime.jobs.json_paths import InvalidPath, NoMatch, Path, parse

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
EVERYTHING = ("", "$")


class InvalidRequest(ValueError):
    """DataProcessing that AWS refuses."""


class Format(ABC):
    """The text format of records."""

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole  # one record that is not split into lines

    def texts(self, content: bytes) -> list[str]:
        try:
            lines = [content] if self.whole else [line for line in content.splitlines() if line.strip()]
            return [line.decode() for line in lines]
        except UnicodeDecodeError as error:
            raise InvalidInput(f"a record is not UTF-8: {error}") from None

    @abstractmethod
    def read(self, text: str) -> Any: ...
    @abstractmethod
    def write(self, record: Any) -> str: ...
    @abstractmethod
    def join(self, record: Any, prediction: Any) -> Any: ...


class CsvFormat(Format):
    def read(self, text: str) -> Any:
        try:
            return next(csv.reader([text], strict=True), [])
        except csv.Error as error:
            raise InvalidInput(f"{text[:80]!r} is not a row of CSV: {error}") from None

    def write(self, record: Any) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(record if isinstance(record, list) else [record])
        return out.getvalue()

    def join(self, record: Any, prediction: Any) -> Any:
        """The columns of the prediction after those of the record."""
        return [*record, *prediction]


class JsonFormat(Format):
    def read(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{text[:80]!r} is not JSON: {error}") from None

    def write(self, record: Any) -> str:
        return json.dumps(record, separators=(",", ":"), ensure_ascii=False)

    def join(self, record: Any, prediction: Any) -> Any:
        members = record if isinstance(record, dict) else {"SageMakerInput": record}
        return {**members, "SageMakerOutput": prediction}


class Association:
    def __init__(self, form: Format, input_filter: str, output_filter: str, *, joins: bool) -> None:
        self.form, self.joins = form, joins
        self._input, self._output = _filter(input_filter), _filter(output_filter)

    def model_input(self, body: bytes) -> bytes:
        """What the model gets of a body."""
        if not self._input:
            return body
        return self._write([_apply(self._input, self.form.read(text)) for text in self.form.texts(body)])

    def output(self, body: bytes, response: bytes) -> bytes:
        """What S3 gets of a body and the model's response to it."""
        if not self.joins and not self._output:
            return response
        records = self.form.texts(body)
        predictions = [response.decode(errors="replace")] if self._is_one(records) else self.form.texts(response)
        if len(predictions) != len(records):
            counts = f"{len(predictions)} records to {len(records)}"
            raise InvalidInput(f"the model returned {counts}: they cannot be associated")
        return self._write([self._associate(*pair) for pair in zip(records, predictions, strict=True)])

    def _is_one(self, records: Sequence[str]) -> bool:
        """The whole response is one record, however many lines its JSON has."""
        return isinstance(self.form, JsonFormat) and len(records) == 1

    def _associate(self, text: str, response: str) -> Any:
        record = self.form.read(response)
        if self.joins:
            record = self.form.join(self.form.read(text), record)
        return _apply(self._output, record) if self._output else record

    def _write(self, records: list[Any]) -> bytes:
        lines = [self.form.write(record) for record in records]
        return (lines[0] if self.form.whole and lines else "".join(f"{line}\n" for line in lines)).encode()


def association(request: dict[str, Any]) -> Association | None:
    """Of CreateTransformJob; None when there is nothing to do, InvalidRequest when AWS refuses it."""
    config = request.get("DataProcessing", {})
    filters = config.get("InputFilter", ""), config.get("OutputFilter", "")
    joins = config.get("JoinSource", "None") == "Input"
    if not joins and all(text in EVERYTHING for text in filters):
        return None
    kind = _kind(request["TransformInput"].get("ContentType", ""))
    accept = _kind(request["TransformOutput"].get("Accept", kind))
    if kind not in (CSV, JSON, JSON_LINES) or accept != kind:
        rule = f"ContentType and Accept must be the same: {CSV}, {JSON} or {JSON_LINES}"
        raise InvalidRequest(f"DataProcessing: {rule}; they are {kind or 'missing'} and {accept or 'missing'}.")
    split, assembly = (
        request["TransformInput"].get("SplitType", "None"),
        request["TransformOutput"].get("AssembleWith", "None"),
    )
    if joins and split != assembly:
        raise InvalidRequest(
            f"DataProcessing: to join, AssembleWith must be SplitType; they are {assembly} and {split}."
        )
    whole = kind == JSON and split == "None"
    form = CsvFormat(whole=False) if kind == CSV else JsonFormat(whole=whole)
    try:
        return Association(form, *filters, joins=joins)
    except InvalidPath as problem:
        raise InvalidRequest(f"DataProcessing: {problem}.") from None


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _filter(text: str) -> Path | None:
    return None if text in EVERYTHING else parse(text)


def _apply(path: Path, record: Any) -> Any:
    try:
        return path(record)
    except NoMatch as problem:
        raise InvalidInput(f"a filter of DataProcessing does not fit: {problem}") from None
