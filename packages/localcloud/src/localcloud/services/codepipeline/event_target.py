"""A pipeline as the target of a rule: what the target is given is StartPipelineExecution's request, without the name.

An event as it came says nothing to a pipeline, which then just starts; what a rule's Input or InputTransformer makes
must be a request that CodePipeline takes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localcloud.services.events.targets import Sending, Undelivered, target
from localcloud.services.events.transform import FORMS

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


@target("codepipeline", role=True)
def start_pipeline(cloud: Cloud, sending: Sending) -> None:
    """Unless the target gives a token, the sending's makes a repeated attempt start nothing twice."""
    from botocore.exceptions import ParamValidationError

    asked = _asked(sending)
    request = {"clientRequestToken": sending.id, **asked, "name": sending.resource}
    try:
        cloud.client("codepipeline").start_pipeline_execution(**request)
    except ParamValidationError as error:
        raise Undelivered("INVALID_PARAMETER", " ".join(str(error).split())) from None


def _asked(sending: Sending) -> dict[str, Any]:
    if not any(form in sending.target for form in FORMS):
        return {}
    try:
        asked = json.loads(sending.payload())
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        sentence = f"StartPipelineExecution needs a JSON object, not: {sending.payload()}"
        raise Undelivered("INVALID_PARAMETER", sentence)
    return asked
