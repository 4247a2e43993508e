"""SageMaker Runtime: InvokeEndpoint, answered by the model's own processes.

Not reproduced: asynchronous and streaming invocations, multi-model and multi-container endpoints, inference
components, sessions, explanations. They are refused, never answered with something else.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, ClassVar, cast

from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal, not_implemented
from localcloud.core.service import Service, operation
from localcloud.services.sagemaker.hosting.fleet import FOLDER, Fleet
from localcloud.services.sagemaker.hosting.fleet_registry import Endpoints, desk
from localcloud.services.sagemaker.hosting.invocation import Answer, Gone, Invocation

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
ATTEMPTS = 10  # to find a fleet that stays, while traffic moves
LONGEST_MESSAGE = 1024
CONSOLE = "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={group}"
TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for "
    "each container in Amazon CloudWatch, resolve the issue, and try again."
)


class SageMakerRuntime(Service):
    name: ClassVar[str] = "sagemaker-runtime"
    validation_code: ClassVar[str] = "ValidationError"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        shutil.rmtree(cloud.folder / FOLDER, ignore_errors=True)  # models of a server that was killed

    def reset(self) -> None:
        desk(self.cloud).abandon()

    def close(self) -> None:
        desk(self.cloud).close()

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
        fleet, answer = self._invoked(name, request.get("TargetVariant", ""), invocation)
        if answer.lost or answer.status >= 400:
            raise self._refusal(name, answer)
        told: Request = {"Body": answer.body, "InvokedProductionVariant": fleet.variant_name}
        told |= {"ContentType": answer.content_type} if answer.content_type else {}
        return told | ({"CustomAttributes": answer.custom_attributes} if answer.custom_attributes else {})

    @operation("InvokeEndpointAsync")
    def invoke_endpoint_async(self, _: Request) -> Request:
        raise _later("InvokeEndpointAsync")

    @operation("InvokeEndpointWithResponseStream")
    def invoke_endpoint_with_response_stream(self, _: Request) -> Request:
        raise _later("InvokeEndpointWithResponseStream")

    def _invoked(self, name: str, target: str, invocation: Invocation) -> tuple[Fleet, Answer]:
        """A fleet that leaves between its choice and the request has not taken it: the routes know another."""
        for _ in range(ATTEMPTS):
            fleet = self._fleet(name, target)
            try:
                return fleet, fleet.invoke(invocation)
            except Gone:
                continue
        raise Refusal("ServiceUnavailable", f"No instance of endpoint {name} is in service.", 503)

    def _fleet(self, name: str, target: str) -> Fleet:
        routes = cast("Endpoints", self.cloud.services["sagemaker"]).endpoint_routes(name)
        if routes is None or not routes.fleets:
            raise Refusal("ValidationError", f"Endpoint {name} of account {self.cloud.account} not found.")
        try:
            return routes.choose(target)
        except LookupError:
            raise Refusal("ValidationError", f"Variant {target} does not exist for Endpoint {name}.") from None

    def _refusal(self, endpoint: str, answer: Answer) -> Refusal:
        if not answer.stream:
            return Refusal("ServiceUnavailable", f"No instance of endpoint {endpoint} is in service.", 503)
        said = answer.body.decode(errors="replace")[:LONGEST_MESSAGE]
        if answer.lost and "took longer" in said:
            said = TIMED_OUT
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        who = "client" if 400 <= answer.status < 500 else "server"
        link = CONSOLE.format(region=self.cloud.region, group=group)
        sentence = f'Received {who} error ({answer.status}) from primary with message "{said}". See {link}'
        return Refusal(
            "ModelError",
            f"{sentence} in account {self.cloud.account} for more information.",
            424,
            OriginalStatusCode=answer.status,
            OriginalMessage=said,
            LogStreamArn=self.cloud.arn("logs", f"log-group:{group}:log-stream:{answer.stream}"),
        )


def _later(what: str) -> Refusal:
    advice = "endpoints here are real-time ones: use InvokeEndpoint."
    return Refusal(NOT_IMPLEMENTED, f"sagemaker-runtime.{what} is not implemented by localcloud: {advice}")
