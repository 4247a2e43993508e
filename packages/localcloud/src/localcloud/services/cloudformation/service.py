"""CloudFormation: stacks whose resources are created through the same API that every client calls.

The resource types are those of ``resources``; AWS's other types are refused before any resource is created, and so is
every property that localcloud does not support. An operation runs in real time, whatever the clock's speed.

Not reproduced: nested stacks, stack sets, modules, macros except the language extensions (of these no Fn::ForEach),
dynamic references, drift, imports of resources, hooks, creation and update policies, signals and wait conditions, stack
policies, rollback triggers and notifications (all stored only), time-outs, CancelUpdateStack, deletion of a stack
during its creation, the tags aws:cloudformation:*. The calls are localcloud's own: AWS's may need other permissions.
Resources are created one after the other. Calls that start an operation return when it is done, after 20 s at most, so
that waiters, which poll every 30 s, see it done at once.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from localcloud.core.cloud import Cloud
from localcloud.core.service import Service
from localcloud.services.cloudformation.change_preview import ChangePreview
from localcloud.services.cloudformation.change_sets import ChangeSets
from localcloud.services.cloudformation.descriptions import Descriptions
from localcloud.services.cloudformation.errors import VALIDATION_ERROR
from localcloud.services.cloudformation.evaluation import Location
from localcloud.services.cloudformation.exports import Exports
from localcloud.services.cloudformation.protection import Protection
from localcloud.services.cloudformation.stack_events import StackEvents
from localcloud.services.cloudformation.stack_operations import StackOperations
from localcloud.services.cloudformation.stack_registry import StackRegistry
from localcloud.services.cloudformation.stack_requests import StackRequests
from localcloud.services.cloudformation.stacks import Stacks
from localcloud.services.cloudformation.templates import Templates


class CloudFormation(Service):
    name: ClassVar[str] = "cloudformation"
    validation_code: ClassVar[str] = VALIDATION_ERROR

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        location = Location(cloud.account, cloud.region)
        registry = StackRegistry(cloud.clock, cloud.arn)
        exports = Exports(registry)
        requests = StackRequests(cloud, location)
        events = StackEvents(cloud.clock, cloud.lock, cloud.events)
        preview = partial(ChangePreview, location, exports)
        self.stack_operations = StackOperations(cloud, registry, exports, events, location)
        self.parts = (
            registry,
            exports,
            self.stack_operations,
            Stacks(cloud.lock, registry, requests, self.stack_operations, preview),
            ChangeSets(cloud, registry, requests, events, self.stack_operations, preview),
            Protection(registry),
            Descriptions(registry),
            Templates(cloud.lock, registry, requests),
        )
