"""``--delete``: an environment's endpoint with everything that belongs to it. Says first what goes and what stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aws.tables import columns
from release.context import Site
from release.execute.cleanup import delete_alarms, gone
from release.execute.execute import execute
from release.plan import scaling
from release.state import owned_resources
from release.state.endpoint import look
from release.state.lease import Lease
from settings.errors import Problem, UsageProblem

Ask = Callable[[str], str]
POLLS = 400  # with growing waits: half an hour


@dataclass(frozen=True)
class Belongings:
    status: str  # of the endpoint; "" when there is none
    scaled: bool
    configs: list[str]
    models: list[str]
    alarms: list[str]

    @property
    def any(self) -> bool:
        return bool(self.status or self.scaled or self.configs or self.models or self.alarms)

    def told(self, site: Site) -> str:
        rows = [
            ("endpoint", f"{site.endpoint} ({self.status})" if self.status else ""),
            ("autoscaling", "of its variant" if self.scaled else ""),
            ("configs", ", ".join(self.configs)),
            ("models", ", ".join(self.models)),
            ("alarms", ", ".join(self.alarms)),
        ]
        return columns([row for row in rows if row[1]])


def belongings(site: Site) -> Belongings:
    seen = look(site.client("sagemaker"), site.endpoint)
    variant = scaling.of_variant(site.settings)
    resource = variant.pop("ResourceId")
    targets = site.client("application-autoscaling").describe_scalable_targets(**variant, ResourceIds=[resource])
    scaled, alarms = bool(targets["ScalableTargets"]), sorted(owned_resources.alarms(site))
    return Belongings(seen.status, scaled, owned_resources.configs(site), owned_resources.models(site), alarms)


def delete(site: Site, yes: bool, ask: Ask | None) -> int:
    """The exit code. ``ask`` is None where nobody can answer."""
    found = site.patiently(lambda: belongings(site))
    if not found.any:
        site.say(f"endpoint {site.endpoint} and what belongs to it do not exist: nothing to delete")
        return 0
    site.say(f"to be deleted:\n{found.told(site)}\n{_stays(site)}")
    if not yes and not _agreed(site, ask):
        site.say("nothing was deleted")
        return 1
    with Lease(site) as lease:
        _delete(site, site.patiently(lambda: belongings(site)), lease)
        lease.note(None)
    site.say(f"deleted {site.endpoint}")
    return 0


def _delete(site: Site, found: Belongings, lease: Lease) -> None:
    if found.status in ("Creating", "Updating", "RollingBack", "SystemUpdating"):
        raise Problem(f"endpoint {site.endpoint} is {found.status}: wait until it is InService, then delete it")
    sagemaker = site.client("sagemaker")
    if found.scaled:
        execute([scaling.deregister(site.settings, "the endpoint is deleted")], site, lease.check)
    if found.status and found.status != "Deleting":
        lease.check()
        site.patiently(lambda: gone(sagemaker.delete_endpoint, EndpointName=site.endpoint))
    _wait(site)
    for config in found.configs:
        site.patiently(lambda name=config: gone(sagemaker.delete_endpoint_config, EndpointConfigName=name))  # type: ignore[misc]
    for model in found.models:
        site.patiently(lambda name=model: gone(sagemaker.delete_model, ModelName=name))  # type: ignore[misc]
    site.patiently(lambda: delete_alarms(site, found.alarms))


def _wait(site: Site) -> None:
    wait = site.pace.first_poll
    for _ in range(POLLS):
        seen = site.patiently(lambda: look(site.client("sagemaker"), site.endpoint))
        if not seen.status:
            return
        if not seen.moving:
            break
        site.sleep(wait)
        wait = min(wait * 1.3, site.pace.longest_poll)
    raise Problem(f"endpoint {site.endpoint} does not go away (it is {seen.status}): repeat --delete")


def _stays(site: Site) -> str:
    bucket, project = site.settings.bucket, site.settings.project.name
    capture = f"s3://{bucket}/{project}/capture"
    return (
        f"What stays: the records in s3://{bucket}/{site.releases}, captured requests in {capture}, "
        f"the logs in /aws/sagemaker/Endpoints/{site.endpoint}, and the packages of {site.settings.project.group}."
    )


def _agreed(site: Site, ask: Ask | None) -> bool:
    if ask is None:
        raise UsageProblem(f"--delete asks first, and nobody can answer here: add --yes to delete {site.endpoint}")
    try:
        answer = ask(f"Delete {site.endpoint} and all of this? [y/N] ")
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")
