"""A project as the target of a rule: what the target is given is StartBuild's request, without the project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localcloud.services.events.targets import Sending, Undelivered, target
from localcloud.services.events.transform import FORMS

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


@target("codebuild", "project/", role=True)
def start_build(cloud: Cloud, sending: Sending) -> None:
    """The token makes a repeated attempt start nothing twice. An event as it came says nothing to a build."""
    from botocore.exceptions import ParamValidationError

    asked: dict[str, Any] = {}
    if any(form in sending.target for form in FORMS):
        try:
            asked = json.loads(sending.payload())
        except ValueError:
            raise Undelivered("INVALID_PARAMETER", f"StartBuild needs JSON, not: {sending.payload()}") from None
    if not isinstance(asked, dict):
        raise Undelivered("INVALID_PARAMETER", "StartBuild needs a JSON object.")
    request = {"idempotencyToken": sending.id, **asked, "projectName": sending.name}
    try:
        cloud.client("codebuild").start_build(**request)
    except ParamValidationError as error:
        raise Undelivered("INVALID_PARAMETER", " ".join(str(error).split())) from None
