"""CloudFormation: stacks whose resources are made through the same API that everybody calls.

Types of resources: those of ``resources``; AWS's others are refused before anything is made, and so is every property
that localcloud does not carry out. A stack advances in real time, whatever the clock's speed.

Not reproduced: nested stacks, stack sets, modules, macros but the language extensions (of these: no Fn::ForEach),
dynamic references, drift, imports of resources, hooks, creation and update policies, signals and wait conditions, the
roles that a stack runs under (RoleARN is a record, and everything is permitted), stack policies (a record), rollback
triggers and notifications (records), time-outs, CancelUpdateStack, deletion while a stack is
being made, the tags aws:cloudformation:*. Resources are made one after the other. Calls that start work answer when it
is done, at the latest after 20 s, so that waiters, which look every 30 s, find it done at once.
"""

from __future__ import annotations

from typing import ClassVar

from localcloud.services.cloudformation.describe import Reading


class CloudFormation(Reading):
    name: ClassVar[str] = "cloudformation"
