"""The model registry over the API: what it stores, refuses and emits."""

import pytest

IMAGE = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/churn:1"
SPECIFICATION = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://bucket/model.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}
EVENT = "SageMaker Model Package State Change"


@pytest.fixture
def services():
    from localcloud.services.sagemaker.service import SageMaker

    return [SageMaker]


@pytest.fixture
def sagemaker(aws):
    return aws("sagemaker")


@pytest.fixture
def register(sagemaker):
    """A version of the group ``churn``, created if necessary; returns its ARN."""

    def register(**more):
        if not sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]:
            sagemaker.create_model_package_group(ModelPackageGroupName="churn")
        request = {"ModelPackageGroupName": "churn", "InferenceSpecification": SPECIFICATION, **more}
        return sagemaker.create_model_package(**request)["ModelPackageArn"]

    return register


@pytest.fixture
def change_events(cloud):
    return lambda: [event for event in cloud.events.recent if event["detail-type"] == EVENT]


def versions(response):
    return [package["ModelPackageVersion"] for package in response["ModelPackageSummaryList"]]


def test_versions_are_numbered_and_described_as_they_were_given(sagemaker, register):
    metrics = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://bucket/e.json"}}}
    register()
    arn = register(ModelMetrics=metrics, CustomerMetadataProperties={"commit": "abc"}, ModelPackageDescription="a b")
    assert arn == "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/2"
    for name in (arn, "churn/2"):
        package = sagemaker.describe_model_package(ModelPackageName=name)
        assert (package["ModelPackageGroupName"], package["ModelPackageVersion"]) == ("churn", 2)
        assert package["InferenceSpecification"] == SPECIFICATION
        assert package["ModelMetrics"] == metrics
        assert package["CustomerMetadataProperties"] == {"commit": "abc"}
        assert (package["ModelPackageStatus"], package["ModelApprovalStatus"]) == ("Completed", "PendingManualApproval")
        assert "LastModifiedTime" not in package


def test_a_version_has_no_name_of_its_own_and_an_unversioned_package_has(sagemaker, register):
    """As AWS's published responses; the SDK uses the ARN where there is no name."""
    assert "ModelPackageName" not in sagemaker.describe_model_package(ModelPackageName=register())
    sagemaker.create_model_package(ModelPackageName="alone", InferenceSpecification=SPECIFICATION)
    assert sagemaker.describe_model_package(ModelPackageName="alone")["ModelPackageName"] == "alone"


def test_a_version_number_is_never_reused(sagemaker, register):
    register()
    sagemaker.delete_model_package(ModelPackageName=register())
    assert register().endswith("/3")


def test_an_update_changes_what_it_names_and_nothing_else(cloud, sagemaker, register):
    arn = register(
        CustomerMetadataProperties={"commit": "abc", "owner": "x"},
        MetadataProperties={"CommitId": "abc"},
        ModelPackageDescription="nightly",
    )
    before = sagemaker.describe_model_package(ModelPackageName=arn)
    cloud.clock.advance(60)
    sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="looks right"
    )
    after = sagemaker.describe_model_package(ModelPackageName=arn)
    assert (after["LastModifiedTime"] - after["CreationTime"]).total_seconds() == 60
    for package in (before, after):
        for name in ("ResponseMetadata", "LastModifiedTime", "ApprovalDescription", "ModelApprovalStatus"):
            package.pop(name, None)
    assert after == before


def test_customer_metadata_is_merged_and_removed_by_key(sagemaker, register):
    arn = register(CustomerMetadataProperties={"commit": "abc", "owner": "x"})
    sagemaker.update_model_package(
        ModelPackageArn=arn,
        CustomerMetadataProperties={"release": "7", "commit": "def"},
        CustomerMetadataPropertiesToRemove=["owner", "unknown"],
    )
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    assert package["CustomerMetadataProperties"] == {"commit": "def", "release": "7"}


def test_specifications_are_added_and_the_life_cycle_is_replaced(sagemaker, register):
    arn = register()
    extra = {"Name": "gpu", "Containers": [{"Image": IMAGE}]}
    stage = {"Stage": "staging", "StageStatus": "InService"}
    sagemaker.update_model_package(
        ModelPackageArn=arn, AdditionalInferenceSpecificationsToAdd=[extra], ModelLifeCycle=stage
    )
    package = sagemaker.describe_model_package(ModelPackageName=arn)
    assert package["AdditionalInferenceSpecifications"] == [extra]
    assert package["ModelLifeCycle"] == stage


def test_the_event_of_a_creation_has_no_updated_fields(register, change_events):
    arn = register(MetadataProperties={"CommitId": "abc"})
    [event] = change_events()
    assert (event["source"], event["resources"]) == ("aws.sagemaker", [arn])
    detail = event["detail"]
    assert "UpdatedModelPackageFields" not in detail
    assert "ModelPackageName" not in detail
    assert detail["CreationTime"] == event["time"]
    assert {key: detail[key] for key in detail if key != "CreationTime"} == {
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": 1,
        "ModelPackageArn": arn,
        "InferenceSpecification": SPECIFICATION,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": False,
        "ModelApprovalStatus": "PendingManualApproval",
        "MetadataProperties": {"CommitId": "abc"},
    }


