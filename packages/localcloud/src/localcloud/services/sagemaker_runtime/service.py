"""SageMaker Runtime: InvokeEndpoint, answered by the model's own processes.

Not reproduced: asynchronous and streaming invocations, multi-model and multi-container endpoints, inference
components, sessions, explanations. They are refused, never answered with something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal, not_implemented
from localcloud.core.service import Service, operation
from localcloud.services.sagemaker.hosting.fleet import Fleet
from localcloud.services.sagemaker.hosting.invocation import FleetStopped, Invocation, InvocationResult, Throttled
from localcloud.services.sagemaker.hosting.routing import Routes
from localcloud.services.sagemaker.hosting.serverless_fleet import ServerlessFleet
from localcloud.services.sagemaker.service import SageMaker

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
NOT_YET = (
    "TargetModel",
    "TargetContainerHostname",
    "EnableExplanations",
    "InferenceComponentName",
    "SessionId",
    "PrefixAwareId",
)
ATTRIBUTES = re.compile("[\t -~]{0,1024}")  # visible characters, as the API says
ATTEMPTS = 10  # to find a fleet that is not stopped, while traffic moves
LONGEST_MESSAGE = 1024
MOST_OF_SERVERLESS = 4 * 1024 * 1024  # bytes of a request
CONSOLE = "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={group}"
NOT_FORWARDED = b"localcloud does not forward custom attributes of more than 1024 characters, or of others than ASCII's"
TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for "
    "each container in Amazon CloudWatch, resolve the issue, and try again."
)


class SageMakerRuntime(Service):
    name: ClassVar[str] = "sagemaker-runtime"
    validation_code: ClassVar[str] = "ValidationError"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.routes_of: Callable[[str], Routes | None] = lambda _: None  # of an endpoint, by its name

    def connect(self) -> None:
        if SageMaker.name in self.cloud.services:
            self.routes_of = self.cloud.service(SageMaker).endpoints.routes_of

    @operation("InvokeEndpoint", locked=False)
    def invoke_endpoint(self, request: Request) -> Request:
        for name in NOT_YET:
            if name in request:
                raise not_implemented(f"sagemaker-runtime.InvokeEndpoint with {name}")
        invocation = Invocation(
            bytes(request.get("Body", b"")),
            request.get("ContentType", ""),
            request.get("Accept", ""),
            request.get("CustomAttributes", ""),
            request.get("InferenceId", ""),
        )
        name = request["EndpointName"]
        fleet, result = self._invoke(name, request.get("TargetVariant", ""), invocation)
        if not ATTRIBUTES.fullmatch(result.custom_attributes):
            result = replace(result, status=500, body=NOT_FORWARDED)
        if result.lost or result.status >= 400:
            raise self._refusal(name, result)
        response: Request = {"Body": result.body, "InvokedProductionVariant": fleet.variant_name}
        response |= {"ContentType": result.content_type} if result.content_type else {}
        return response | ({"CustomAttributes": result.custom_attributes} if result.custom_attributes else {})

    @operation("InvokeEndpointAsync")
    def invoke_endpoint_async(self, _: Request) -> Request:
        raise _not_implemented("InvokeEndpointAsync")

    @operation("InvokeEndpointWithResponseStream")
    def invoke_endpoint_with_response_stream(self, _: Request) -> Request:
        raise _not_implemented("InvokeEndpointWithResponseStream")

    def _invoke(self, name: str, target: str, invocation: Invocation) -> tuple[Fleet, InvocationResult]:
        """A fleet that is stopped between its choice and the request has not taken it: another is chosen."""
        for _ in range(ATTEMPTS):
            fleet = self._fleet(name, target)
            try:
                _check_size(fleet, invocation)
                return fleet, fleet.invoke(invocation)
            except FleetStopped:
                continue
            except Throttled:
                raise Refusal("ThrottlingException", "") from None
        raise _unavailable(name)

    def _fleet(self, name: str, target: str) -> Fleet:
        routes = self.routes_of(name)
        if routes is None or not routes.fleets:
            raise Refusal("ValidationError", f"Endpoint {name} of account {self.cloud.account} not found.")
        try:
            return routes.choose(target)
        except LookupError:
            raise Refusal("ValidationError", f"Variant {target} does not exist for Endpoint {name}.") from None

    def _refusal(self, endpoint: str, result: InvocationResult) -> Refusal:
        if not result.stream:
            return _unavailable(endpoint)
        message = result.body.decode(errors="replace")[:LONGEST_MESSAGE]
        if result.lost and "took longer" in message:
            message = TIMED_OUT
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        side = "client" if 400 <= result.status < 500 else "server"
        link = CONSOLE.format(region=self.cloud.region, group=group)
        sentence = f'Received {side} error ({result.status}) from primary with message "{message}". See {link}'
        return Refusal(
            "ModelError",
            f"{sentence} in account {self.cloud.account} for more information.",
            424,
            OriginalStatusCode=result.status,
            OriginalMessage=message,
            LogStreamArn=self.cloud.arn("logs", f"log-group:{group}:log-stream:{result.stream}"),
        )


def _check_size(fleet: Fleet, invocation: Invocation) -> None:
    if isinstance(fleet, ServerlessFleet) and len(invocation.body) > MOST_OF_SERVERLESS:
        size = f"{len(invocation.body)} bytes"
        raise Refusal("ValidationError", f"The body has {size}: a serverless endpoint takes {MOST_OF_SERVERLESS}.")


def _unavailable(endpoint: str) -> Refusal:
    return Refusal("ServiceUnavailable", f"No instance of endpoint {endpoint} is in service.", 503)


def _not_implemented(operation_name: str) -> Refusal:
    advice = "endpoints here are real-time or serverless ones: use InvokeEndpoint."
    return Refusal(NOT_IMPLEMENTED, f"sagemaker-runtime.{operation_name} is not implemented by localcloud: {advice}")
