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

    def of(self, resource: str) -> Policy | None:
        """None: it has none, or cannot have one, or does not exist."""
        if not resource.startswith("arn:"):
            return None
        service = resource.split(":", 3)[2]
        read = READERS.get(service)
        if not read:
            return None
        with self._moto(service) as backend:
            text = read(backend, resource)
        return parse(text, f"the policy of {resource.split('/')[0] if service == 's3' else resource}") if text else None


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


def _repository(ecr: Any, arn: str) -> str:
    """A repository's statements name no resource: it is the repository."""
    repository = ecr.repositories.get(Arn.parse(arn).resource.removeprefix("repository/"))
    if not repository or not repository.policy:
        return ""
    document = json.loads(repository.policy)
    for statement in document.get("Statement", ()):
        statement.setdefault("Resource", "*")
    return json.dumps(document)


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
    "ecr": _repository,
    "logs": _log_groups,
    "secretsmanager": _secret,
}
