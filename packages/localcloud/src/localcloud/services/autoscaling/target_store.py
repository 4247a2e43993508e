"""The registered scalable targets, as all parts of the service find them. Only variants of endpoints are registered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.services.autoscaling.records import INSTANCES, NAMESPACE, Target


class TargetStore:
    """Used under ``cloud.lock``."""

    def __init__(self) -> None:
        self._targets: dict[tuple[str, str], Target] = {}  # by resource and dimension

    def __iter__(self) -> Iterator[Target]:
        return iter(self._targets.values())

    def __contains__(self, resource: str) -> bool:
        """Is it scaled by its instances? ``endpoint/<name>/variant/<name>``"""
        return (resource, INSTANCES) in self._targets

    def get(self, resource: str, dimension: str) -> Target | None:
        return self._targets.get((resource, dimension))

    def add(self, target: Target) -> None:
        self._targets[target.resource, target.dimension] = target

    def remove(self, target: Target) -> None:
        target.stop()
        del self._targets[target.resource, target.dimension]

    def clear(self) -> None:
        for target in self._targets.values():
            target.stop()
        self._targets.clear()

    def find(self, request: dict[str, Any], state: str = "registered") -> Target:
        """The target that a request names; ``state`` is AWS's word in the error message."""
        target = self.get(request["ResourceId"], request["ScalableDimension"])
        if target is None:
            raise Refusal("ObjectNotFoundException", f"No scalable target {state} for {identify(request)}")
        return target

    def matching(self, request: dict[str, Any]) -> list[Target]:
        """The targets that a Describe request asks for. Other namespaces and dimensions have none."""
        resource, dimension = request.get("ResourceId"), request.get("ScalableDimension")
        if "ScalableDimension" in request and not (resource or request.get("ResourceIds")):
            raise Refusal("ValidationException", "A resource must be named where ScalableDimension is.")
        if request["ServiceNamespace"] != NAMESPACE:
            return []
        targets = [self._targets[key] for key in sorted(self._targets)]
        return [
            target
            for target in targets
            if resource in (None, target.resource) and dimension in (None, target.dimension)
        ]

    def tags_of(self, arn: str) -> dict[str, str]:
        for target in self:
            if target.arn == arn:
                return target.tags
        raise Refusal("ResourceNotFoundException", f"The resource {arn} does not exist.", ResourceName=arn)


def identify(request: dict[str, Any]) -> str:
    """The target of a request, as AWS's error messages name it."""
    resource = f"resource ID: {request['ResourceId']}, scalable dimension: {request['ScalableDimension']}"
    return f"service namespace: {request.get('ServiceNamespace', NAMESPACE)}, {resource}"
