"""The registry's HTTP API, as ``docker login``, ``push`` and ``pull`` use it."""

import base64
import json
from urllib.request import urlopen

import pytest
from support.images import MANIFEST_TYPE, digest_of
from support.policies import allow


@pytest.fixture
def push(ecr, registry, image):
    """Pushes an image as an engine does: layers in pieces of unknown length, then the manifest."""

    def send(word, reference):
        content = image(word)
        for blob in (content.layer, content.config):
            if registry("HEAD", f"/v2/churn/blobs/{digest_of(blob)}").status == 200:
                continue
            start = registry("POST", "/v2/churn/blobs/uploads/")
            assert (start.status, start.headers["Range"]) == (202, "0-0")
            pieces = registry("PATCH", start.headers["Location"], iter([blob[:4], blob[4:]]))
            assert (pieces.status, pieces.headers["Range"]) == (202, f"0-{len(blob) - 1}")
            done = registry("PUT", f"{pieces.headers['Location']}?digest={digest_of(blob)}", b"")
            assert (done.status, done.headers["Docker-Content-Digest"]) == (201, digest_of(blob))
        body = content.manifest.encode()
        return content, registry("PUT", f"/v2/churn/manifests/{reference}", body, Content_Type=MANIFEST_TYPE)

    return send


def test_what_is_pushed_is_described_by_the_api_and_pulled_again(ecr, registry, push):
    content, response = push("one", "1")
    assert response.status == 201
    assert response.headers["Docker-Content-Digest"] == content.digest
    (detail,) = ecr.describe_images(repositoryName="churn")["imageDetails"]
    assert (detail["imageDigest"], detail["imageTags"]) == (content.digest, ["1"])
    assert (detail["imageSizeInBytes"], detail["imageManifestMediaType"]) == (content.size, MANIFEST_TYPE)
    for reference in ("1", content.digest):
        pulled = registry("GET", f"/v2/churn/manifests/{reference}")
        assert pulled.body == content.manifest.encode()
        assert pulled.headers["Content-Type"] == MANIFEST_TYPE
        head = registry("HEAD", f"/v2/churn/manifests/{reference}")
        assert (head.headers["Docker-Content-Digest"], head.body) == (content.digest, b"")
        assert head.headers["Content-Length"] == str(len(content.manifest))
    assert registry("GET", f"/v2/churn/blobs/{digest_of(content.layer)}").body == content.layer
    assert json.loads(registry("GET", "/v2/churn/tags/list").body) == {"name": "churn", "tags": ["1"]}
    assert "lastRecordedPullTime" in ecr.describe_images(repositoryName="churn")["imageDetails"][0]


def test_an_image_of_the_api_can_be_pulled_and_one_pushed_again(registry, put, push):
    content = put("one", "1")
    assert registry("GET", "/v2/churn/manifests/1").body == content.manifest.encode()
    assert push("one", "1")[1].status == 201


def test_a_layer_can_be_downloaded_by_a_url_without_credentials(ecr, put):
    content = put("one", "1")
    url = ecr.get_download_url_for_layer(repositoryName="churn", layerDigest=digest_of(content.layer))["downloadUrl"]
    assert urlopen(url).read() == content.layer  # noqa: S310 - this server's


def test_ecr_s_rules_hold_for_pushes(ecr, registry, push):
    ecr.put_image_tag_mutability(repositoryName="churn", imageTagMutability="IMMUTABLE")
    push("one", "1")
    status, code, message = push("two", "1")[1].error
    assert (status, code) == (400, "TAG_INVALID")
    assert "cannot be overwritten because the repository is immutable" in message
    assert registry("POST", "/v2/other/blobs/uploads/").error == (
        404,
        "NAME_UNKNOWN",
        "The repository with name 'other' does not exist in the registry with id '000000000000'",
    )


