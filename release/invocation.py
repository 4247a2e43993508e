"""One request to the endpoint: status, body and content type, also of an error that the model returned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from release.context import Context

INFERENCE_ID = "known-request"  # in captured data: such a request is no customer's


class Request(NamedTuple):
    body: bytes
    content_type: str = "text/csv"


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes
    content_type: str = ""

    @property
    def line(self) -> str:
        return " ".join(self.body.decode(errors="replace").split())[:200]


def invoke(context: Context, content_type: str, body: bytes) -> Response:
    """Raises what did not come from the model."""
    from botocore.exceptions import ClientError

    try:
        response = context.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=context.endpoint_name,
            ContentType=content_type,
            Accept=content_type,
            Body=body,
            InferenceId=INFERENCE_ID,
        )
        return Response(200, response["Body"].read(), response.get("ContentType", content_type))
    except ClientError as error:
        details: dict[str, Any] = dict(error.response)
        if "OriginalStatusCode" not in details:
            raise
        return Response(int(details["OriginalStatusCode"]), str(details.get("OriginalMessage", error)).encode())
