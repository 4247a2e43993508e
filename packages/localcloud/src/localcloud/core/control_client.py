"""Calls the control plane of a running server, and renders its status."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import BAD_REQUEST
from typing import Any
from urllib.error import HTTPError

from localcloud.core.counters import BLOCKED_HOSTS, CALLS, DEFECTS, MISSING, REDIRECTED_HOSTS
from localcloud.core.errors import Problem

HEADER = "X-Localcloud-Key"
READ_SECONDS = 10.0
WORK_SECONDS = 75.0  # of calls that change something, such as a reset or a seed


def call(
    url: str, path: str, body: dict[str, Any] | None = None, *, server: str, remedy: str, key: str = ""
) -> dict[str, Any]:
    """Calls the control plane (server/control.py). A Problem names ``server`` and ``remedy`` if it does not respond."""
    request = urllib.request.Request(  # noqa: S310 - of localcloud
        f"{url}/_localcloud/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", HEADER: key},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=WORK_SECONDS if body is not None else READ_SECONDS) as reply:
            response: dict[str, Any] = json.load(reply)
            return response
    except HTTPError as error:
        raise Problem(_refusal(error) or f"{server} refused {path} ({error}); {remedy}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        raise Problem(f"{server} runs at {url} but does not respond ({why}); {remedy}") from None


def _refusal(error: HTTPError) -> str:
    """The server's own sentence; "" for a defect, which its log explains."""
    try:
        return str(json.load(error)["error"]) if error.code == BAD_REQUEST else ""
    except (OSError, ValueError, KeyError):
        return ""


SHOWN_DENIALS = 10
FIELDS = (
    *("running", "url", "account", "region", "pid", "speed"),
    *("folder", "proxy", "certificate", "log", "since", "docker"),
)


def status_record(status: dict[str, Any], **known: Any) -> dict[str, Any]:
    """What ``status --json`` prints: always the same fields, null where there is no value."""
    clock = status.get("clock", {})
    record = {"running": bool(status), "speed": clock.get("speed"), **status, **known}
    return dict.fromkeys(FIELDS) | record


def status_lines(status: dict[str, Any]) -> Iterator[str]:
    counters, clock = status["counters"], status["clock"]
    yield f"  clock       {utc_time(clock['now'])}, {clock['speed']:g} times as fast as real time"
    yield f"  account     {status['account']} in {status['region']}"
    yield f"  services    {', '.join([*status['services'], 'and those of moto'])}"
    yield f"  processes   {', '.join(p['name'] or str(p['pid']) for p in status['processes']) or 'none'}"
    roles = "are enforced" if status["roles_enforced"] else "are not enforced: every call is allowed"
    yield f"  roles       {roles}"
    yield f"  calls       {counters.get(CALLS, 0)}, of which {counters.get(DEFECTS, 0)} failed inside localcloud"
    for kind in (MISSING, REDIRECTED_HOSTS, BLOCKED_HOSTS):
        for name, number in counters.items():
            if name.startswith(f"{kind}: "):
                yield f"  {name} ({number} times)"
    yield from denial_lines(status["denials"])


def denial_lines(denials: list[dict[str, Any]]) -> Iterator[str]:
    if not denials:
        return
    calls = "1 call" if len(denials) == 1 else f"{len(denials)} calls"
    yield f"  denied      {calls} lately; `localcloud explain NUMBER` says why:"
    for denial in denials[-SHOWN_DENIALS:]:
        yield f"    {denial['number']:>4}  {denial['sentence']}"


def explanation_lines(denial: dict[str, Any]) -> Iterator[str]:
    yield f"{denial['number']}: {denial['call']}"
    yield f"  {denial['sentence']}"
    yield "  condition keys of the request"
    yield from [f"    {name}: {', '.join(values)}" for name, values in denial["context"].items()] or ["    none"]
    yield "  statements that were looked at"
    for statement in denial["statements"]:
        yield f"    {statement['kind']}, {statement['policy']}, {statement['statement']}: {statement['effect']}"
        yield f"      {statement['reason']}"
    if not denial["statements"]:
        yield "    none: no policy is attached"


def unused_lines(roles: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    for role, all_permissions in roles.items():
        permissions = [permission for permission in all_permissions if not permission["needed"]]
        number = "1 permission" if len(permissions) == 1 else f"{len(permissions) or 'no'} permissions"
        yield f"{role}: {number} that no call has needed"
        for permission in permissions:
            yield f"  {permission['policy']}, {permission['statement']}: {permission['action']}"


def utc_time(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
