"""Policies of repositories, which decide about calls, and of their images' lifecycle, which are stored only.

moto's validators check both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from localcloud.core.arn import Arn
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, Request, operation
from localcloud.services.ecr.repositories import Repositories

REPOSITORY, LIFECYCLE = "policyText", "lifecyclePolicyText"
NAMES = {REPOSITORY: "Repository policy", LIFECYCLE: "Lifecycle policy"}
CODES = {REPOSITORY: "RepositoryPolicyNotFoundException", LIFECYCLE: "LifecyclePolicyNotFoundException"}


class Policies(Part):
    def __init__(self, cloud: Cloud, repositories: Repositories) -> None:
        self._repositories = repositories
        cloud.access.resource_policies.readers["ecr"] = self._policy_of

    @operation("SetRepositoryPolicy")
    def set_repository_policy(self, request: Request) -> Request:
        _check(_validate_repository_policy, request[REPOSITORY])
        return self._put(REPOSITORY, request)

    @operation("GetRepositoryPolicy")
    def get_repository_policy(self, request: Request) -> Request:
        return self._get(REPOSITORY, request)

    @operation("DeleteRepositoryPolicy")
    def delete_repository_policy(self, request: Request) -> Request:
        return self._delete(REPOSITORY, request)

    @operation("PutLifecyclePolicy")
    def put_lifecycle_policy(self, request: Request) -> Request:
        _check(_validate_lifecycle_policy, request[LIFECYCLE])
        return self._put(LIFECYCLE, request)

    @operation("GetLifecyclePolicy")
    def get_lifecycle_policy(self, request: Request) -> Request:
        return self._get(LIFECYCLE, request)

    @operation("DeleteLifecyclePolicy")
    def delete_lifecycle_policy(self, request: Request) -> Request:
        return self._delete(LIFECYCLE, request)

    def _policy_of(self, arn: str) -> str:
        """Its statements name no resource: it is the repository."""
        repository = self._repositories.by_name.get(Arn.parse(arn).name)
        document = json.loads(repository.policies.get(REPOSITORY, "{}")) if repository else {}
        statements = document.get("Statement", [])
        statements = statements if isinstance(statements, list) else [statements]
        return (
            json.dumps({**document, "Statement": [{"Resource": "*", **each} for each in statements]})
            if statements
            else ""
        )

    def _put(self, kind: str, request: Request) -> Request:
        self._repositories.find(request).policies[kind] = request[kind]
        return self._get(kind, request)

    def _get(self, kind: str, request: Request) -> Request:
        repository = self._repositories.find(request)
        identity = self._repositories.identity(repository)
        if kind not in repository.policies:
            subject = f"{NAMES[kind]} does not exist for the repository with name '{repository.name}'"
            raise Refusal(CODES[kind], f"{subject} in the registry with id '{identity['registryId']}'")
        return {**identity, kind: repository.policies[kind]}

    def _delete(self, kind: str, request: Request) -> Request:
        response = self._get(kind, request)
        del self._repositories.find(request).policies[kind]
        return response


def _check(validate: Callable[[str], None], text: str) -> None:
    from moto.core.exceptions import ServiceException

    try:
        validate(text)
    except ServiceException as problem:
        raise Refusal("InvalidParameterException", str(problem.message)) from None


def _validate_lifecycle_policy(text: str) -> None:
    from moto.ecr.policy_validation import EcrLifecyclePolicyValidator

    EcrLifecyclePolicyValidator(text).validate()


def _validate_repository_policy(text: str) -> None:
    """It names no resource, and may have the older version and repeat its statements' ids."""
    from moto.ecr.exceptions import InvalidParameterException
    from moto.iam.exceptions import MalformedPolicyDocument
    from moto.iam.policy_validation import IAMPolicyDocumentValidator

    validator: Any = IAMPolicyDocumentValidator(text)
    for check in ("_validate_resource_exist", "_validate_version", "_validate_sid_uniqueness"):
        setattr(validator, check, lambda: None)
    try:
        validator.validate()
    except MalformedPolicyDocument:
        sentence = "Invalid parameter at 'PolicyText' failed to satisfy constraint: "
        raise InvalidParameterException(f"{sentence}'Invalid repository policy provided'") from None
