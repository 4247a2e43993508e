"""Who makes a call."""

from __future__ import annotations

from dataclasses import dataclass

ADMINISTRATOR, USER, ROLE, SERVICE = "administrator", "user", "role", "service"


@dataclass(frozen=True)
class Principal:
    """The administrator is the person at this machine: nothing is decided about what they may do."""

    kind: str  # ADMINISTRATOR, USER, ROLE (a session of one) or SERVICE
    arn: str  # arn:aws:sts::<account>:assumed-role/<role>/<session>, arn:aws:iam::<account>:user/<name>, or a service
    account: str
    role_arn: str = ""  # of a session
    user_id: str = ""  # AROA...:<session>, AIDA...
    source_account: str = ""  # what a service sends along: aws:SourceAccount and aws:SourceArn
    source_arn: str = ""
    session_policies: tuple[str, ...] = ()  # JSON; none were given if it is empty

    @property
    def decided(self) -> bool:
        return self.kind != ADMINISTRATOR


def administrator(account: str) -> Principal:
    return Principal(ADMINISTRATOR, f"arn:aws:iam::{account}:root", account, user_id=account)


def service_principal(name: str, account: str, source_arn: str = "") -> Principal:
    """A service of AWS that acts in its own name: ``cloudwatch.amazonaws.com``."""
    return Principal(SERVICE, name, account, source_account=account, source_arn=source_arn)