def test_an_update_emits_one_event_with_the_names_of_what_changed(sagemaker, register, change_events):
    arn = register()
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="yes")
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"release": "7"})
    sagemaker.update_model_package(ModelPackageArn=arn, SourceUri="https://example.com/churn")
    details = [event["detail"] for event in change_events()[1:]]
    assert [detail["UpdatedModelPackageFields"] for detail in details] == [
        ["ModelApprovalStatus", "ApprovalDescription"],
        ["CustomerMetadataProperties"],
        ["sourceUri"],
    ]
    assert {detail["ModelApprovalStatus"] for detail in details} == {"Approved"}


def test_an_update_that_changes_nothing_emits_no_event(sagemaker, register, change_events):
    arn = register(ModelApprovalStatus="Approved")
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    assert len(change_events()) == 1
    assert "LastModifiedTime" not in sagemaker.describe_model_package(ModelPackageName=arn)


def test_a_repeated_call_is_the_same_call(sagemaker, register, refused):
    token = "11111111-2222-3333-4444-555555555555"
    assert register(ClientToken=token) == register(ClientToken=token)
    assert versions(sagemaker.list_model_packages(ModelPackageGroupName="churn")) == [1]
    with refused("ConflictException"):
        register(ClientToken=token, ModelPackageDescription="another")


def test_lists_are_oldest_first_by_default_and_filtered(cloud, sagemaker, register):
    times = []
    for status in ("Approved", "Rejected", "Approved"):
        cloud.clock.advance(60)
        times.append(cloud.clock.now())
        register(ModelApprovalStatus=status)

    def listed(**more):
        return versions(sagemaker.list_model_packages(ModelPackageGroupName="churn", **more))

    assert listed() == [1, 2, 3]
    assert listed(SortOrder="Descending") == [3, 2, 1]
    assert listed(SortBy="Name", SortOrder="Descending") == [3, 2, 1]
    assert listed(ModelApprovalStatus="Approved") == [1, 3]
    assert listed(CreationTimeAfter=times[0], CreationTimeBefore=times[2]) == [2]
    assert listed(NameContains="hur") == [1, 2, 3]
    assert listed(NameContains="other") == []
    page = sagemaker.list_model_packages(ModelPackageGroupName="churn", MaxResults=2)
    assert versions(page) == [1, 2]
    assert listed(MaxResults=2, NextToken=page["NextToken"]) == [3]


def test_a_summary_says_what_a_deployment_needs(sagemaker, register):
    register(ModelApprovalStatus="Approved")
    [summary] = sagemaker.list_model_packages(ModelPackageGroupName="churn")["ModelPackageSummaryList"]
    assert {key: summary[key] for key in summary if key != "CreationTime"} == {
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": 1,
        "ModelPackageArn": "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/1",
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
    }


def test_without_a_group_the_unversioned_packages_are_listed(sagemaker, register):
    register()
    sagemaker.create_model_package(ModelPackageName="alone", InferenceSpecification=SPECIFICATION)

    def listed(**more):
        found = sagemaker.list_model_packages(**more)["ModelPackageSummaryList"]
        return [package["ModelPackageArn"].split("model-package/")[1] for package in found]

    assert listed() == ["alone"]
    assert listed(ModelPackageType="Versioned") == ["churn/1"]
    assert listed(ModelPackageType="Both") == ["churn/1", "alone"]


def test_groups_are_created_described_listed_and_deleted(sagemaker, register, refused):
    arn = sagemaker.create_model_package_group(
        ModelPackageGroupName="churn", ModelPackageGroupDescription="who leaves", Tags=[{"Key": "team", "Value": "x"}]
    )["ModelPackageGroupArn"]
    for name in ("churn", arn):
        group = sagemaker.describe_model_package_group(ModelPackageGroupName=name)
        assert (group["ModelPackageGroupStatus"], group["ModelPackageGroupDescription"]) == ("Completed", "who leaves")
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "x"}]
    package = register()
    with refused("ConflictException", "still contains 1"):
        sagemaker.delete_model_package_group(ModelPackageGroupName="churn")
    sagemaker.delete_model_package(ModelPackageName=package)
    sagemaker.delete_model_package_group(ModelPackageGroupName="churn")
    assert sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_what_aws_refuses_is_refused(sagemaker, register, refused):
    missing = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/9"
    with refused("ValidationException", "Model Package Group does not exist."):
        sagemaker.create_model_package(ModelPackageGroupName="churn")
    arn = register()
    with refused("ValidationException", "already exists"):
        sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    with refused("ValidationException", "Cannot determine which one to use"):
        sagemaker.create_model_package(ModelPackageGroupName="churn", ModelPackageName="churn")
    with refused("ValidationException", "Missing ARN"):
        sagemaker.create_model_package()
    with refused("ValidationException", "Tags"):
        register(Tags=[{"Key": "a", "Value": "b"}])
    with refused("ValidationException", f"ModelPackage {missing} does not exist."):
        sagemaker.describe_model_package(ModelPackageName="churn/9")
    with refused("ValidationException", "does not exist"):
        sagemaker.update_model_package(ModelPackageArn=missing, ModelApprovalStatus="Approved")
    with refused("ValidationException", "does not exist"):
        sagemaker.list_model_packages(ModelPackageGroupName="other")
    with refused("ValidationException", "at most 50"):
        for start in (0, 30):
            many = {f"key{number}": "x" for number in range(start, start + 30)}
            sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties=many)
    assert len(sagemaker.describe_model_package(ModelPackageName=arn)["CustomerMetadataProperties"]) == 30
