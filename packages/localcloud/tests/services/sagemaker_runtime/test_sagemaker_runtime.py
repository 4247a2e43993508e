import pytest
from botocore.exceptions import ClientError


def refused(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response


def test_an_endpoint_that_is_not_there_does_not_answer(cloud, aws):
    with pytest.raises(ClientError, match="Endpoint churn-prod of account 000000000000 not found") as refused:
        aws("sagemaker-runtime").invoke_endpoint(EndpointName="churn-prod", Body=b"1,2", ContentType="text/csv")
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    "name, value",
    [
        ("TargetModel", "churn.tar.gz"),
        ("TargetContainerHostname", "second"),
        ("EnableExplanations", "`true`"),
        ("InferenceComponentName", "churn"),
        ("SessionId", "NEW_SESSION"),
    ],
)
def test_what_is_not_reproduced_is_refused_by_name(aws, name, value):
    error = refused(aws("sagemaker-runtime").invoke_endpoint, EndpointName="churn", Body=b"1", **{name: value})
    assert error["Error"]["Code"] == "NotImplementedByLocalcloud"
    assert name in error["Error"]["Message"]


def test_asynchronous_and_streaming_invocations_are_refused_with_a_way_out(aws):
    runtime = aws("sagemaker-runtime")
    errors = [
        refused(runtime.invoke_endpoint_async, EndpointName="churn", InputLocation="s3://bucket/row.csv")["Error"],
        refused(runtime.invoke_endpoint_with_response_stream, EndpointName="churn", Body=b"1")["Error"],
    ]
    assert {error["Code"] for error in errors} == {"NotImplementedByLocalcloud"}
    assert all("use InvokeEndpoint" in error["Message"] for error in errors)


def test_a_body_over_awss_limit_is_refused_before_anything_else(aws):
    error = refused(aws("sagemaker-runtime").invoke_endpoint, EndpointName="churn", Body=b"x" * 6_291_457)
    assert error["Error"]["Code"] == "ValidationError"
    assert "6291456" in error["Error"]["Message"]
