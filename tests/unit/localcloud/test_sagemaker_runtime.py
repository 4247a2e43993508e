import pytest
from botocore.exceptions import ClientError


def test_an_endpoint_that_is_not_there_does_not_answer(cloud, aws):
    with pytest.raises(ClientError, match="Endpoint churn-prod of account 000000000000 not found") as refused:
        aws("sagemaker-runtime").invoke_endpoint(EndpointName="churn-prod", Body=b"1,2", ContentType="text/csv")
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
