"""Random statements of policies about a given request: most of their elements match it.

Left out is what iam-simulate decides otherwise than AWS's user guide says it:
- variables in a policy of 2008-10-17: iam-simulate replaces them, for AWS they are plain text;
- ${*}, ${?} and ${$} in StringEquals: iam-simulate takes them for plain text, AWS replaces them where it does others;
- a variable without a value in a negated operator or in NotResource: iam-simulate says it never matches, AWS that a
  negated operator does;
- a default value with ", " in it, and empty values: iam-simulate takes neither;
- variables in Bool and BinaryEquals: the user guide says both that they are replaced and that they are not;
- dates as seconds since 1970: iam-simulate reads them as milliseconds;
- addresses without a prefix length beside those of the other IP version: iam-simulate compares them as texts;
- ForAnyValue with IfExists, without a value: iam-simulate says it does not hold, the user guide that IfExists does;
- one value of a key that may have several, without a quantifier: iam-simulate goes by the key's type, which a request
  here does not know;
- a wildcard or a variable before the first separator of an ARN's resource, but for S3: iam-simulate compares that part
  as plain text, and takes the colon of a variable for a separator;
- an ARN with fewer than six fields and no wildcard: iam-simulate does not complete it in a resource's policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

Values = str | tuple[str, ...]  # a tuple for a key that may have several

NEGATED = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
    "IpAddress": "NotIpAddress",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
}
ORDERED = ("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS = {
    "string": ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "BinaryEquals"),
    "number": ("NumericEquals", *(f"Numeric{order}" for order in ORDERED)),
    "date": ("DateEquals", *(f"Date{order}" for order in ORDERED)),
    "bool": ("Bool",),
    "ip": ("IpAddress",),
    "arn": ("ArnEquals", "ArnLike"),
}
ACCOUNT = "123456789012"
# The type of each key, and the values that requests and policies have.
KEYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "aws:PrincipalTag/team": ("string", ("red", "blue", "green")),
    "aws:UserAgent": ("string", ("cli*2", "Boto3", "boto3", "cli?", "cost$")),
    "aws:SourceVpc": ("string", ("vpc-1", "vpc-2")),
    "aws:TagKeys": ("string", ("team", "owner", "Owner", "stage")),
    "aws:CalledVia": ("string", ("cloudformation.amazonaws.com", "athena.amazonaws.com")),
    "aws:MultiFactorAuthAge": ("number", ("0", "60", "60.5", "3600")),
    "aws:TokenIssueTime": ("date", ("2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z", "2026-06-01T12:00:00+02:00")),
    "aws:CurrentTime": ("date", ("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z")),
    "aws:SecureTransport": ("bool", ("true", "false")),
    "aws:SourceIp": ("ip", ("10.0.0.7", "192.168.1.9", "2001:db8::7")),
    "aws:SourceArn": (
        "arn",
        (
            f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms",
            f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/a:b",
            "arn:aws:s3:::data-red",
        ),
    ),
    "aws:PrincipalArn": ("arn", (f"arn:aws:iam::{ACCOUNT}:role/ci/build", f"arn:aws:iam::{ACCOUNT}:user/ann")),
    "aws:username": ("string", ("ann", "bob")),
    "aws:PrincipalIsAWSService": ("bool", ("true", "false")),
    "aws:PrincipalType": ("string", ("AssumedRole", "User")),
}
TEAM = "aws:PrincipalTag/team"
SEVERAL = ("aws:TagKeys", "aws:CalledVia")
NETWORKS = {"10.0.0.7": "10.0.0.0/8", "192.168.1.9": "192.168.1.9/32", "2001:db8::7": "2001:db8::/64"}


@dataclass(frozen=True)
class Target:
    """What a request is about; its context has the principal's keys."""

    action: str
    resource: str
    context: dict[str, Values]


