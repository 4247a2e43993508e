"""AWS::IAM: roles and policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localcloud.services.cloudformation.resource_requests import as_tags
from localcloud.services.cloudformation.resources.resource_type import (
    FURNISHED,
    Kind,
    Place,
    Properties,
    Tagging,
    names,
    only,
)

TAGS = Tagging("iam", "TagRole", "UntagRole", "RoleName")
MOST_VERSIONS = 5
HOLDERS = {"Roles": "Role", "Users": "User", "Groups": "Group"}


class Role(Kind):
    """A role that ``localcloud up`` furnished gives way to the stack's, and comes back if that is rolled back."""

    type = "AWS::IAM::Role"
    properties = names(
        "RoleName Path AssumeRolePolicyDocument Description MaxSessionDuration PermissionsBoundary Policies "
        "ManagedPolicyArns Tags"
    )
    attributes = names("Arn RoleId")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("RoleName") or place.name(64)
        if furnished := _furnished(place, name):
            place.call("iam", "DeleteRole", RoleName=name)
            place.notes["furnished"] = furnished
        told = only(properties, "Path AssumeRolePolicyDocument Description MaxSessionDuration PermissionsBoundary Tags")
        try:
            place.call("iam", "CreateRole", told, RoleName=name)
        except Exception:
            if furnished:  # there is nothing yet that could be rolled back
                place.call("iam", "CreateRole", furnished)
            raise
        place.physical_id = name
        self._allow(place, name, properties, {})
        return str(name)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        if properties["AssumeRolePolicyDocument"] != before["AssumeRolePolicyDocument"]:
            trusted = properties["AssumeRolePolicyDocument"]
            place.call("iam", "UpdateAssumeRolePolicy", RoleName=physical_id, PolicyDocument=trusted)
        if only(properties, "Description MaxSessionDuration") != only(before, "Description MaxSessionDuration"):
            told = {"Description": "", "MaxSessionDuration": 3600} | only(properties, "Description MaxSessionDuration")
            place.call("iam", "UpdateRole", told, RoleName=physical_id)
        boundary = properties.get("PermissionsBoundary")
        if boundary and boundary != before.get("PermissionsBoundary"):
            place.call("iam", "PutRolePermissionsBoundary", RoleName=physical_id, PermissionsBoundary=boundary)
        elif "PermissionsBoundary" in before and not boundary:
            place.call("iam", "DeleteRolePermissionsBoundary", RoleName=physical_id)
        self._allow(place, physical_id, properties, before)
        TAGS.update(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        self._allow(place, physical_id, {}, properties)
        place.call("iam", "DeleteRole", RoleName=physical_id)

    def undo(self, place: Place, physical_id: str, properties: Properties) -> None:
        self.delete(place, physical_id, properties)
        if furnished := place.notes.get("furnished"):
            place.call("iam", "CreateRole", furnished)

    def _allow(self, place: Place, role: str, properties: Properties, before: Properties) -> None:
        after = {each["PolicyName"]: each["PolicyDocument"] for each in properties.get("Policies", [])}
        old = {each["PolicyName"]: each["PolicyDocument"] for each in before.get("Policies", [])}
        there = place.call("iam", "ListRolePolicies", RoleName=role)["PolicyNames"] if old else []
        for name in (name for name in old if name not in after and name in there):
            place.call("iam", "DeleteRolePolicy", RoleName=role, PolicyName=name)
        for name in (name for name in after if after[name] != old.get(name)):
            place.call("iam", "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=after[name])
        arns, were = properties.get("ManagedPolicyArns", []), before.get("ManagedPolicyArns", [])
        found = place.call("iam", "ListAttachedRolePolicies", RoleName=role)["AttachedPolicies"] if were else []
        for arn in (each["PolicyArn"] for each in found):
            if arn in were and arn not in arns:
                place.call("iam", "DetachRolePolicy", RoleName=role, PolicyArn=arn)
        for arn in (arn for arn in arns if arn not in were):
            place.call("iam", "AttachRolePolicy", RoleName=role, PolicyArn=arn)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return only(place.call("iam", "GetRole", RoleName=physical_id)["Role"], "Arn RoleId")


class ManagedPolicy(Kind):
    type = "AWS::IAM::ManagedPolicy"
    properties = names("ManagedPolicyName Description Path PolicyDocument Roles Users Groups")
    attributes = names("PolicyArn PolicyId")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("ManagedPolicyName") or place.name(128)
        told = only(properties, "Description Path PolicyDocument")
        arn: str = place.call("iam", "CreatePolicy", told, PolicyName=name)["Policy"]["Arn"]
        place.physical_id = arn
        _attach(place, arn, properties, {})
        return arn

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        if properties["PolicyDocument"] != before["PolicyDocument"]:
            self._forget(place, physical_id, MOST_VERSIONS - 1)
            document = properties["PolicyDocument"]
            place.call("iam", "CreatePolicyVersion", PolicyArn=physical_id, PolicyDocument=document, SetAsDefault=True)
        _attach(place, physical_id, properties, before)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        held = place.call("iam", "ListEntitiesForPolicy", PolicyArn=physical_id)
        there = {member: [each[f"{kind}Name"] for each in held[f"Policy{member}"]] for member, kind in HOLDERS.items()}
        ours = {member: [name for name in there[member] if name in _of(properties, member)] for member in HOLDERS}
        _attach(place, physical_id, {}, ours)
        self._forget(place, physical_id, 1)
        place.call("iam", "DeletePolicy", PolicyArn=physical_id)

    def _forget(self, place: Place, arn: str, kept: int) -> None:
        """The oldest versions beyond ``kept``; the one that holds stays."""
        versions = place.call("iam", "ListPolicyVersions", PolicyArn=arn)["Versions"]
        others = [each["VersionId"] for each in versions if not each["IsDefaultVersion"]]
        for version in sorted(others, key=lambda name: int(name[1:]))[: max(0, len(versions) - kept)]:
            place.call("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        policy = place.call("iam", "GetPolicy", PolicyArn=physical_id)["Policy"]
        return {"PolicyArn": physical_id, "PolicyId": policy["PolicyId"]}


class Policy(Kind):
    """A policy inside each of the roles, users and groups that it names."""

    type = "AWS::IAM::Policy"
    properties = names("PolicyName PolicyDocument Roles Users Groups")
    attributes = names("Id")

    def create(self, place: Place, properties: Properties) -> str:
        self._put(place, properties)
        return place.name(64)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        self._put(place, properties)
        same = properties["PolicyName"] == before["PolicyName"]
        self._remove(place, before, properties if same else {})

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        self._remove(place, properties, {})

    def _put(self, place: Place, properties: Properties) -> None:
        for member, kind in HOLDERS.items():
            for name in properties.get(member, []):
                told = only(properties, "PolicyName PolicyDocument")
                place.call("iam", f"Put{kind}Policy", told, {f"{kind}Name": name})

    def _remove(self, place: Place, before: Properties, kept: Properties) -> None:
        for member, kind in HOLDERS.items():
            for name in (name for name in before.get(member, []) if name not in kept.get(member, [])):
                place.call("iam", f"Delete{kind}Policy", {f"{kind}Name": name}, PolicyName=before["PolicyName"])

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class RolePolicy(Kind):
    type = "AWS::IAM::RolePolicy"
    properties = names("RoleName PolicyName PolicyDocument")

    def create(self, place: Place, properties: Properties) -> str:
        self.update(place, "", properties, {})
        return f"{properties['RoleName']}|{properties['PolicyName']}"

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        place.call("iam", "PutRolePolicy", properties)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("iam", "DeleteRolePolicy", only(properties, "RoleName PolicyName"))


def _furnished(place: Place, name: str) -> dict[str, Any]:
    """What makes the role again; empty when there is none, or another."""
    from botocore.exceptions import ClientError

    try:
        role = place.call("iam", "GetRole", RoleName=name)["Role"]
    except ClientError:
        return {}
    ours = FURNISHED in as_tags(role.get("Tags")).items()
    return only(role, "RoleName Path AssumeRolePolicyDocument Description Tags") if ours else {}


def _attach(place: Place, arn: str, properties: Properties, before: Properties) -> None:
    for member, kind in HOLDERS.items():
        after, old = _of(properties, member), _of(before, member)
        for name in (name for name in old if name not in after):
            place.call("iam", f"Detach{kind}Policy", {f"{kind}Name": name}, PolicyArn=arn)
        for name in (name for name in after if name not in old):
            place.call("iam", f"Attach{kind}Policy", {f"{kind}Name": name}, PolicyArn=arn)


def _of(properties: Properties, member: str) -> Sequence[str]:
    found: Sequence[str] = properties.get(member, ())
    return found


KINDS: list[Kind] = [Role(), ManagedPolicy(), Policy(), RolePolicy()]
