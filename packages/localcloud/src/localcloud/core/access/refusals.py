"""AWS's answer to a call that is denied: one sentence, and each service's own code and status."""

from __future__ import annotations

from localcloud.core.access.evaluation import Question
from localcloud.core.refusal import Refusal

# The code and the status that differ from AccessDeniedException with 400, by botocore's name of the service.
# https://docs.aws.amazon.com/<service>/latest/APIReference/CommonErrors.html
DENIED = {
    "s3": ("AccessDenied", 403),
    "iam": ("AccessDenied", 403),
    "sts": ("AccessDenied", 403),
    "cloudformation": ("AccessDenied", 403),
    "cloudwatch": ("AccessDenied", 403),
    "sqs": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "scheduler": ("AccessDeniedException", 403),
    "sagemaker-runtime": ("AccessDeniedException", 403),
}


def denied(service: str, question: Question, reason: str) -> Refusal:
    resource = f'"{question.resource}"' if service == "s3" else question.resource
    about = f"{question.action} on resource: {resource}"
    sentence = f"User: {question.principal.arn} is not authorized to perform: {about} {reason}"
    code, status = DENIED.get(service, ("AccessDeniedException", 400))
    return Refusal(code, sentence, status)
