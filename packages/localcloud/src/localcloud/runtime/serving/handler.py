"""The model's own code, imported and called as SageMaker's toolkit does.

The toolkit passes bodies of exactly text/csv and application/json as text and every other body as bytes, and
replaces an Accept that is absent or ``*/*`` by SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT, which is application/json.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Any

from localcloud.runtime.serving.errors import HttpError, StartError
from localcloud.runtime.serving.lean_imports import is_lean, without_sklearn

FUNCTIONS = {"model_fn": 1, "input_fn": 2, "predict_fn": 2, "output_fn": 2}  # and the number of arguments of each
TEXT = ("text/csv", "application/json")


@dataclass(frozen=True)
class Handler:
    model: Any
    input_fn: Callable[[bytes | str, str | None], Any]
    predict_fn: Callable[[Any, Any], Any]
    output_fn: Callable[[Any, str], Any]
    default_accept: str

    def invoke(self, body: bytes, content_type: str | None, accept: str | None) -> tuple[bytes, str]:
        """Returns body and content type of the response; an error of the handler becomes an HttpError."""
        accepted = accept if accept and accept != "*/*" else self.default_accept
        try:
            data = self.input_fn(_as_text(body) if content_type in TEXT else body, content_type)
            result = self.output_fn(self.predict_fn(data, self.model), accepted)
            content, response_type = result if isinstance(result, tuple) else (result, accepted)
            return _as_bytes(content), response_type
        except Exception as error:  # the handler is foreign code; a request must not end the server
            raise _http_error(error) from error


def load(model_dir: Path) -> Handler:
    code = model_dir / "code"
    name = os.environ.get("SAGEMAKER_PROGRAM", "inference.py").removesuffix(".py")
    if not (code / f"{name}.py").is_file():
        raise StartError(f"{code / name}.py is missing: a model directory holds its handler there")
    try:
        module = _import(code, name)
        functions = {function: _function(module, function, count) for function, count in FUNCTIONS.items()}
        model = functions.pop("model_fn")(str(model_dir))
    except StartError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
        raise StartError(f"the model in {model_dir} cannot be loaded: {reason}") from error
    return Handler(model, **functions, default_accept=os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", TEXT[1]))


def _import(code: Path, name: str) -> ModuleType:
    sys.path.insert(0, str(code))
    with without_sklearn() if is_lean(code) else nullcontext():
        return importlib.import_module(name)


def _function(module: ModuleType, name: str, arguments: int) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        required = ", ".join(FUNCTIONS)
        raise StartError(f"{Path(str(module.__file__)).name} has no function {name}: the local server needs {required}")
    try:
        inspect.signature(function).bind(*range(arguments))
    except TypeError as error:
        raise StartError(f"{name} is called with {arguments} arguments, which does not fit it: {error}") from error
    return function  # type: ignore[no-any-return]


def _as_text(body: bytes) -> bytes | str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _as_bytes(content: object) -> bytes:
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content)
    raise TypeError(f"output_fn returned {type(content).__name__}, not text or bytes")


def _http_error(error: Exception) -> HttpError:
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 400 <= status < 600:
        return HttpError(status, str(getattr(error, "message", error)))
    traceback.print_exception(error)
    return HttpError(HTTPStatus.INTERNAL_SERVER_ERROR, f"the handler failed with {type(error).__name__}: {error}")
