"""Which requests take a KMS key for the storage of an instance type with local disks, as AWS documents it.

Jobs refuse it. Endpoint configs did until AWS changed its documentation: the key now just does not encrypt those disks.
"""

import pytest

from localcloud.core import protocols


@pytest.mark.parametrize(
    ("shape", "member", "refuses"),
    [
        ("ProcessingClusterConfig", "VolumeKmsKeyId", True),
        ("ResourceConfig", "VolumeKmsKeyId", True),
        ("TransformResources", "VolumeKmsKeyId", True),
        ("CreateEndpointConfigInput", "KmsKeyId", False),
    ],
)
def test_aws_documents_the_rule(shape, member, refuses):
    text = protocols.model("sagemaker").shape_for(shape).members[member].documentation
    assert "include local storage" in text
    assert ("You can't request" in text) is refuses


def test_an_endpoint_config_takes_a_key_whatever_its_instance_type(cloud, aws):
    client, s3 = aws("sagemaker"), aws("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket="bucket", Key="model.tar.gz", Body=b"x")
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}
    role = f"arn:aws:iam::{cloud.account}:role/churn-dev"
    client.create_model(ModelName="model", ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "a", "ModelName": "model", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName="config", KmsKeyId="key", ProductionVariants=[variant])
    assert client.describe_endpoint_config(EndpointConfigName="config")["KmsKeyId"] == "key"
