"""The policies of resources: buckets, keys, queues, topics, repositories, log groups, secrets; by their ARNs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from localcloud.core.access.iam_policies import parse
from localcloud.core.access.policy import Policy
from localcloud.core.arn import Arn, bucket_and_key
from localcloud.core.moto_backends import Backends


class ResourcePolicies:
    def __init__(self, moto: Backends) -> None:
        self._moto = moto
        self.readers: dict[str, Callable[[str], str]] = {}  # of services that are not moto's, by their ARNs' service

    def of(self, resource: str) -> Policy | None:
        """None: it has none, or cannot have one, or does not exist."""
        if not resource.startswith("arn:"):
            return None
        service = resource.split(":", 3)[2]
        text = self._text(service, resource)
        return parse(text, f"the policy of {resource.split('/')[0] if service == 's3' else resource}") if text else None

    def _text(self, service: str, resource: str) -> str:
        if service in self.readers:
            return self.readers[service](resource)
        read = READERS.get(service)
        if not read:
            return ""
        with self._moto(service) as backend:
            return read(backend, resource)


def _bucket(s3: Any, arn: str) -> str:
    bucket = s3.buckets.get(bucket_and_key(arn)[0])
    return bucket.policy.decode() if bucket and bucket.policy else ""


def _key(kms: Any, arn: str) -> str:
    key = kms.keys.get(arn.rpartition("/")[2])
    return str(key.policy) if key else ""


def _queue(sqs: Any, arn: str) -> str:
    queue = sqs.queues.get(Arn.parse(arn).resource)
    return str(queue.policy or "") if queue else ""


def _topic(sns: Any, arn: str) -> str:
    topic = sns.topics.get(arn)
    return str(topic.policy) if topic else ""


def _log_groups(logs: Any, _: str) -> str:
    """The account's policies together: each names the groups that it is about."""
    documents = [json.loads(policy.policy_document) for policy in logs.resource_policies.values()]
    statements = [statement for document in documents for statement in _listed(document.get("Statement", []))]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else ""


def _secret(secrets: Any, arn: str) -> str:
    try:
        return str(secrets.secrets[arn].policy or "")
    except KeyError:
        return ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


READERS: dict[str, Callable[[Any, str], str]] = {
    "s3": _bucket,
    "kms": _key,
    "sqs": _queue,
    "sns": _topic,
    "logs": _log_groups,
    "secretsmanager": _secret,
}
