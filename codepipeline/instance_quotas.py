"""The instances that a delivery needs at its peaks, compared with the account's quotas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Any

from aws.quotas import UNREAD, endpoint_quota, processing_quota, read, shortage, training_quota
from settings.model import Settings


def notes(builder: Settings, endpoints: Sequence[Settings], client: Callable[[str], Any]) -> Iterator[str]:
    """A line for each quota that is too small; nothing is refused, as the first use may be months away."""
    needed = needs(builder, endpoints)
    quotas = read(client, needed)
    if quotas is None:
        yield f"note: {UNREAD}"
        return
    for name, count in sorted(needed.items()):
        if sentence := shortage(name, count, quotas):
            yield f"note: {sentence}"


def needs(builder: Settings, endpoints: Sequence[Settings]) -> dict[str, int]:
    """Staging and production may be served by one type; only one of them is deployed to at a time."""
    training, processing = builder.training, builder.processing
    jobs = {processing_quota(processing.instance_type): 1, training_quota(training.instance_type, training.spot): 1}
    served, extra = Counter[str](), Counter[str]()
    for stage in endpoints:
        if stage.serving.kind == "realtime":
            name = endpoint_quota(stage.serving.instance_type)
            served[name] += _fleet(stage)
            extra[name] = max(extra[name], _second_fleet(stage))
    return jobs | dict(served + extra)


def _fleet(stage: Settings) -> int:
    return max(stage.serving.instance_count, stage.serving.autoscaling_max_instances)


def _second_fleet(stage: Settings) -> int:
    """Both fleets run while a deployment bakes; a rolling one replaces batches."""
    if stage.rollout.strategy != "rolling":
        return _fleet(stage)
    return ceil(_fleet(stage) * stage.rollout.rolling_batch_percent / 100)
