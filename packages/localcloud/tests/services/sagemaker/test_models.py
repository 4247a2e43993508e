"""Models: records that are checked against packages and artifacts."""

import pytest

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
DATA = "s3://bucket/model.tar.gz"


@pytest.fixture
def services():
    from localcloud.services.sagemaker.service import SageMaker

    return [SageMaker]


@pytest.fixture
def sagemaker(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=b"x")
    return aws("sagemaker")


def make(sagemaker, name="churn-1", **container):
    given = container or {"Image": "image", "ModelDataUrl": DATA}
    return sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=given)["ModelArn"]


def package(sagemaker, **more):
    if not sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]:
        sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    containers = {"Containers": [{"Image": "image", "ModelDataUrl": DATA}]}
    request = {"ModelPackageGroupName": "churn", "InferenceSpecification": containers, **more}
    return sagemaker.create_model_package(**request)["ModelPackageArn"]


def test_a_model_is_described_listed_newest_first_and_deleted(cloud, sagemaker):
    arn = make(sagemaker)
    cloud.clock.advance(1)
    make(sagemaker, "churn-2")
    described = sagemaker.describe_model(ModelName="churn-1")
    assert (described["ModelArn"], described["ExecutionRoleArn"]) == (arn, ROLE)
    assert described["PrimaryContainer"] == {"Image": "image", "ModelDataUrl": DATA, "Mode": "SingleModel"}
    assert [model["ModelName"] for model in sagemaker.list_models()["Models"]] == ["churn-2", "churn-1"]
    sagemaker.delete_model(ModelName="churn-1")
    assert [model["ModelName"] for model in sagemaker.list_models()["Models"]] == ["churn-2"]
    events = [event for event in cloud.events.recent if event["detail-type"] == "SageMaker Model State Change"]
    assert [event["detail"]["ModelName"] for event in events] == ["churn-1", "churn-2", "churn-1"]


def test_only_an_approved_package_becomes_a_model(sagemaker, refused):
    waiting = package(sagemaker)
    with refused("ValidationException", "is PendingManualApproval"):
        make(sagemaker, ModelPackageName=waiting)
    sagemaker.update_model_package(ModelPackageArn=waiting, ModelApprovalStatus="Approved")
    make(sagemaker, ModelPackageName=waiting)


def test_missing_and_existing_resources_are_refused(sagemaker, refused):
    with refused("ValidationException", "Could not find model data at s3://bucket/other.tar.gz"):
        make(sagemaker, Image="image", ModelDataUrl="s3://bucket/other.tar.gz")
    with refused("ValidationException", "Exactly one"):
        sagemaker.create_model(ModelName="churn-1", ExecutionRoleArn=ROLE)
    with refused("ValidationException", "Could not find model"):
        sagemaker.describe_model(ModelName="churn-1")
    make(sagemaker)
    with refused("ValidationException", "Cannot create already existing model"):
        make(sagemaker)
