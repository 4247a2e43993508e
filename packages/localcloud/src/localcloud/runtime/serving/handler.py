"""The model's own code, imported and called as the toolkit in AWS's XGBoost image does.

The toolkit takes application/json for a missing Content-Type, passes bodies of exactly text/csv and application/json as
text, with U+FFFD for what is not UTF-8, and every other body as bytes; it replaces an Accept that is absent or ``*/*``
by SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT, which is application/json. Whatever a handler raises becomes a 500; to refuse a
request, ``transform_fn`` returns a response, such as a flask.Response or any other WSGI application, which sees the
request's headers.
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

from localcloud.runtime.serving import responses
from localcloud.runtime.serving.errors import StartError
from localcloud.runtime.serving.lean_imports import is_lean, without_sklearn
from localcloud.runtime.serving.responses import Response

THREE = {"input_fn": 2, "predict_fn": 2, "output_fn": 2}  # and the number of arguments of each
TEXT = ("text/csv", responses.JSON)


@dataclass(frozen=True)
class Handler:
    model: Any
    transform_fn: Callable[[Any, bytes | str, str, str], Any]
    default_accept: str

    def invoke(
        self, body: bytes, content_type: str | None, accept: str | None, headers: responses.Headers = ()
    ) -> Response:
        accepted = accept if accept and accept != "*/*" else self.default_accept
        media_type = content_type or responses.JSON
        content = body.decode(errors="replace") if media_type in TEXT else body
        try:
            return responses.convert(self.transform_fn(self.model, content, media_type, accepted), headers)
        except Exception as error:  # noqa: BLE001 - the handler is foreign code; a request must not end the server
            traceback.print_exception(error)
            return responses.page(HTTPStatus.INTERNAL_SERVER_ERROR)


def load(model_dir: Path) -> Handler:
    code = model_dir / "code"
    name = os.environ.get("SAGEMAKER_PROGRAM", "inference.py").removesuffix(".py")
    if not (code / f"{name}.py").is_file():
        raise StartError(f"{code / name}.py is missing: a model directory holds its handler there")
    try:
        with without_sklearn() if is_lean(code) else nullcontext():  # model_fn may be the first that needs xgboost
            module = _import(code, name)
            transform_fn = _transform_function(module)
            model = _function(module, "model_fn", 1)(str(model_dir))
    except StartError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
        raise StartError(f"the model in {model_dir} cannot be loaded: {reason}") from error
    accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", responses.JSON)
    return Handler(model, transform_fn, default_accept=accept)


def compose(
    input_fn: Callable[[Any, str], Any], predict_fn: Callable[[Any, Any], Any], output_fn: Callable[[Any, str], Any]
) -> Callable[[Any, bytes | str, str, str], Any]:
    return lambda model, body, content_type, accept: output_fn(predict_fn(input_fn(body, content_type), model), accept)


def _transform_function(module: ModuleType) -> Callable[[Any, bytes | str, str, str], Any]:
    if not hasattr(module, "transform_fn"):
        return compose(*(_function(module, name, count) for name, count in THREE.items()))
    if both := [name for name in THREE if hasattr(module, name)]:
        raise StartError(f"{_file(module)} has transform_fn and {', '.join(both)}: the container refuses both together")
    return _function(module, "transform_fn", 4)


def _import(code: Path, name: str) -> ModuleType:
    sys.path.insert(0, str(code))
    return importlib.import_module(name)


def _function(module: ModuleType, name: str, arguments: int) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        required = f"model_fn, and either transform_fn or {', '.join(THREE)}"
        raise StartError(f"{_file(module)} has no function {name}: the local server needs {required}")
    try:
        inspect.signature(function).bind(*range(arguments))
    except TypeError as error:
        raise StartError(f"{name} is called with {arguments} arguments, which does not fit it: {error}") from error
    return function  # type: ignore[no-any-return]


def _file(module: ModuleType) -> str:
    return Path(str(module.__file__)).name
