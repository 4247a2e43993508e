"""Images that nobody can pull are refused: by CreateModel at once, by a job when it starts."""

import json

import pytest
from botocore.exceptions import ClientError

from localcloud.runtime.jobs.images import Image
from localcloud.services.sagemaker import image_registry

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
OWN = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/churn"
AWS = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-trees"
DIGEST = f"sha256:{'0' * 64}"
TABLE = {
    "inference": {
        "version_aliases": {"3.2": "3.2-0"},
        "versions": {
            "3.2-0": {"registries": {"eu-west-1": "111122223333"}, "repository": "sagemaker-trees"},
            "4.4": {
                "pytorch2.1": {"registries": {"eu-west-1": "111122223333"}, "repository": "texts"},
            },
        },
    }
}
MANIFEST = json.dumps({"mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []})


@pytest.fixture
def services():
    from localcloud.services.ecr.service import ECR
    from localcloud.services.sagemaker.service import SageMaker

    return [ECR, SageMaker]


@pytest.fixture
def digest(cloud, tmp_path, monkeypatch):
    """That of the one image of this account; and AWS's table has two repositories."""
    (tmp_path / "table").mkdir()
    (tmp_path / "table/trees.json").write_text(json.dumps(TABLE))
    monkeypatch.setattr(image_registry, "sdk_table", lambda: tmp_path / "table")
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="churn")
    put = ecr.put_image(repositoryName="churn", imageManifest=MANIFEST, imageTag="1")
    return put["image"]["imageId"]["imageDigest"]


def create_model(sagemaker, image):
    return sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image})


MISSING = [
    f"{OWN}:2",
    OWN,  # latest
    f"{OWN}@{DIGEST}",
    f"{OWN}er:1",
    f"{AWS}:9.9-9",
    f"{AWS}",
    f"{AWS}-gpu:3.2-0",
    f"{AWS}:3.2-0".replace("eu-west-1", "eu-west-2"),
]


@pytest.mark.parametrize("image", MISSING)
def test_a_model_with_an_image_that_does_not_exist_is_refused(cloud, digest, image):
    with pytest.raises(ClientError) as error:
        create_model(cloud.client("sagemaker"), image)
    assert error.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"Requested image {image} not found.",
    }


@pytest.mark.parametrize(
    "image",
    [
        f"{OWN}:1",
        f"{OWN}@DIGEST",
        f"{AWS}:3.2-0",
        f"{AWS}:3.2",
        f"{AWS}:3.2-0-cpu-py3",
        f"{AWS}@{DIGEST}",
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/texts:2.1.0-texts4.4.1-cpu-py310",
        "444455556666.dkr.ecr.eu-west-1.amazonaws.com/theirs:1",
        "registry.example.com/trees:1",
    ],
)
def test_a_model_with_an_image_that_may_exist_is_accepted(cloud, digest, image):
    assert create_model(cloud.client("sagemaker"), image.replace("DIGEST", digest))


def test_a_seed_s_entry_stands_for_an_image_of_this_account(cloud, digest):
    cloud.images.replace([Image("*/churn:2"), Image()])
    assert create_model(cloud.client("sagemaker"), f"{OWN}:2")
    with pytest.raises(ClientError, match="not found"):
        cloud.client("sagemaker").create_model(
            ModelName="n", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": f"{OWN}:3"}
        )


def test_a_model_of_a_package_has_the_package_s_image(cloud, digest):
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    arn = sagemaker.create_model_package(
        ModelPackageGroupName="churn",
        ModelApprovalStatus="Approved",
        InferenceSpecification={"Containers": [{"Image": f"{OWN}:2"}]},
    )["ModelPackageArn"]
    with pytest.raises(ClientError, match=f"Requested image {OWN}:2 not found"):
        sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"ModelPackageName": arn})


def test_without_a_table_aws_s_images_are_not_checked(cloud, digest, monkeypatch):
    monkeypatch.setattr(image_registry, "sdk_table", lambda: None)
    assert create_model(cloud.client("sagemaker"), f"{AWS}:9.9-9")
