"""The SDK's own class for model packages works on localcloud's registry."""

import pytest

from localcloud.testing import start_cloud

SPECIFICATION = {
    "Containers": [{"Image": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


@pytest.fixture
def version(tmp_path, monkeypatch):
    """The ARN of a registered version, on a cloud that the SDK calls."""
    with start_cloud(tmp_path) as cloud:
        for name, value in cloud.environment().items():
            monkeypatch.setenv(name, value)
        sagemaker = cloud.client("sagemaker")
        sagemaker.create_model_package_group(ModelPackageGroupName="churn")
        request = {"ModelPackageGroupName": "churn", "InferenceSpecification": SPECIFICATION}
        yield sagemaker.create_model_package(**request)["ModelPackageArn"]


def test_update_returns_what_it_has_set(version):
    """It describes the package again, by its name if it has one, else by its ARN."""
    from sagemaker.core.resources import ModelPackage

    updated = ModelPackage.get(version).update(model_approval_status="Approved")
    assert (updated.model_package_arn, updated.model_approval_status) == (version, "Approved")
    assert [each.model_approval_status for each in ModelPackage.get_all(model_package_group_name="churn")] == [
        "Approved"
    ]
