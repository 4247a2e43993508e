"""Exports and imports. An export in use can be neither changed nor deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Make = Callable[..., dict[str, Any]]


def exporting(value: str = "one", name: str = "shared") -> dict[str, Any]:
    outputs = {"O": {"Value": value, "Export": {"Name": name}}}
    return {"Resources": {"A": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}


IMPORTING = """
Resources: {Q: {Type: AWS::SNS::Topic, Properties: {DisplayName: !ImportValue {"Fn::Sub": "sha${Rest}"}}}}
Parameters: {Rest: {Type: String, Default: red}}
"""


@pytest.fixture
def both(create: Make) -> None:
    create(exporting(), "exporter")
    assert create(IMPORTING, "importer")["StackStatus"] == "CREATE_COMPLETE"


def reasons(cfn: Any, name: str) -> str:
    return str([each.get("ResourceStatusReason") for each in cfn.describe_stack_events(StackName=name)["StackEvents"]])


def test_exported_and_imported(both: None, cfn: Any, cloud: Any, physical: Any) -> None:
    topic = cloud.client("sns").get_topic_attributes(TopicArn=physical("Q", "importer"))["Attributes"]
    assert topic["DisplayName"] == "one"
    assert [(each["Name"], each["Value"]) for each in cfn.list_exports()["Exports"]] == [("shared", "one")]
    assert cfn.list_imports(ExportName="shared")["Imports"] == ["importer"]
    cfn.delete_stack(StackName="importer")
    with pytest.raises(ClientError, match="Export 'shared' is not imported by any stack"):
        cfn.list_imports(ExportName="shared")


def test_an_export_in_use_stays(both: None, cfn: Any, update: Make) -> None:
    assert update(exporting("two"), "exporter")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Export shared cannot be updated as it is in use by importer" in reasons(cfn, "exporter")
    without = {"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}
    assert update(without, "exporter")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Export shared cannot be deleted as it is in use by importer" in reasons(cfn, "exporter")
    cfn.delete_stack(StackName="exporter")
    stack = cfn.describe_stacks(StackName="exporter")["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"  # as it was before
    assert stack["StackStatusReason"] == "Export shared cannot be deleted as it is in use by importer"
    cfn.delete_stack(StackName="importer")
    assert update(exporting("two"), "exporter")["StackStatus"] == "UPDATE_COMPLETE"
    cfn.delete_stack(StackName="exporter")
    assert cfn.list_exports()["Exports"] == []


def test_a_name_is_exported_once(both: None, cfn: Any, create: Make) -> None:
    assert create(exporting(), "other")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Export with name shared is already exported by stack exporter." in reasons(cfn, "other")


def test_a_missing_export(create: Make, cfn: Any, events: Any) -> None:
    assert create(IMPORTING, "importer")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "No export named shared found. Rollback requested by user." in reasons(cfn, "importer")
    assert {name for name, _ in events("importer")} == {"importer"}  # no resource was created


def test_a_failed_update_restores_the_imports(both: None, create: Make, update: Make, cfn: Any) -> None:
    create(exporting("x", "shaft"), "second")
    bad = IMPORTING + "# \nConditions: {}\n"
    bad = bad.replace(
        "Resources: {", "Resources: {Bad: {Type: AWS::SQS::Queue, DependsOn: Q, Properties: {DelaySeconds: -1}}, "
    )
    assert update(bad, "importer", Rest="ft")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert cfn.list_imports(ExportName="shared")["Imports"] == ["importer"]
    with pytest.raises(ClientError, match="not imported"):
        cfn.list_imports(ExportName="shaft")