def test_what_is_wrong_is_refused(registry, image, push):
    content, _ = push("one", "1")
    manifest = image("two").manifest.encode()
    assert registry("PUT", "/v2/churn/manifests/2", manifest, Content_Type=MANIFEST_TYPE).error[:2] == (
        404,
        "BLOB_UNKNOWN",
    )
    assert registry("PUT", "/v2/churn/manifests/2", b"{", Content_Type=MANIFEST_TYPE).error[:2] == (
        400,
        "MANIFEST_INVALID",
    )
    wrong = registry(
        "PUT", f"/v2/churn/manifests/{digest_of(b'')}", content.manifest.encode(), Content_Type=MANIFEST_TYPE
    )
    assert wrong.error[:2] == (400, "DIGEST_INVALID")
    assert registry("GET", "/v2/churn/manifests/9").error[:2] == (404, "MANIFEST_UNKNOWN")
    assert registry("HEAD", f"/v2/churn/blobs/{digest_of(b'')}").status == 404
    assert registry("PUT", "/v2/churn/blobs/uploads/none?digest=sha256:1", b"").error[:2] == (
        404,
        "BLOB_UPLOAD_UNKNOWN",
    )
    location = registry("POST", "/v2/churn/blobs/uploads/").headers["Location"]
    assert registry("PUT", f"{location}?digest={digest_of(b'other')}", b"this").error[:2] == (400, "DIGEST_INVALID")
    assert registry("DELETE", location).status == 204
    assert registry("GET", location).error[:2] == (404, "BLOB_UPLOAD_UNKNOWN")
    assert registry("DELETE", "/v2/churn/manifests/1").error[:2] == (405, "UNSUPPORTED")
    assert registry("GET", "/v2/_catalog").error[:2] == (404, "NAME_UNKNOWN")


def test_a_login_is_needed_and_valid_for_twelve_hours(cloud, ecr, registry):
    anonymous = registry("GET", "/v2/", authorization="")
    assert anonymous.error == (401, "UNAUTHORIZED", "Not Authorized")
    assert anonymous.headers["WWW-Authenticate"] == f'Basic realm="{cloud.url}/",service="ecr.amazonaws.com"'
    (data,) = ecr.get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    assert (user, len(password) > 20) == ("AWS", True)
    assert (data["expiresAt"] - cloud.clock.now()).total_seconds() == pytest.approx(12 * 3600, abs=1)
    header = f"Basic {data['authorizationToken']}"
    assert registry("GET", "/v2/", authorization=header).status == 200
    for other in ("Basic x", "Bearer abc", f"Basic {base64.b64encode(b'AWS:guess').decode()}"):
        assert registry("GET", "/v2/", authorization=other).error[:2] == (403, "DENIED")
    cloud.clock.advance(12 * 3600 + 1)
    assert registry("GET", "/v2/", authorization=header).error == (
        403,
        "DENIED",
        "Your authorization token has expired. Reauthenticate and try again.",
    )


@pytest.mark.roles
def test_a_token_may_what_its_caller_may(cloud, ecr, registry, open_session):
    session = open_session("pull", allow("ecr:GetAuthorizationToken", "ecr:BatchGetImage"))
    token = cloud.client_as(session, "ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    header = f"Basic {token}"
    assert registry("GET", "/v2/churn/manifests/1", authorization=header).error[:2] == (404, "MANIFEST_UNKNOWN")
    status, code, message = registry("POST", "/v2/churn/blobs/uploads/", authorization=header).error
    assert (status, code) == (403, "DENIED")
    action, resource = "ecr:InitiateLayerUpload", cloud.arn("ecr", "repository/churn")
    assert f"is not authorized to perform: {action} on resource: {resource}" in message


def test_a_reset_empties_it(cloud, ecr, registry, push):
    content, _ = push("one", "1")
    cloud.reset()
    assert ecr.describe_repositories()["repositories"] == []
    ecr.create_repository(repositoryName="churn")
    assert registry("HEAD", f"/v2/churn/blobs/{digest_of(content.layer)}").status == 404
