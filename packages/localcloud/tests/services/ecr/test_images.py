"""Images by ECR's API: digests are those of the content, tags move or do not, a digest stays."""

import json
import uuid

import pytest

from localcloud.services.events.service import Events

CHURN = {"repositoryName": "churn"}


def describe(ecr, **image_id):
    (detail,) = ecr.describe_images(**CHURN, imageIds=[image_id])["imageDetails"]
    return detail


def test_an_image_has_the_digest_size_and_media_types_of_its_manifest(ecr, put):
    content = put("one", "1")
    detail = describe(ecr, imageTag="1")
    assert detail["imageDigest"] == content.digest
    assert detail["imageSizeInBytes"] == content.size
    assert detail["imageManifestMediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert detail["artifactMediaType"] == "application/vnd.oci.image.config.v1+json"
    assert detail["imageTags"] == ["1"]
    (image,) = ecr.batch_get_image(**CHURN, imageIds=[{"imageTag": "1"}])["images"]
    assert image["imageManifest"] == content.manifest
    assert image["imageId"] == {"imageDigest": content.digest, "imageTag": "1"}


def test_a_tag_that_moves_leaves_the_image_to_its_digest(ecr, put):
    one, two = put("one", "prod"), put("two", "prod")
    assert describe(ecr, imageTag="prod")["imageDigest"] == two.digest
    assert "imageTags" not in describe(ecr, imageDigest=one.digest)
    untagged = ecr.list_images(**CHURN, filter={"tagStatus": "UNTAGGED"})["imageIds"]
    assert untagged == [{"imageDigest": one.digest}]
    put("one", "prod")
    assert describe(ecr, imageTag="prod")["imageDigest"] == one.digest


def test_an_immutable_tag_does_not_move(ecr, put, refused):
    ecr.put_image_tag_mutability(**CHURN, imageTagMutability="IMMUTABLE")
    one = put("one", "1")
    two = put("two")
    message = refused(
        ecr.put_image, "ImageTagAlreadyExistsException", **CHURN, imageManifest=two.manifest, imageTag="1"
    )
    assert message.startswith("The image tag '1' already exists in the 'churn' repository and cannot be overwritten")
    assert describe(ecr, imageTag="1")["imageDigest"] == one.digest


@pytest.mark.parametrize(
    ("mutability", "fixed"), [("IMMUTABLE_WITH_EXCLUSION", "1"), ("MUTABLE_WITH_EXCLUSION", "prod")]
)
def test_filters_are_exceptions(ecr, put, refused, mutability, fixed):
    filters = [{"filterType": "WILDCARD", "filter": "prod*"}]
    ecr.put_image_tag_mutability(**CHURN, imageTagMutability=mutability, imageTagMutabilityExclusionFilters=filters)
    for tag in ("1", "prod"):
        put("one", tag)
    two = put("two")
    for tag in ("1", "prod"):
        request = {**CHURN, "imageManifest": two.manifest, "imageTag": tag}
        if tag == fixed:
            refused(ecr.put_image, "ImageTagAlreadyExistsException", **request)
        else:
            ecr.put_image(**request)


def test_an_image_without_its_layers_is_refused(ecr, image, refused):
    content = image("one")
    message = refused(ecr.put_image, "LayersNotFoundException", **CHURN, imageManifest=content.manifest)
    assert json.loads(content.manifest)["layers"][0]["digest"] in message


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"imageManifest": "{"}, "InvalidParameterException"),
        ({"imageManifest": "{}"}, "InvalidParameterException"),  # without a media type
        ({"imageManifest": '{"mediaType": "a", "layers": [1]}'}, "InvalidParameterException"),
        (
            {"imageManifest": '{"mediaType": "a"}', "imageDigest": f"sha256:{'0' * 64}"},
            "ImageDigestDoesNotMatchException",
        ),
    ],
)
def test_a_manifest_that_is_none_is_refused(ecr, refused, request_, code):
    refused(ecr.put_image, code, **CHURN, **request_)


def test_the_same_image_again_is_refused(ecr, put, refused):
    one = put("one", "1")
    for tag in ({}, {"imageTag": "1"}):
        refused(ecr.put_image, "ImageAlreadyExistsException", **CHURN, imageManifest=one.manifest, **tag)
    ecr.put_image(**CHURN, imageManifest=one.manifest, imageTag="2")
    assert describe(ecr, imageDigest=one.digest)["imageTags"] == ["1", "2"]


def test_an_unknown_image_is_not_found(ecr, refused):
    message = refused(ecr.describe_images, "ImageNotFoundException", **CHURN, imageIds=[{"imageTag": "9"}])
    assert message == (
        "The image with imageId {imageDigest:'null', imageTag:'9'} does not exist within the repository with name "
        "'churn' in the registry with id '000000000000'"
    )


