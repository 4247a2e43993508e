"""The session of a model's role, in which its instances run: opened by the first that needs it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from localcloud.core.access.principal import Principal
from localcloud.core.refusal import Refusal
from localcloud.runtime.jobs.model_server import ModelServerError
from localcloud.services.sagemaker import execution_roles
from localcloud.services.sagemaker.image_registry import denied_pull

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


class ModelSession:
    def __init__(self, cloud: Cloud, role_arn: str) -> None:
        self._cloud, self.role_arn = cloud, role_arn

    @cached_property
    def principal(self) -> Principal:
        """Raises ModelServerError."""
        try:
            return execution_roles.assume(self._cloud, self.role_arn, execution_roles.hosting_source(self._cloud))
        except Refusal:
            raise ModelServerError(f"Could not assume role {self.role_arn}. {execution_roles.MAY}") from None

    def check_pull(self, image: str) -> None:
        """Raises ModelServerError."""
        if denied := denied_pull(self._cloud, self.principal, image):
            sentence = f"The role '{self.role_arn}' does not have {denied} permission for the image: '{image}'."
            raise ModelServerError(sentence)
