"""All sections, and the names that are derived from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer
from pydantic.fields import FieldInfo

from settings.account import Aws, Network, Project
from settings.automatic_approval import AutomaticApproval
from settings.aws_names import Tags
from settings.delivery import Delivery
from settings.environments import LAYER
from settings.errors import SettingsProblem
from settings.fields import Section
from settings.files import BASE
from settings.judgement import Judgement
from settings.pipeline import Data, Pipeline, Problem, Processing, QualityGate, Training
from settings.release import Alarms, Rollout, Serving
from settings.retraining import Retraining

NAME_IN_JOBS = 20  # characters


class Sections(Section):
    project: Project
    aws: Aws
    data: Data
    problem: Problem
    processing: Processing
    training: Training
    quality_gate: QualityGate
    pipeline: Pipeline
    serving: Serving
    rollout: Rollout
    judgement: Judgement
    alarms: Alarms
    delivery: Delivery
    automatic_approval: AutomaticApproval
    retraining: Retraining
    network: Network
    tags: Tags


def leaves() -> dict[str, FieldInfo]:
    """Every field by its path, such as "training.rounds"; [tags] has none, as any are allowed."""
    return {
        f"{name}.{key}": leaf
        for name, section in Sections.model_fields.items()
        for key, leaf in getattr(section.annotation, "model_fields", {}).items()
    }


class Settings(Sections):
    """The settings of one environment. ``sources`` has the file that each value comes from."""

    env: str  # the first layer: it is part of every name in AWS
    layers: str  # the value of --env: "prod", "prod+local"
    files: tuple[str, ...]  # base.toml first, as messages name them
    sources: Annotated[Mapping[str, str], AfterValidator(MappingProxyType), PlainSerializer(dict)]

    @property
    def file(self) -> str:
        """The topmost overlay, for messages."""
        return self.files[-1]

    @property
    def pipeline_name(self) -> str:
        return f"{self.project.name}-{self.env}"

    @property
    def job_prefix(self) -> str:
        """Of the names of the pipeline's jobs, in which 63 characters have to be enough for the step as well."""
        return job_prefix(self.project.name, self.env)

    @property
    def key_alias(self) -> str:
        """Of the foundation's KMS key."""
        return f"alias/{self.pipeline_name}"

    @property
    def endpoint_name(self) -> str:
        return f"{self.project.name}-{self.env}"

    @property
    def is_production(self) -> bool:
        """Is this the environment whose releases become the champion?"""
        return self.env == self.delivery.production.split(LAYER)[0]

    @property
    def bucket(self) -> str:
        return self.aws.bucket or bucket_name(self, self.env, self.require_account())

    @property
    def role_arn(self) -> str:
        """Of the pipeline and its jobs."""
        return self.aws.role_arn or self._role("training")

    @property
    def hosting_role_arn(self) -> str:
        """Of models that serve."""
        return self.aws.hosting_role_arn or self._role("hosting")

    def _role(self, name: str) -> str:
        return f"arn:{self.aws.partition}:iam::{self.require_account()}:role/{self.pipeline_name}-{name}"

    @property
    def account(self) -> str:
        """Its ID, from the role where the settings name only that."""
        return self.aws.account_id or self.role_arn.split(":")[4]

    @property
    def topic_arn(self) -> str:
        """Of the foundation's topic, which notices and alarms go to."""
        return f"arn:{self.aws.partition}:sns:{self.aws.region}:{self.account}:{self.pipeline_name}"

    @property
    def prefix(self) -> str:
        """The S3 location under which this project stores everything."""
        return f"s3://{self.bucket}/{self.project.name}"

    @property
    def data_uri(self) -> str:
        return self.data.uri or f"{self.prefix}/data"

    def precedence(self, path: str) -> int:
        """0 for a value from the base, 1 from the first overlay, more from the layers above it."""
        files = [BASE, *(f"{layer}.toml" for layer in self.layers.split(LAYER))]
        return files.index(self.sources.get(path, BASE))

    def require_account(self) -> str:
        """The account's ID; an error says how to set it."""
        if not self.aws.account_id:
            raise SettingsProblem(
                f'{self.file}: aws.account_id = "": must be set, to name the bucket and the role; write the 12 digits '
                "that `aws sts get-caller-identity --query Account` prints, or set aws.bucket, aws.role_arn and "
                "aws.hosting_role_arn"
            )
        return self.aws.account_id


def job_prefix(project: str, env: str) -> str:
    """With a hash: no project's prefix is the start of another's, whatever their names."""
    digest = hashlib.sha256(f"{project}/{env}".encode()).hexdigest()
    return f"{project}-{env}"[:NAME_IN_JOBS].rstrip("-") + f"-{digest[:8]}"


def bucket_name(sections: Sections, env: str, account_id: str) -> str:
    """With environment, account and region in it: bucket names are shared by all of AWS."""
    return f"{sections.project.name}-{env}-{account_id}-{sections.aws.region}"
