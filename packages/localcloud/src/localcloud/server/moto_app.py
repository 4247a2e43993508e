"""moto, which provides all other services. What it does not implement is refused; its defects count as localcloud's."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache, lru_cache, wraps
from typing import Any

from localcloud.core.access.access import Access
from localcloud.core.moto_backends import IMPORTING, load, load_managed_policies, lock
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Response

Start = Callable[..., Any]
WAITERS = ("sqs.ReceiveMessage",)  # up to 20 s; other calls do not disturb it
NO_SUCH_PATH = b"The requested URL was not found on the server."  # Flask's own page
MOTO_API = "/moto-api"  # moto's own control: a web page could reset moto's services, and not localcloud's


class Moto:
    """moto's application; what it does not implement is a Refusal."""

    def __init__(self, account: str, access: Access) -> None:
        self.account = account
        self._application = _application(access)

    def __call__(self, environ: dict[str, Any], what: str) -> Response:
        """``what``: sqs.SendMessage, or s3.PUT /bucket/key."""
        from botocore.model import OperationNotFoundError

        if environ["PATH_INFO"].startswith(MOTO_API):
            raise not_implemented(what)
        head: list[Any] = []
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account
        try:
            with nullcontext() if what in WAITERS else lock(what.partition(".")[0]):
                body = self._application(environ, lambda status, headers, _=None: head.extend((status, headers)))
        except (NotImplementedError, OperationNotFoundError):
            raise not_implemented(what) from None
        status, headers = head
        if status.startswith("404"):
            body = [b"".join(body)]
            if NO_SUCH_PATH in body[0]:
                raise not_implemented(what)
        return status, headers, body


def _application(access: Access) -> Any:
    load()
    from moto.core.common_models import BaseModel
    from moto.moto_server import werkzeug_app

    def create(service: Any) -> Any:
        with IMPORTING:
            if service == "s3":
                _ignore_bucket_policies()
                _deliver_no_access_logs()
            elif service == "iam":
                load_managed_policies()
            elif service == "logs":
                _filter_log_streams()
            elif service == "sns":
                _decide_about_deliveries(access)
            return _service_application(service)

    class Dispatcher(werkzeug_app.DomainDispatcherApplication):  # type: ignore[misc]
        @lru_cache(maxsize=1000)  # noqa: B019 - moto lists its folder each time
        def get_backend_for_host(self, host: str | None) -> Any:
            backend = super().get_backend_for_host(host)
            if host and not backend:
                raise NotImplementedError(f"moto has no service for {host}")
            return backend

    werkzeug_app.DISABLE_GLOBAL_CORS = True  # no other web page may read responses
    # moto tracks every instance for a dashboard: deleted objects would stay in memory
    BaseModel.__new__ = lambda cls, *_, **__: object.__new__(cls)
    return Dispatcher(create)


@cache
def _service_application(service: str) -> Any:
    """It has no state: that is in moto's backends."""
    from moto.moto_server.werkzeug_app import create_backend_app

    return create_backend_app(service)


def _ignore_bucket_policies() -> None:
    """moto evaluates bucket policies without their conditions, so that "deny what is not TLS" denies everything, and
    fails on principals that are texts. Here policies are stored only."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    FakeBucket._log_permissions_enabled_policy = staticmethod(lambda **_: True)
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL


def _deliver_no_access_logs() -> None:
    """AWS delivers them hours later. Delivered at once, they keep a new bucket from being deleted."""
    from moto.s3.models import S3Backend

    S3Backend.log_incoming_request = lambda *_: None


def _filter_log_streams() -> None:
    """moto ignores the prefix of streams, and does not find a group by its ARN."""
    from moto.logs.responses import LogsResponse

    original = getattr(LogsResponse.filter_log_events, "__wrapped__", LogsResponse.filter_log_events)

    @wraps(original)
    def filter_log_events(response: Any) -> str:
        request = json.loads(response.body)
        name = request.get("logGroupName") or request.get("logGroupIdentifier", "").rpartition(":log-group:")[2]
        request["logGroupName"] = name.removesuffix(":*")
        group = response.logs_backend.groups.get(request["logGroupName"])
        if group and (prefix := request.get("logStreamNamePrefix")):
            streams = [stream for stream in group.streams if stream.startswith(prefix)]
            request["logStreamNames"] = streams or [""]  # an empty list would mean every stream
        response.body = json.dumps(request)
        return str(original(response))

    LogsResponse.filter_log_events = filter_log_events


def _decide_about_deliveries(access: Access) -> None:
    """A queue's policy, and that of its key, decide whether a topic's message reaches it. moto looks at neither."""
    from moto.sns.models import Subscription

    original = getattr(Subscription.publish, "__wrapped__", Subscription.publish)

    @wraps(original)
    def publish(subscription: Any, message: str, *arguments: Any, **more: Any) -> None:
        if subscription.protocol == "sqs":
            topic = access.service("sns.amazonaws.com", subscription.topic.arn)
            queue = subscription.endpoint.rpartition(":")[2]
            url = f"https://sqs/{subscription.account_id}/{queue}"
            try:
                access.authorize(topic, "sqs", "SendMessage", {"QueueUrl": url, "MessageBody": message})
            except Refusal:
                return  # the publisher does not learn of it; the denial is recorded
        original(subscription, message, *arguments, **more)

    Subscription.publish = publish
