"""The control plane, under ``/_localcloud/``: requests to the server itself.

    GET  status          URL, account, clock, counters, processes
    GET  denials         the calls that were denied; POST denials/explain {"number": 3}: why, 0 for the last
    POST permissions     {"role": "..."}: what its calls have needed so far, and what not; of all roles without a name
    POST clock/advance   {"seconds": 600}, for a stepped clock
    GET  faults          lists them; POST adds one (see faults.py); DELETE clears all
    POST seed            {"seed": {...}}: adds what it has and the account does not; see seeding.py
    POST reset           empties everything, and applies the last seed again
    GET  credentials     keys for a process that localcloud started, whose token is the header Authorization
    ...                  and what services add (``Service.controls``): POST git, and those of Git's hooks

All but ``status``, ``credentials`` and ``git`` need the server's key, in the header X-Localcloud-Key: builds and jobs,
which have a role, must not go round it here. The commands read the key from ``server.json`` of the state folder.
A POST must have the content type of JSON: another web page cannot send that without permission.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from localcloud.core.control_client import HEADER
from localcloud.core.counters import DEFECTS
from localcloud.core.disk_space import full_disk, is_full
from localcloud.core.errors import Problem
from localcloud.server.moto_app import Start
from localcloud.server.seeding import Seeding

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
PATH = "/_localcloud/"
CREDENTIALS = ("GET", "credentials")
OPEN = (("GET", "status"), ("POST", "git"))  # to every process of this machine


class Control:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._seeding = Seeding(cloud)
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]] = {
            ("GET", "status"): lambda _: self._status(),
            ("GET", "denials"): lambda _: {"denials": [denial.record() for denial in cloud.access.denials]},
            ("POST", "denials/explain"): self._explain,
            ("POST", "permissions"): self._permissions,
            ("POST", "clock/advance"): self._advance,
            ("GET", "faults"): lambda _: cloud.faults.show(),
            ("POST", "faults"): cloud.faults.inject,
            ("DELETE", "faults"): self._clear,
            ("POST", "seed"): self._seeding.control,
            ("POST", "reset"): self._reset,
        }
        for service in cloud.services.values():
            self._routes |= service.controls()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        status, response = self._respond(environ)
        body = json.dumps(response).encode() + b"\n"
        start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _respond(self, environ: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        requested = (environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(PATH))
        if requested == CREDENTIALS:
            return self._fetch_keys(environ.get("HTTP_AUTHORIZATION", ""))
        route = self._routes.get(requested)
        if not route:
            routes = ", ".join(" ".join(each) for each in self._routes)
            return "404 Not Found", {"error": f"{' '.join(requested)} is none of: {routes}"}
        if requested not in OPEN and not self._has_key(environ):
            return "403 Forbidden", {"error": f"{' '.join(requested)} needs the server's key: {HEADER} of server.json"}
        try:
            return "200 OK", route(_json(environ))
        except (ValueError, Problem) as error:
            return "400 Bad Request", {"error": str(error)}
        except Exception as error:
            if is_full(error):
                return "507 Insufficient Storage", {"error": full_disk(self.cloud.folder)}
            log.exception("%s failed", " ".join(requested))
            self.cloud.counters.count(DEFECTS)
            return "500 Internal Server Error", {"error": f"a defect of localcloud: {error!r}"}

    def _has_key(self, environ: dict[str, Any]) -> bool:
        sent: str = environ.get(f"HTTP_{HEADER.upper().replace('-', '_')}", "")
        return hmac.compare_digest(sent.encode(), self.cloud.control_key.encode())

    def _fetch_keys(self, token: str) -> tuple[str, dict[str, Any]]:
        if keys := self.cloud.process_keys.fetch(token):
            return "200 OK", keys
        return "403 Forbidden", {"code": "AccessDenied", "message": "No process of localcloud has this token now."}

    def _status(self) -> dict[str, Any]:
        cloud = self.cloud
        return {
            "folder": str(cloud.folder.resolve()),
            "url": cloud.url,
            "pid": os.getpid(),
            "account": cloud.account,
            "region": cloud.region,
            "proxy": cloud.proxy_url,
            "certificate": str(cloud.certificate.resolve()),
            "services": sorted(cloud.services),
            "clock": {"now": cloud.clock.now().isoformat(), "speed": cloud.clock.speed, "stepped": cloud.clock.stepped},
            "roles_enforced": cloud.access.enforced,
            "denials": [denial.record() for denial in cloud.access.denials],
            "counters": cloud.counters.all(),
            "processes": [{"pid": p.pid, "name": p.name} for p in cloud.processes.all() if p.alive],
        }

    def _explain(self, request: dict[str, Any]) -> dict[str, Any]:
        number = request.get("number", 0)
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise ValueError(f"number is {number!r}: it is that of a denied call, or 0 for the last")
        return self.cloud.access.denials.find(number).explanation()

    def _permissions(self, request: dict[str, Any]) -> dict[str, Any]:
        roles, name = self.cloud.access.roles(), request.get("role", "")
        selected = [arn for arn in roles if not name or name in (arn, arn.rpartition("/")[2])]
        if not selected:
            raise ValueError(f"there is no role {name!r}; there are: {', '.join(roles) or 'none'}")
        return {"roles": {arn: [asdict(each) for each in self.cloud.access.permissions(arn)] for arn in selected}}

    def _clear(self, _: dict[str, Any]) -> dict[str, Any]:
        self.cloud.faults.clear()
        return self.cloud.faults.show()

    def _reset(self, _: dict[str, Any]) -> dict[str, Any]:
        self.cloud.reset()
        self._seeding.apply_again()
        return {}

    def _advance(self, request: dict[str, Any]) -> dict[str, Any]:
        seconds = request.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise ValueError(f'seconds is {seconds!r}: advance takes {{"seconds": <a number, 0 or more>}}')
        self.cloud.clock.advance(seconds)
        return {"now": self.cloud.clock.now().isoformat()}


def _json(environ: dict[str, Any]) -> dict[str, Any]:
    body = environ["wsgi.input"].read()
    if environ["REQUEST_METHOD"] != "POST":
        return {}
    if not environ.get("CONTENT_TYPE", "").startswith("application/json"):
        raise ValueError("send it as JSON, with the header Content-Type: application/json")
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise ValueError(f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError("the body must be a JSON object")
    return value