class Statements:
    def __init__(self, random: Random, target: Target) -> None:
        self.random, self.target = random, target

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def policy(self, count: int, *, deny: float, old: float = 0.1, **elements: Callable[[str], dict[str, Any]]) -> Any:
        """``elements`` are functions of the effect: they add to each statement, as principals."""
        version = "2008-10-17" if self.chance(old) else "2012-10-17"
        statements = [self.statement("Deny" if self.chance(deny) else "Allow", version) for _ in range(count)]
        for statement in statements:
            for element in elements.values():
                statement |= element(statement["Effect"])
        return {"Version": version, "Statement": statements[0] if count == 1 and self.chance(0.3) else statements}

    def statement(self, effect: str, version: str) -> dict[str, Any]:
        statement: dict[str, Any] = {"Effect": effect, **self.actions(), **self.resources(version)}
        conditions: dict[str, dict[str, Any]] = {}
        for _ in range(self.random.choice((0, 0, 1, 1, 2) if effect == "Allow" else (1, 1, 2))):
            operator, key, values = self.condition(version)
            conditions.setdefault(operator, {})[key] = values[0] if len(values) == 1 and self.chance(0.5) else values
        return statement | ({"Condition": conditions} if conditions else {})

    def actions(self) -> dict[str, Any]:
        service, _, name = self.target.action.partition(":")
        if self.chance(0.12):
            return {"NotAction": [f"{service}:Delete*", "ec2:*"] if self.chance(0.85) else [f"{service}:{name[:3]}*"]}
        patterns = (
            self.target.action,
            f"{service}:*",
            f"{service}:{name[:4]}*",
            f"{service}:{name[0]}?{name[2:]}",
            f"{service}:*{name[3:-2]}*",
            f"{service}:{name.upper()}",
            "*",
        )
        pattern = self.random.choice(patterns) if self.chance(0.92) else f"{service}:Untag*"
        return {"Action": pattern if self.chance(0.3) else ["ec2:RunInstances", pattern]}

    def resources(self, version: str) -> dict[str, Any]:
        variables = version == "2012-10-17"
        if self.chance(0.12):
            others = ["arn:aws:s3:::elsewhere/*", f"arn:aws:sqs:*:{ACCOUNT}:other"]
            return {"NotResource": others if self.chance(0.85) else [self.resource(variables=False)]}
        resource = self.resource(variables)
        return {"Resource": resource if self.chance(0.3) else ["arn:aws:s3:::elsewhere", resource]}

    def resource(self, variables: bool) -> str:
        if self.target.resource == "*" or self.chance(0.15):
            return "*" if self.chance(0.85) else "arn:aws:s3:::elsewhere"
        fields = self.target.resource.split(":", 5)
        if self.chance(0.05):
            return ":".join([*fields[: self.random.choice((3, 4))], "*"])
        for number, wildcard in ((2, fields[2][0] + "*"), (3, "*"), (4, "*")):
            if self.chance(0.15):
                fields[number] = wildcard if fields[number] else ""
        separated = not self.target.resource.startswith("arn:aws:s3:") and {"/", ":"} & set(fields[5])
        replaceable = variables and bool(fields[2] == "s3" or separated)
        fields[5] = self.random.choice((self._wildcards, self._variable))(fields[5], replaceable)
        if self.chance(0.06):
            fields[5] += "x"
        return ":".join(fields)

    def _wildcards(self, name: str, variables: bool) -> str:
        start = max((name.find(separator) for separator in "/:"), default=-1) + 1
        kind, rest = name[:start], name[start:]
        escaped = [f"{rest[:-1]}${{*}}"] if variables else []
        return kind + self.random.choice(
            [rest, "*", f"{rest[:2]}*", f"?{rest[1:]}", f"*{rest[-1]}", f"{rest[0]}*?", *escaped]
        )

    def _variable(self, name: str, variables: bool) -> str:
        """The team in a name becomes a variable, with or without a default."""
        team = next((team for team in KEYS[TEAM][1] if team in name), "")
        if not (variables and team):
            return name
        default = f", '{team if self.chance(0.7) else 'nobody'}'" if self.chance(0.5) else ""
        key = self.random.choice((TEAM, "AWS:principaltag/Team"))
        return name.replace(team, f"${{{key}{default}}}")

    def condition(self, version: str) -> tuple[str, str, list[str]]:
        key = self.random.choice(list(KEYS))
        kind, given = KEYS[key][0], self.target.context.get(key)
        if self.chance(0.1):
            return "Null", key, ["true" if (given is None) == self.chance(0.8) else "false"]
        base = self.random.choice(OPERATORS[kind])
        names = [self._value(base, key, version) for _ in range(self.random.choice((1, 1, 2)))]
        resolved = TEAM in self.target.context or "${aws" not in "".join(names).lower()
        negated = base in NEGATED and resolved and self.chance(0.4)
        operator = NEGATED[base] if negated else base
        quantifier = self._quantifier(key)
        if_exists = "IfExists" if self.chance(0.25) and quantifier != "ForAnyValue:" else ""
        return f"{quantifier}{operator}{if_exists}", self._spelling(key), names

    def _quantifier(self, key: str) -> str:
        given = self.target.context.get(key, ())
        needed = key in SEVERAL and len(given) == 1
        quantifiers = ("ForAllValues:", "ForAnyValue:")
        probability = 1.0 if needed else 0.85 if key in SEVERAL else 0.05
        return self.random.choice(quantifiers) if self.chance(probability) else ""

    def _spelling(self, key: str) -> str:
        return key.lower() if self.chance(0.2) else key

    def _value(self, base: str, key: str, version: str) -> str:
        """The request's value with a good chance, as the operator would name it."""
        given = self.target.context.get(key, ())
        given = (given,) if isinstance(given, str) else given
        value = self.random.choice(given if given and self.chance(0.6) else KEYS[key][1])
        return self._written(base, value, version == "2012-10-17")

    def _written(self, base: str, value: str, variables: bool) -> str:
        if base == "IpAddress":
            return NETWORKS[value] if self.chance(0.8) else "172.16.0.0/12"
        if base == "StringLike":
            escaped = self._escaped(value, variables)
            return self.random.choice((escaped, escaped, escaped, f"{value[:2]}*", f"{value[:-1]}?", "*"))
        if base in ("ArnEquals", "ArnLike"):
            fields = value.split(":", 5)
            fields[3] = self.random.choice((fields[3], "*"))
            fields[5] = self.random.choice((fields[5], f"{fields[5][:2]}*", f"?{fields[5][1:]}"))
            return self._variable(":".join(fields), variables)
        if base == "StringEqualsIgnoreCase":
            return self.random.choice((value, value.upper()))
        if base == "StringEquals":
            return self._variable(value, variables)
        return value.upper() if base == "Bool" and self.chance(0.1) else value

    def _escaped(self, value: str, variables: bool) -> str:
        return re.sub(r"[*?$]", r"${\g<0>}", value) if variables else value
