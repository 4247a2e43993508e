"""moto, as localcloud runs it: every other service. What moto lacks is refused; its defects count as ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import wraps
from typing import Any

from localcloud.core.moto_backends import IMPORTING, load, lock
from localcloud.core.refusal import not_implemented

Start = Callable[..., Any]
Told = tuple[str, list[tuple[str, str]], Iterable[bytes]]  # status, headers, body
WAITERS = ("sqs.ReceiveMessage",)  # as long as 20 s, and unharmed by others
NO_SUCH_PATH = b"The requested URL was not found on the server."  # Flask's own page
ITS_OWN = "/moto-api"  # any web page could ask it to empty moto's half of what is here, and not ours


class Moto:
    """moto's application; what it cannot do is raised as a Refusal."""

    def __init__(self, account: str) -> None:
        self.account = account
        self._application = _application()

    def __call__(self, environ: dict[str, Any], what: str) -> Told:
        """``what``: sqs.SendMessage, or s3.PUT /bucket/key."""
        from botocore.model import OperationNotFoundError

        if environ["PATH_INFO"].startswith(ITS_OWN):
            raise not_implemented(what)
        told: list[Any] = []
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account
        try:
            with nullcontext() if what in WAITERS else lock(what.partition(".")[0]):
                body = self._application(environ, lambda status, headers, _=None: told.extend((status, headers)))
        except (NotImplementedError, OperationNotFoundError):
            raise not_implemented(what) from None
        status, headers = told
        if status.startswith("404"):
            body = [b"".join(body)]
            if NO_SUCH_PATH in body[0]:
                raise not_implemented(what)
        return status, headers, body


def _application() -> Any:
    load()
    from moto.core.common_models import BaseModel
    from moto.moto_server import werkzeug_app

    def create(service: Any) -> Any:
        with IMPORTING:
            if service == "s3":
                _policies_without_effect()
                _no_access_logs()
            elif service == "logs":
                _lines_of_some_streams()
            return werkzeug_app.create_backend_app(service)

    class Dispatcher(werkzeug_app.DomainDispatcherApplication):  # type: ignore[misc]
        def get_backend_for_host(self, host: str | None) -> Any:
            backend = super().get_backend_for_host(host)
            if host and not backend:
                raise NotImplementedError(f"moto has no service for {host}")
            return backend

    werkzeug_app.DISABLE_GLOBAL_CORS = True  # no web page from elsewhere may read what is here
    # moto remembers every instance for a dashboard: what is deleted or overwritten would stay in memory for ever
    BaseModel.__new__ = lambda cls, *_, **__: object.__new__(cls)
    return Dispatcher(create)


def _policies_without_effect() -> None:
    """moto looks at a bucket's policy without its conditions, where "deny what is not TLS" denies everything; and asks
    before logs are delivered, and stumbles over principals that are texts. Here policies are kept and nothing more."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    FakeBucket._log_permissions_enabled_policy = staticmethod(lambda **_: True)
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL


def _no_access_logs() -> None:
    """AWS delivers them some hours later. At once they are in the way: a bucket that was just made cannot go again."""
    from moto.s3.models import S3Backend

    S3Backend.log_incoming_request = lambda *_: None


def _lines_of_some_streams() -> None:
    """moto passes over a prefix of streams (it told the lines of every job), and finds no group by its ARN."""
    from moto.logs.responses import LogsResponse

    theirs = getattr(LogsResponse.filter_log_events, "__wrapped__", LogsResponse.filter_log_events)

    @wraps(theirs)
    def filter_log_events(response: Any) -> str:
        asked = json.loads(response.body)
        group = asked.get("logGroupName") or asked.get("logGroupIdentifier", "").rpartition(":log-group:")[2]
        asked["logGroupName"] = group.removesuffix(":*")
        known = response.logs_backend.groups.get(asked["logGroupName"])
        if known and (prefix := asked.get("logStreamNamePrefix")):
            found = [name for name in known.streams if name.startswith(prefix)]
            asked["logStreamNames"] = found or [""]  # no names at all would mean every stream
        response.body = json.dumps(asked)
        return str(theirs(response))

    LogsResponse.filter_log_events = filter_log_events
