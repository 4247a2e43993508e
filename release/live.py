"""Whether a release would change anything: a package may be approved again, and an event may come twice."""

from __future__ import annotations

from release.context import Context
from release.request import ReleaseRequest
from release.run import make_plan
from release.state import verdict_records
from release.state.live_package import read_live_package


def is_live(context: Context, package: str) -> bool:
    """With everything that the settings ask for, and by a verdict that was good or that a person has accepted."""
    if read_live_package(context).package != package:
        return False
    _, plan = make_plan(context, ReleaseRequest(package))
    if plan.change != "unchanged" or plan.calls or plan.after:
        return False
    record = verdict_records.latest(context, package, plan.config_name)
    return record is not None and not record.stands
