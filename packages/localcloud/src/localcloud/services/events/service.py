"""EventBridge: an event on a bus goes to the targets of the rules that match it.

Events come from PutEvents, from localcloud's services (``cloud.emit``), from S3 (s3_events.py), from the clock
(scheduled rules) and from other buses.

Not reproduced: archives and replays, connections and API destinations, partner sources, global endpoints, schema
discovery, policies of buses and other accounts, encryption, logs of a bus.
"""

from __future__ import annotations

from typing import ClassVar

from localcloud.core.cloud import Cloud
from localcloud.core.service import Service
from localcloud.core.tag_operations import TagOperations
from localcloud.services.events.buses import DEFAULT, Buses
from localcloud.services.events.deliveries import Deliveries
from localcloud.services.events.entries import Envelopes
from localcloud.services.events.event_patterns import EventPatterns
from localcloud.services.events.put_events import PutEvents
from localcloud.services.events.queues import Queues
from localcloud.services.events.router import Router
from localcloud.services.events.rule_transport import RuleTransport
from localcloud.services.events.rules import Rules
from localcloud.services.events.s3_events import S3Events
from localcloud.services.events.scheduled_rules import ScheduledRules
from localcloud.services.events.standard_targets import add_standard_targets
from localcloud.services.events.target_kinds import TargetKinds
from localcloud.services.events.targets import Targets


class Events(Service):
    name: ClassVar[str] = "events"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.target_kinds = TargetKinds()  # other services add theirs in connect()
        queues, envelopes = Queues(cloud), Envelopes(cloud.clock, cloud.account, cloud.region)
        self.deliveries = Deliveries(cloud, RuleTransport(self.target_kinds, cloud.metrics, cloud.access), queues)
        self.buses = Buses(cloud.clock, cloud.arn)
        self.router = Router(cloud.clock, cloud.lock, self.buses, self.deliveries)
        self.rules = Rules(self.buses, ScheduledRules(cloud, envelopes, self.router), cloud.account, cloud.arn)
        self.s3_events = S3Events(cloud.emit, self.deliveries.work, cloud.account)
        add_standard_targets(self.target_kinds, cloud, queues, self.router)
        self.parts = (
            self.deliveries,
            self.buses,
            self.rules,
            Targets(self.buses, self.rules, self.target_kinds, cloud.account, cloud.region),
            PutEvents(envelopes, self.router, cloud.faults),
            EventPatterns(),
            TagOperations(self.buses.tags_of),
            self.s3_events,
        )

    def connect(self) -> None:
        self.cloud.events.subscribe(lambda event: self.router.route(event, DEFAULT))
        self.s3_events.start()

    def close(self) -> None:
        super().close()
        with self.cloud.lock:
            self.reset()

    def settle(self, timeout: float = 60) -> None:
        """Returns when no delivery is running; some may wait for the clock. For tests."""
        self.deliveries.settle(timeout)
