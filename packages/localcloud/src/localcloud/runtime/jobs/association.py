"""DataProcessing of a transform job: what of a record the model gets, and what of record and answer is kept.

Records are the rows of CSV, the lines of JSON lines, or one JSON document. An answer has as many as were sent.
"""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from localcloud.runtime.jobs.batches import BadInput
from localcloud.runtime.jobs.json_paths import BadPath, NothingThere, Path, parse

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
EVERYTHING = ("", "$")


class BadRequest(ValueError):
    """What AWS refuses of DataProcessing."""


class Form(ABC):
    """How records are written."""

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole  # one record that is not cut into lines

    def texts(self, content: bytes) -> list[str]:
        try:
            lines = [content] if self.whole else [line for line in content.splitlines() if line.strip()]
            return [line.decode() for line in lines]
        except UnicodeDecodeError as error:
            raise BadInput(f"a record is not UTF-8: {error}") from None

    @abstractmethod
    def read(self, text: str) -> Any: ...
    @abstractmethod
    def write(self, record: Any) -> str: ...
    @abstractmethod
    def join(self, record: Any, prediction: Any) -> Any: ...


class CsvForm(Form):
    def read(self, text: str) -> Any:
        try:
            return next(csv.reader([text], strict=True), [])
        except csv.Error as error:
            raise BadInput(f"{text[:80]!r} is no row of CSV: {error}") from None

    def write(self, record: Any) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(record if isinstance(record, list) else [record])
        return out.getvalue()

    def join(self, record: Any, prediction: Any) -> Any:
        """The columns of the prediction after those of the record."""
        return [*record, *prediction]


class JsonForm(Form):
    def read(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{text[:80]!r} is no JSON: {error}") from None

    def write(self, record: Any) -> str:
        return json.dumps(record, separators=(",", ":"), ensure_ascii=False)

    def join(self, record: Any, prediction: Any) -> Any:
        told = record if isinstance(record, dict) else {"SageMakerInput": record}
        return {**told, "SageMakerOutput": prediction}


class Association:
    """``sent`` goes to the model instead of the records; ``kept`` goes to S3 instead of its answer."""

    def __init__(self, form: Form, input_filter: str, output_filter: str, *, joins: bool) -> None:
        self.form, self.joins = form, joins
        self._input, self._output = _filter(input_filter), _filter(output_filter)

    def sent(self, body: bytes) -> bytes:
        if not self._input:
            return body
        return self._written([_applied(self._input, self.form.read(text)) for text in self.form.texts(body)])

    def kept(self, body: bytes, answer: bytes) -> bytes:
        if not self.joins and not self._output:
            return answer
        records = self.form.texts(body)
        answers = [answer.decode(errors="replace")] if self._is_one(records) else self.form.texts(answer)
        if len(answers) != len(records):
            raise BadInput(f"the model answered {len(answers)} records to {len(records)}: they cannot be associated")
        return self._written([self._associated(*pair) for pair in zip(records, answers, strict=True)])

    def _is_one(self, records: Sequence[str]) -> bool:
        """The whole answer is about one record, on however many lines its JSON stands."""
        return isinstance(self.form, JsonForm) and len(records) == 1

    def _associated(self, text: str, answer: str) -> Any:
        found = self.form.read(answer)
        if self.joins:
            found = self.form.join(self.form.read(text), found)
        return _applied(self._output, found) if self._output else found

    def _written(self, records: list[Any]) -> bytes:
        lines = [self.form.write(record) for record in records]
        return (lines[0] if self.form.whole and lines else "".join(f"{line}\n" for line in lines)).encode()


def association(request: dict[str, Any]) -> Association | None:
    """Of CreateTransformJob; None where there is nothing to do. BadRequest says what AWS refuses."""
    told = request.get("DataProcessing", {})
    filters = told.get("InputFilter", ""), told.get("OutputFilter", "")
    joins = told.get("JoinSource", "None") == "Input"
    if not joins and all(text in EVERYTHING for text in filters):
        return None
    kind = _kind(request["TransformInput"].get("ContentType", ""))
    accept = _kind(request["TransformOutput"].get("Accept", kind))
    if kind not in (CSV, JSON, JSON_LINES) or accept != kind:
        sentence = f"ContentType and Accept must be the same: {CSV}, {JSON} or {JSON_LINES}"
        raise BadRequest(f"DataProcessing: {sentence}; they are {kind or 'missing'} and {accept or 'missing'}.")
    whole = kind == JSON and request["TransformInput"].get("SplitType", "None") == "None"
    form = CsvForm(whole=False) if kind == CSV else JsonForm(whole=whole)
    try:
        return Association(form, *filters, joins=joins)
    except BadPath as problem:
        raise BadRequest(f"DataProcessing: {problem}.") from None


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _filter(text: str) -> Path | None:
    return None if text in EVERYTHING else parse(text)


def _applied(path: Path, record: Any) -> Any:
    try:
        return path(record)
    except NothingThere as problem:
        raise BadInput(f"a filter of DataProcessing does not fit: {problem}") from None
