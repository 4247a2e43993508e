"""The stacks of an environment's delivery, with their parameters: a pure function of the settings.

The environment is the one that builds models. It has the two pipelines, what releases to each of the two stages, and a
foundation for every stage that they use.
An environment with a model group of its own is for experiments: nothing of it is released; it needs a foundation only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from aws.s3 import split_uri
from settings.errors import SettingsProblem
from settings.loader import load
from settings.model import Settings

TEMPLATES = Path(__file__).resolve().parent / "templates"
FOLDER = "codepipeline/templates"
ARTIFACT_FOLDER = 20  # characters of a pipeline's name that CodePipeline uses for the folder of its artifacts


@dataclass(frozen=True)
class Stack:
    name: str
    template: str  # its file in templates/
    parameters: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)
    holds_data: bool = False  # protected against deletion

    @property
    def path(self) -> Path:
        return TEMPLATES / self.template


def releases(settings: Settings, folder: Path) -> bool:
    """Do staging and production deploy from the group that this environment registers its models in?"""
    staging, production = _targets(settings, folder)
    if staging.project.group != production.project.group:
        raise SettingsProblem(
            f"project.group of {staging.env} is {staging.project.group}, that of {production.env} is "
            f"{production.project.group}: a model goes to one and then to the other, so name one group"
        )
    return settings.project.group == production.project.group


def stages(settings: Settings, folder: Path) -> list[Settings]:
    """The one that builds models, then those that deploy them: each stage once."""
    others = _targets(settings, folder) if releases(settings, folder) else []
    by_name = {stage.env: stage for stage in [settings, *others]}
    for stage in by_name.values():
        if stage.require_account() != settings.require_account():
            raise SettingsProblem(
                f"{stage.file}: aws.account_id = {stage.aws.account_id} is not that of {settings.file}: "
                "the stages of one delivery share an account; give each account a delivery of its own"
            )
    return list(by_name.values())


def stacks(settings: Settings, folder: Path, *, network: bool = False, every: bool = False) -> list[Stack]:
    """In the order of their creation. ``every``: with those that the settings turn off."""
    result = [_network(settings)] if network else []
    result += [_foundation(stage, settings) for stage in stages(settings, folder)]
    if releases(settings, folder):
        staging, production = _targets(settings, folder)
        result += [_build(settings), _release(settings, "staging", staging, settings.delivery.staging)]
        result += [_release(settings, "production", production, settings.delivery.production)]
        result += [_deploy(settings, staging, production), _notices(settings), _schedules(settings)]
        result += [stack for stack, enabled in optional(settings, folder) if enabled or every]
    return result


def optional(settings: Settings, folder: Path) -> list[tuple[Stack, bool]]:
    """Those that a setting turns on: of a delivery only."""
    if not releases(settings, folder):
        return []
    _, production = _targets(settings, folder)
    return [
        (_overdue(settings, production), settings.delivery.overdue_hours > 0),
        (_automatic_approval(settings), settings.automatic_approval.enabled),
    ]


def _targets(settings: Settings, folder: Path) -> list[Settings]:
    return [load(env, folder) for env in (settings.delivery.staging, settings.delivery.production)]


def name_of(settings: Settings, template: str) -> str:
    return f"{settings.project.name}-{settings.env}-{template}"


def _stack(settings: Settings, template: str, parameters: dict[str, str], *, holds_data: bool = False) -> Stack:
    common = {"Project": settings.project.name, "Stage": settings.env}
    tags = dict(settings.tags)
    return Stack(name_of(settings, template), f"{template}.yml", common | parameters, tags, holds_data)


def _foundation(stage: Settings, builder: Settings) -> Stack:
    parameters = {
        "ModelGroup": stage.project.group,
        "BucketName": stage.bucket,
        "DataBucketName": _data_bucket(stage),
        "DataKeyArn": stage.data.kms_key_arn,
        "JobPrefix": stage.job_prefix,
        "ModelStage": builder.env,
        "ModelBucketName": builder.bucket,
        "ArtifactStart": _artifact_start(stage),
        "NotifyEmail": stage.delivery.notify_email,
    }
    return _stack(stage, "foundation", parameters, holds_data=True)


def _network(settings: Settings) -> Stack:
    return _stack(settings, "network", {})


def _build(settings: Settings) -> Stack:
    delivery = settings.delivery
    parameters = {
        "BuildEnvironment": settings.layers,
        "BucketName": settings.bucket,
        "ArtifactStart": _artifact_start(settings),
        "DataBucketName": _data_bucket(settings),
        "ConnectionArn": delivery.connection_arn if delivery.source == "connection" else "",
        "Repository": delivery.repository,
        "Branch": delivery.branch,
        "WatchedPaths": ",".join(delivery.watched_paths),
        "Tests": delivery.tests,
        **_build_network(settings),
    }
    return _stack(settings, "build", parameters)


def _release(settings: Settings, kind: str, target: Settings, environment: str) -> Stack:
    """Of staging or of production: each can change its own stage only."""
    parameters = {
        "Kind": kind,
        "ModelGroup": settings.project.group,
        "TargetStage": target.env,
        "TargetEnvironment": environment,
        "TargetBucketName": target.bucket,
        "BucketName": settings.bucket,
        **_build_network(settings),
    }
    return replace(_stack(settings, "release", parameters), name=name_of(settings, f"release-{kind}"))


def _deploy(settings: Settings, staging: Settings, production: Settings) -> Stack:
    parameters = {
        "ModelGroup": settings.project.group,
        "StagingEnvironment": settings.delivery.staging,
        "ProductionEnvironment": settings.delivery.production,
        "StagingStage": staging.env,
        "ProductionStage": production.env,
        "BucketName": settings.bucket,
        "StagingBucketName": staging.bucket,
        "ProductionBucketName": production.bucket,
        **_build_network(settings),
    }
    return _stack(settings, "deploy", parameters)


def _build_network(settings: Settings) -> dict[str, str]:
    """Empty values without a VPC, so that a stack that had one loses it."""
    vpc, network = settings.delivery.vpc_id, settings.network
    subnets, groups = (network.subnets, network.security_groups) if vpc else ((), ())
    return {"VpcId": vpc, "SubnetIds": ",".join(subnets), "SecurityGroupIds": ",".join(groups)}


def _notices(settings: Settings) -> Stack:
    parameters = {"BuildEnvironment": settings.layers, "ProductionEnvironment": settings.delivery.production}
    return _stack(settings, "notices", parameters)


def _overdue(settings: Settings, production: Settings) -> Stack:
    parameters = {
        "ModelGroup": settings.project.group,
        "ProductionBucketName": production.bucket,
        "ProductionStage": production.env,
        "BuildEnvironment": settings.layers,
        "Hours": str(settings.delivery.overdue_hours),
    }
    return _stack(settings, "overdue", parameters)


def _automatic_approval(settings: Settings) -> Stack:
    parameters = {
        "ModelGroup": settings.project.group,
        "BucketName": settings.bucket,
        "MetricLimit": str(settings.automatic_approval.metric_limit),
        "MinimumImprovement": str(settings.automatic_approval.minimum_improvement),
    }
    return _stack(settings, "automatic-approval", parameters)


def _schedules(settings: Settings) -> Stack:
    retraining = settings.retraining
    parameters = {
        "PipelineName": settings.pipeline_name,
        "BucketName": _data_bucket(settings),
        "Schedule": retraining.schedule,
        "Timezone": retraining.timezone,
        "DataArrival": retraining.data_arrival,
        "DriftAlarms": retraining.drift_alarms,
    }
    return _stack(settings, "schedules", parameters)


def _artifact_start(settings: Settings) -> str:
    """The keys of artifacts are <20 characters of the pipeline's name>/Source/...; a longer name is cut off."""
    name = settings.pipeline_name
    return f"{name}-" if len(name) < ARTIFACT_FOLDER else f"{name[:ARTIFACT_FOLDER]}/Source/"


def _data_bucket(settings: Settings) -> str:
    return split_uri(settings.data_uri)[0]
