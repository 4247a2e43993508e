"""The KMS keys of what is encrypted: of a bucket, an object, a topic, a queue, a parameter, a secret.

The caller of S3, SQS or SNS needs the key too: the service uses it with the caller's permissions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from localcloud.core.access.calls import Need, Scope
from localcloud.core.arn import Arn, bucket_and_key
from localcloud.core.moto_backends import Backends

KMS = "kms:"
OF_AWS = "alias/aws/"  # AWS's own keys: nobody needs a permission
S3_CONTEXT = "kms:encryptioncontext:aws:s3:arn"


class EncryptionKeys:
    def __init__(self, moto: Backends, scope: Scope) -> None:
        self._moto, self._scope = moto, scope
        self.readers: dict[str, Callable[[str], str]] = {}  # of services that are not moto's, by their ARNs' service

    def resolve(self, need: Need) -> Need | None:
        """With the ARNs of keys and the names of their aliases; None if nothing is encrypted with a key of the account.

        A need whose resources are no keys stays as it is.
        """
        if not need.resources[0].startswith(KMS):
            return need
        keys = [self._key(resource.removeprefix(KMS)) for resource in need.resources]
        written = [key for key in keys if key and OF_AWS not in key]
        if not written:
            return None
        arns, aliases = [], []
        with self._moto("kms") as kms:
            for key in written:
                stored = _find(kms, key)
                arns.append(str(stored.arn) if stored else self._arn(key))
                aliases += list(stored.aliases) if stored else []
        context = {"kms:calleraccount": (self._scope.account,), "kms:resourcealiases": tuple(aliases)}
        return replace(need, resources=tuple(arns), context={**need.context, **context, **self._s3_context(need)})

    def _key(self, written: str) -> str:
        """As a request or a setting names it; "" if there is none."""
        service = written.split(":")[2] if written.startswith("arn:") else "kms"
        if service in self.readers:
            return self.readers[service](written)
        if service == "kms":
            return written
        read = READERS.get(service)
        if not read:
            return ""
        with self._moto(service) as backend:
            return str(read(backend, written) or "")

    def _arn(self, key: str) -> str:
        scope = self._scope
        name = key if key.startswith("alias/") else f"key/{key}"
        return key if key.startswith("arn:") else f"arn:{scope.partition}:kms:{scope.region}:{scope.account}:{name}"

    def _s3_context(self, need: Need) -> dict[str, tuple[str, ...]]:
        """With a bucket key it names the bucket, else the object."""
        arn = need.resources[0].removeprefix(KMS)
        if not arn.startswith("arn:aws:s3:::"):
            return {}
        name, _ = bucket_and_key(arn)
        with self._moto("s3") as s3:
            rule = (getattr(s3.buckets.get(name), "encryption", None) or {}).get("Rule", {})
        return {S3_CONTEXT: (f"arn:aws:s3:::{name}" if str(rule.get("BucketKeyEnabled")).lower() == "true" else arn,)}


def _find(kms: Any, written: str) -> Any:
    name = written.split(":")[5] if written.startswith("arn:") else written
    if name.startswith("alias/"):
        return next((key for key in kms.keys.values() if name in key.aliases), None)
    return kms.keys.get(name.removeprefix("key/"))


def _of_s3(s3: Any, arn: str) -> str:
    """An object's own, or the bucket's default."""
    name, key = bucket_and_key(arn)
    bucket = s3.buckets.get(name)
    if not bucket:
        return ""
    if key:
        stored = bucket.keys.get(key)
        return str(stored.kms_key_id or "") if getattr(stored, "encryption", "") == "aws:kms" else ""
    default = (bucket.encryption or {}).get("Rule", {}).get("ApplyServerSideEncryptionByDefault", {})
    return str(default.get("KMSMasterKeyID") or "") if default.get("SSEAlgorithm") == "aws:kms" else ""


def _of_queue(sqs: Any, arn: str) -> str:
    return str(getattr(sqs.queues.get(Arn.parse(arn).resource), "kms_master_key_id", "") or "")


def _of_topic(sns: Any, arn: str) -> str:
    return str(getattr(sns.topics.get(arn), "kms_master_key_id", "") or "")


def _of_parameter(ssm: Any, arn: str) -> str:
    name = Arn.parse(arn).resource.removeprefix("parameter/")
    parameter = ssm.get_parameter(name) or ssm.get_parameter(f"/{name}")
    return str(parameter.keyid or "") if parameter and parameter.type == "SecureString" else ""


def _of_secret(secrets: Any, arn: str) -> str:
    try:
        return str(secrets.secrets[Arn.parse(arn).resource.removeprefix("secret:")].kms_key_id or "")
    except KeyError:
        return ""


READERS: dict[str, Callable[[Any, str], str]] = {
    "s3": _of_s3,
    "sqs": _of_queue,
    "sns": _of_topic,
    "ssm": _of_parameter,
    "secretsmanager": _of_secret,
}
