"""PutEvents."""

from __future__ import annotations

import logging
from typing import Any

from localcloud.core.faults import Faults
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Part, operation
from localcloud.services.events import entries
from localcloud.services.events.buses import DEFAULT
from localcloud.services.events.entries import Envelopes
from localcloud.services.events.router import Router

log = logging.getLogger(__name__)


class PutEvents(Part):
    def __init__(self, envelopes: Envelopes, router: Router, faults: Faults) -> None:
        self._envelopes, self._router, self._faults = envelopes, router, faults

    @operation("PutEvents")
    def put_events(self, request: dict[str, Any]) -> dict[str, Any]:
        if "EndpointId" in request:
            raise not_implemented("EndpointId (global endpoints)")
        if sum(entries.size(entry) for entry in request["Entries"]) > entries.MAX_BYTES:
            raise Refusal("ValidationException", "Total size of the entries in the request is over the limit.")
        results = [entries.problem(entry) or self._accept(entry) for entry in request["Entries"]]
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    def _accept(self, entry: dict[str, Any]) -> dict[str, str]:
        """As on AWS, an event for a bus that does not exist is accepted, and lost."""
        event, bus = self._envelopes.wrap(entry), entry.get("EventBusName", DEFAULT)
        for _ in range(self._faults.next_event(event["detail-type"])):
            if not self._router.route(event, bus):
                log.warning("PutEvents: event %s is lost: event bus %s does not exist", event["id"], bus)
        return {"EventId": event["id"]}
