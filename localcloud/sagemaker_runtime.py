"""SageMaker Runtime: there is nothing to invoke yet, and saying so beats an answer that nobody computed.

Not reproduced yet: endpoints of any kind. Every request is refused as AWS refuses one to an endpoint that is not there.
"""

from __future__ import annotations

from typing import Any, ClassVar

from localcloud.api import Refusal, Service, operation


class SageMakerRuntime(Service):
    name: ClassVar[str] = "sagemaker-runtime"
    validation_code: ClassVar[str] = "ValidationError"

    @operation("InvokeEndpoint")
    def invoke_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        raise Refusal(
            "ValidationError", f"Endpoint {request['EndpointName']} of account {self.cloud.account} not found."
        )
