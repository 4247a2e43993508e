"""EventBridge: what arrives on a bus goes to the targets of the rules that match it.

Events come from PutEvents, from our own services (``cloud.emit``), from S3 (s3_events.py), from the clock (scheduled
rules) and from other buses.

Not reproduced: archives and replays, connections and API destinations, partner sources, global endpoints, schema
discovery, policies of buses and other accounts, encryption, logs of a bus.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.events import entries
from localcloud.services.events.buses import DEFAULT
from localcloud.services.events.delivery import Deliveries
from localcloud.services.events.rule_targets import RuleTargets
from localcloud.services.events.rules import Rule, compiled
from localcloud.services.events.s3_events import S3Events
from localcloud.services.events.tags import Tags
from localcloud.services.events.targets import Sending
from localcloud.services.events.transform import Matched

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
EVERY_EVENT_HAS = ("id", "account", "source", "time", "region", "resources", "detail-type")


class Events(RuleTargets, Tags):
    name: ClassVar[str] = "events"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.deliveries = Deliveries(cloud)
        self.s3 = S3Events(cloud, self.deliveries.work)
        cloud.events.subscribe(lambda event: self.arrive(event, DEFAULT))

    def reset(self) -> None:
        self.deliveries.reset()
        super().reset()

    def close(self) -> None:
        self.s3.close()
        with self.cloud.lock:
            self.reset()

    def settle(self, timeout: float = 60) -> None:
        """Until every delivery is done, or waits for the clock. For tests."""
        self.deliveries.settle(timeout)

    def arrive(self, event: Mapping[str, Any], bus: str, *, hopped: bool = False) -> bool:
        """From any thread. False when there is no such bus."""
        with self.cloud.lock:
            if bus not in self.buses:
                return False
            for rule in self.buses[bus].rules.values():
                if rule.enabled and rule.pattern and rule.pattern.matches(event):
                    self._deliver(rule, event, hopped=hopped)
        return True

    def fire(self, rule: Rule) -> None:
        event = entries.envelope(
            {"Source": "aws.events", "DetailType": "Scheduled Event", "Detail": "{}", "Resources": [rule.arn]},
            **self._stamps(),
        )
        for _ in range(self.cloud.faults.next_event(event["detail-type"])):
            self._deliver(rule, event)

    @operation("PutEvents")
    def put_events(self, request: dict[str, Any]) -> dict[str, Any]:
        if "EndpointId" in request:
            raise Refusal("NotImplementedByLocalcloud", "localcloud has no global endpoints: leave out EndpointId.")
        if sum(entries.size(entry) for entry in request["Entries"]) > entries.LARGEST:
            raise Refusal("ValidationException", "Total size of the entries in the request is over the limit.")
        answers = [entries.problem(entry) or self._take(entry) for entry in request["Entries"]]
        return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}

    @operation("TestEventPattern")
    def test_event_pattern(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            event = json.loads(request["Event"])
        except (ValueError, RecursionError):
            raise Refusal("ValidationException", "Parameter Event is not valid. Reason: Invalid JSON.") from None
        if not isinstance(event, dict):
            raise Refusal("ValidationException", "Parameter Event is not valid. Reason: it is not an object.")
        if missing := [name for name in EVERY_EVENT_HAS if name not in event]:
            sentence = f"Parameter Event is not valid. Reason: {', '.join(missing)} missing."
            raise Refusal("ValidationException", sentence)
        return {"Result": compiled(request["EventPattern"]).matches(event)}

    def _take(self, entry: dict[str, Any]) -> dict[str, str]:
        """As on AWS, an event for a bus that is not there is taken, and lost."""
        event = entries.envelope(entry, **self._stamps())
        bus = entry.get("EventBusName", DEFAULT).rpartition(":event-bus/")[2]
        for _ in range(self.cloud.faults.next_event(event["detail-type"])):
            if not self.arrive(event, bus):
                log.warning("PutEvents: event %s is lost: there is no event bus %s", event["id"], bus)
        return {"EventId": event["id"]}

    def _deliver(self, rule: Rule, event: Mapping[str, Any], *, hopped: bool = False) -> None:
        matched = Matched(event, rule.arn, rule.name, entries.stamp(self.cloud.clock.now()))
        for target in rule.targets.values():
            born = self.cloud.clock.seconds()
            self.deliveries.start(Sending(str(uuid.uuid4()), target, matched, born, hopped))

    def _stamps(self) -> dict[str, Any]:
        cloud = self.cloud
        return {"id": str(uuid.uuid4()), "account": cloud.account, "region": cloud.region, "now": cloud.clock.now()}
