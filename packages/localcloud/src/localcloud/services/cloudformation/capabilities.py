"""Capabilities that the caller has to acknowledge: IAM resources in a template, and macros that rewrite it."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation.template import Template

NAME_PROPERTIES = {
    f"AWS::IAM::{name}": f"{name}Name" for name in ("Role", "User", "Group", "ManagedPolicy", "InstanceProfile")
}
IAM_TYPES = tuple(
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
IAM, NAMED_IAM, AUTO_EXPAND = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"


def required(template: Template) -> tuple[list[str], str]:
    """The capabilities, and the reason for them."""
    resources = [resource for resource in template.resources.values() if resource["Type"] in IAM_TYPES]
    if not resources:
        return [], ""
    named = any(NAME_PROPERTIES.get(resource["Type"]) in resource.get("Properties", {}) for resource in resources)
    types = ", ".join(sorted({resource["Type"] for resource in resources}))
    return [NAMED_IAM if named else IAM], f"The following resource(s) require capabilities: [{types}]"


def check(template: Template, acknowledged: Sequence[str], *, expand: bool = True) -> None:
    """``expand``: the template is deployed at once; a change set first shows the result of its macros."""
    missing = [
        capability
        for capability in required(template)[0]
        if capability not in acknowledged and not (capability == IAM and NAMED_IAM in acknowledged)
    ]
    if expand and template.transforms and AUTO_EXPAND not in acknowledged:
        missing.append(AUTO_EXPAND)
    if missing:
        raise Refusal("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(missing)}]")
