"""What the caller has to acknowledge: identities that a template makes, macros that rewrite it."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation.template import Template

NAMES = {f"AWS::IAM::{kind}": f"{kind}Name" for kind in ("Role", "User", "Group", "ManagedPolicy", "InstanceProfile")}
IDENTITIES = tuple(
    f"AWS::IAM::{name}"
    for name in [
        "AccessKey",
        "Group",
        "GroupPolicy",
        "InstanceProfile",
        "ManagedPolicy",
        "Policy",
        "Role",
        "RolePolicy",
        "User",
        "UserPolicy",
        "UserToGroupAddition",
    ]
)
IAM, NAMED, EXPAND = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"


def needed(template: Template) -> tuple[list[str], str]:
    """The capabilities, and the sentence that says why."""
    resources = [each for each in template.resources.values() if each["Type"] in IDENTITIES]
    if not resources:
        return [], ""
    named = any(NAMES.get(each["Type"]) in each.get("Properties", {}) for each in resources)
    types = ", ".join(sorted({each["Type"] for each in resources}))
    return [NAMED if named else IAM], f"The following resource(s) require capabilities: [{types}]"


def check(template: Template, given: Sequence[str], *, expand: bool = True) -> None:
    """``expand``: the template is carried out at once; a change set shows first what a macro made of it."""
    lacking = [each for each in needed(template)[0] if each not in given and not (each == IAM and NAMED in given)]
    if expand and template.transforms and EXPAND not in given:
        lacking.append(EXPAND)
    if lacking:
        raise Refusal("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(lacking)}]")