def test_batches_say_what_failed(ecr, put):
    one, two = put("one", "1"), put("two", "2")
    ids = [
        {},
        {"imageDigest": "sha256:1"},
        {"imageTag": "1", "imageDigest": two.digest},
        {"imageTag": "9"},
        {"imageDigest": one.digest},
    ]
    got = ecr.batch_get_image(**CHURN, imageIds=ids)
    codes = ["MissingDigestAndTag", "InvalidImageDigest", "ImageTagDoesNotMatchDigest", "ImageNotFound"]
    assert [each["failureCode"] for each in got["failures"]] == codes
    assert [each["imageId"] for each in got["images"]] == [{"imageDigest": one.digest}]


def test_deleting_a_tag_deletes_the_image_with_its_last(ecr, put):
    one = put("one", "1")
    put("one", "2")
    for tag, left in (("1", ["2"]), ("2", None)):
        deleted = ecr.batch_delete_image(**CHURN, imageIds=[{"imageTag": tag}])
        assert deleted["imageIds"] == [{"imageDigest": one.digest, "imageTag": tag}]
        found = ecr.describe_images(**CHURN)["imageDetails"]
        assert [each["imageTags"] for each in found] == ([left] if left else [])


def test_deleting_a_digest_deletes_the_image_with_all_tags(ecr, put):
    one = put("one", "1")
    put("one", "2")
    deleted = ecr.batch_delete_image(**CHURN, imageIds=[{"imageDigest": one.digest}])
    assert deleted["imageIds"] == [{"imageDigest": one.digest, "imageTag": tag} for tag in ("1", "2")]
    assert ecr.list_images(**CHURN)["imageIds"] == []


def test_an_image_of_a_list_stays_while_the_list_does(ecr, put, refused):
    one = put("one", "1")
    media_type = "application/vnd.oci.image.index.v1+json"
    index = json.dumps({"mediaType": media_type, "manifests": [{"digest": one.digest, "size": 1}]})
    put_index = {**CHURN, "imageManifest": index, "imageTag": "all"}
    ecr.put_image(**put_index)
    assert describe(ecr, imageTag="all")["imageSizeInBytes"] == one.size
    (failure,) = ecr.batch_delete_image(**CHURN, imageIds=[{"imageDigest": one.digest}])["failures"]
    assert failure["failureCode"] == "ImageReferencedByManifestList"
    other = index.replace(one.digest, f"sha256:{'0' * 64}")
    refused(ecr.put_image, "ReferencedImagesNotFoundException", **CHURN, imageManifest=other)


def test_lists_have_pages(ecr, put):
    tags = [str(number) for number in range(5)]
    for tag in tags:
        put(f"word {int(tag) // 2}", tag)
    for name, key, count in (("list_images", "imageIds", 5), ("describe_images", "imageDetails", 3)):
        pages = list(ecr.get_paginator(name).paginate(**CHURN, PaginationConfig={"PageSize": 2}))
        assert len(pages) == -(-count // 2)
        assert sum(len(page[key]) for page in pages) == count


def test_layers_are_known_and_checked(ecr, put, refused, upload):
    content = put("one", "1")
    config = json.loads(content.manifest)["config"]["digest"]
    unknown = f"sha256:{'0' * 64}"
    checked = ecr.batch_check_layer_availability(**CHURN, layerDigests=[config, unknown])
    (layer,) = checked["layers"]
    assert (layer["layerDigest"], layer["layerSize"]) == (config, len(content.config))
    assert [each["failureCode"] for each in checked["failures"]] == ["MissingLayerDigest"]
    with pytest.raises(ecr.exceptions.LayerAlreadyExistsException):
        upload(content.config)
    start = ecr.initiate_layer_upload(**CHURN)["uploadId"]
    part = {**CHURN, "uploadId": start, "layerPartBlob": b"abc"}
    refused(ecr.upload_layer_part, "InvalidLayerPartException", **part, partFirstByte=3, partLastByte=5)
    assert ecr.upload_layer_part(**part, partFirstByte=0, partLastByte=2)["lastByteReceived"] == 2
    refused(ecr.complete_layer_upload, "InvalidLayerException", **CHURN, uploadId=start, layerDigests=[unknown])
    refused(
        ecr.complete_layer_upload,
        "UploadNotFoundException",
        **CHURN,
        uploadId=str(uuid.uuid4()),
        layerDigests=[unknown],
    )


class TestEvents:
    @pytest.fixture
    def services(self):
        from localcloud.services.ecr.service import ECR

        return [ECR, Events]

    def test_a_push_and_a_deletion_are_events(self, cloud, ecr, put, queue, drain):
        cloud.client("events").put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.ecr"]}))
        cloud.client("events").put_targets(Rule="r", Targets=[{"Id": "q", "Arn": queue("q")}])
        content = put("one", "1")
        ecr.batch_delete_image(**CHURN, imageIds=[{"imageTag": "1"}])
        bodies = [json.loads(message["Body"]) for message in drain("q")]
        events = {body["detail"]["action-type"]: body for body in bodies}
        assert events.keys() == {"PUSH", "DELETE"}
        assert events["PUSH"]["detail-type"] == "ECR Image Action"
        assert events["PUSH"]["detail"] == {
            "result": "SUCCESS",
            "repository-name": "churn",
            "image-digest": content.digest,
            "action-type": "PUSH",
            "image-tag": "1",
        }
