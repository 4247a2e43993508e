"""Random requests, each with the policies that decide it, for the engine and for iam-simulate.

Left out is what iam-simulate decides otherwise than AWS's user guide says it (statements: ``iam_statements``):
- a session policy beside a grant to the session itself or to everyone: AWS does not limit such a grant, iam-simulate
  does;
- NotPrincipal with Allow, which AWS does not support, and NotPrincipal that names an account without its role or user,
  or the other way round: iam-simulate exempts either, AWS only both.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from support.iam_statements import ACCOUNT, KEYS, SEVERAL, TEAM, Statements, Target, Values

from localcloud.core.access.evaluation import Policies, Question
from localcloud.core.access.policy import Policy
from localcloud.core.access.principal import ROLE, SERVICE, USER, Principal, service_principal

SESSION = Principal(
    ROLE,
    f"arn:aws:sts::{ACCOUNT}:assumed-role/build/s-1",
    ACCOUNT,
    role_arn=f"arn:aws:iam::{ACCOUNT}:role/ci/build",
    user_id="AROA1234567890:s-1",
)
PERSON = Principal(USER, f"arn:aws:iam::{ACCOUNT}:user/ann", ACCOUNT, user_id="AIDA1234567890")
ALARMS = service_principal("cloudwatch.amazonaws.com", ACCOUNT, f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms")
# The principal's keys, for iam-simulate: the engine has them by itself.
PRINCIPAL_KEYS: dict[str, dict[str, Values]] = {
    ROLE: {
        "aws:PrincipalArn": SESSION.role_arn,
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalType": "AssumedRole",
        "aws:userid": SESSION.user_id,
        "aws:PrincipalIsAWSService": "false",
    },
    USER: {
        "aws:PrincipalArn": PERSON.arn,
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalType": "User",
        "aws:userid": PERSON.user_id,
        "aws:username": "ann",
        "aws:PrincipalIsAWSService": "false",
    },
    SERVICE: {
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": ALARMS.arn,
        "aws:SourceAccount": ACCOUNT,
        "aws:SourceArn": ALARMS.source_arn,
    },
}
ROLE_RESOURCE = f"arn:aws:iam::{ACCOUNT}:role/deploy-red"
# Actions and their resource; whether it may have a policy, and whether that must allow.
SCENES: tuple[tuple[tuple[str, ...], str, bool, bool], ...] = (
    (("s3:GetObject", "s3:PutObject"), "arn:aws:s3:::data-red/2026/red/rows.csv", True, False),
    (("s3:ListBucket",), "arn:aws:s3:::data-red", True, False),
    (("sqs:SendMessage", "sqs:ReceiveMessage"), f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs-blue", True, False),
    (("sns:Publish",), f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms-green", True, False),
    (("kms:Decrypt", "kms:GenerateDataKey"), f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234-red", True, True),
    (("sts:AssumeRole",), ROLE_RESOURCE, True, True),
    (("iam:PassRole", "iam:GetRole"), ROLE_RESOURCE, False, False),
    (("sagemaker:DescribeEndpoint",), f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:endpoint/churn-red", False, False),
    (("logs:PutLogEvents",), f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/jobs/red:log-stream:a/b", False, False),
    (("s3:ListAllMyBuckets", "sagemaker:ListModels"), "*", False, False),
)


@dataclass(frozen=True)
class Case:
    principal: Principal
    target: Target
    identity: list[Any]
    boundary: Any
    session: Any
    resource: Any
    must_allow: bool

    def question(self) -> Question:
        context = {
            key.lower(): (value,) if isinstance(value, str) else value for key, value in self.target.context.items()
        }
        return Question(self.principal, self.target.action, self.target.resource, context)

    def policies(self) -> Policies:
        return Policies(
            [Policy.parse(document) for document in self.identity],
            Policy.parse(self.boundary) if self.boundary else None,
            [Policy.parse(self.session)] if self.session else None,
            Policy.parse(self.resource) if self.resource else None,
            self.must_allow,
        )

    def simulation(self) -> dict[str, Any]:
        """As iam-simulate takes it."""
        named = [{"name": f"p{number}", "policy": policy} for number, policy in enumerate(self.identity)]
        return {
            "request": {
                "principal": self.principal.arn,
                "action": self.target.action,
                "resource": {"resource": self.target.resource, "accountId": ACCOUNT},
                "contextVariables": self.target.context,
            },
            "identityPolicies": named,
            "serviceControlPolicies": [],
            "resourceControlPolicies": [],
            **({"permissionBoundaryPolicies": [{"name": "b", "policy": self.boundary}]} if self.boundary else {}),
            **({"sessionPolicy": self.session} if self.session else {}),
            **({"resourcePolicy": self.resource} if self.resource else {}),
        }


def cases(count: int, seed: int) -> list[Case]:
    random = Random(seed)  # noqa: S311
    return [_case(random) for _ in range(count)]


def _case(random: Random) -> Case:
    actions, resource, has_policy, must_allow = random.choice(SCENES)
    principal = random.choice((SESSION, SESSION, PERSON, ALARMS) if has_policy else (SESSION, SESSION, PERSON))
    context = _context(random) | PRINCIPAL_KEYS[principal.kind]
    statements = Statements(random, Target(random.choice(actions), resource, context))
    identity, boundary, session = [], None, None
    if principal.kind != SERVICE:
        identity = [statements.policy(random.randint(1, 3), deny=0.1) for _ in range(random.choice((0, 1, 2, 2)))]
        boundary = statements.policy(random.randint(2, 4), deny=0.05) if random.random() < 0.3 else None
    if principal.kind == ROLE and random.random() < 0.3:
        session = statements.policy(random.randint(2, 4), deny=0.05)
    policy = _resource_policy(random, statements, principal, bool(session)) if must_allow or has_policy else None
    if policy and not must_allow and principal.kind != SERVICE and random.random() < 0.4:
        policy = None
    return Case(principal, statements.target, identity, boundary, session, policy, must_allow)


def _context(random: Random) -> dict[str, Values]:
    context: dict[str, Values] = {}
    for key, (_, values) in KEYS.items():
        if key.startswith(("aws:Principal", "aws:user")) and key != TEAM:
            continue
        if key in ("aws:SecureTransport", "aws:SourceIp", "aws:CurrentTime") or random.random() < 0.6:
            several = tuple(random.sample(values, random.choice((1, 2))))
            context[key] = several if key in SEVERAL else random.choice(values)
    return context


def _resource_policy(random: Random, statements: Statements, principal: Principal, limited: bool) -> Any:
    def principals(effect: str) -> dict[str, Any]:
        if effect == "Deny" and random.random() < 0.3:
            return {"NotPrincipal": _exempt(random, principal)}
        return {"Principal": _principal(random, principal, limited and effect == "Allow")}

    policy = statements.policy(random.randint(1, 4), deny=0.12, principals=principals)
    if statements.target.action == "sts:AssumeRole":  # a trust policy has no resources
        listed = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
        for statement in listed:
            statement.pop("Resource", None), statement.pop("NotResource", None)
    return policy


def _principal(random: Random, principal: Principal, limited: bool) -> Any:
    other = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}
    if principal.kind == SERVICE:
        services: list[Any] = ["events.amazonaws.com", principal.arn]
        return random.choice(({"Service": principal.arn}, {"Service": services}, {"Service": services[0]}, other))
    account = [{"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"AWS": ACCOUNT}]
    role = [{"AWS": [principal.role_arn, other["AWS"]]}] * 2 if principal.role_arn else []
    direct = [] if limited else ["*", {"AWS": "*"}, {"AWS": principal.arn}, {"AWS": [principal.arn, ACCOUNT]}]
    return random.choice([*account, *account, *role, *direct, other, {"Service": "sns.amazonaws.com"}])


def _exempt(random: Random, principal: Principal) -> Any:
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    if principal.kind == SERVICE:
        return random.choice(({"Service": principal.arn}, {"AWS": other}))
    account = f"arn:aws:iam::{ACCOUNT}:root"
    names = [name for name in (account, principal.role_arn, principal.arn) if name]
    return {"AWS": names if random.random() < 0.7 else [other]}
