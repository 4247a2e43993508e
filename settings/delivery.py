"""The section of delivery: which repository and branch are built, which environments are deployed to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.account import IN_A_VPC
from settings.fields import Section, matching, optional, unique

LAYER = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
PART = r"[A-Za-z0-9_.-]{1,100}"
CONNECTION = (
    r"arn:aws[a-z-]*:(?:codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/"
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
Environment = Annotated[
    str, matching(rf"{LAYER}(?:\+{LAYER})*", 'be what --env takes, such as "staging" or "staging+local"')
]
Branch = Annotated[
    str,
    matching(
        r"(?!.*(?:\.\.|//|@\{))(?!/)[\w.@/{}#+-]{1,255}(?<![/.])",
        'be the name of a branch, such as "main"',
    ),
]
Repository = Annotated[
    str,
    matching(
        optional(rf"{PART}(?:/{PART}){{0,4}}"),
        'be "owner/name" of a repository behind a connection, the name of a CodeCommit repository, or ""',
    ),
]
Connection = Annotated[
    str,
    matching(
        optional(CONNECTION),
        'be the ARN of a connection ("arn:aws:codeconnections:<region>:<account>:connection/<id>"), or ""',
    ),
]
Glob = Annotated[
    str,
    matching(
        r"[^\s\\,]{1,255}",
        'be a glob of paths without spaces and commas, at most 255 characters, such as "scripts/**"',
    ),
]
Vpc = Annotated[str, matching(optional(r"vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})"), 'be the ID of a VPC ("vpc-..."), or ""')]

Email = Annotated[
    str, matching(optional(r"[^@\s\"<>]{1,64}@[^@\s\"<>]{1,190}"), 'be an e-mail address, or "" for nobody')
]


class Delivery(Section):
    source: Literal["connection", "codecommit"]
    repository: Repository
    connection_arn: Connection
    branch: Branch
    watched_paths: Annotated[tuple[Glob, ...], AfterValidator(unique)] = Field(
        max_length=8, description="a trigger of CodePipeline filters by at most 8 globs"
    )
    tests: Literal["template", "unit"]
    vpc_id: Annotated[Vpc, IN_A_VPC]
    notify_email: Email
    max_changed_labels: float = Field(ge=0, le=1, description="it is a fraction of the answers: 0.05 is 5 %")
    overdue_hours: int = Field(ge=0, le=720)
    staging: Environment
    production: Environment = Field(
        description="its releases become the champion; an environment without a staging names itself here"
    )
