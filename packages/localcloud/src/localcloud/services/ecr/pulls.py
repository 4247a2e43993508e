"""Images of this account as the engine of this machine has them: pulled by digest, and removed at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.core.access.principal import administrator
from localcloud.core.service import Part
from localcloud.runtime.jobs import engine
from localcloud.services.ecr.hosts import local_host

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud
    from localcloud.services.ecr.authorization import Authorization


class Pulls(Part):
    def __init__(self, cloud: Cloud, authorization: Authorization) -> None:
        self.cloud, self._authorization = cloud, authorization
        self._pulled: set[str] = set()

    def pull(self, repository: str, digest: str) -> str:
        """Returns the engine's name of the image. Raises EngineError. Not under the lock."""
        host = local_host(self.cloud)
        name = f"{host}/{repository}@{digest}"
        engine_user = administrator(self.cloud.account)  # what the role may pull was decided before
        with self.cloud.lock:
            credentials = self._authorization.encoded(self._authorization.new_password(engine_user))
        if engine.pull(name, host, credentials):
            self._pulled.add(name)
        return name

    def close(self) -> None:
        """Names that nothing can be pulled by any more."""
        for name in self._pulled:
            engine.run("rmi", name)
