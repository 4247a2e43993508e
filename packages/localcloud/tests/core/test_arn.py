"""The fields of ARNs."""

import pytest

from localcloud.core.arn import Arn, bucket_and_key


@pytest.mark.parametrize(
    ("text", "service", "name"),
    [
        ("arn:aws:sagemaker:eu-west-1:000000000000:endpoint/churn", "sagemaker", "churn"),
        ("arn:aws:logs:eu-west-1:000000000000:log-group:/aws/x:*", "logs", "/aws/x:*"),
        ("arn:aws:sqs:eu-west-1:000000000000:queue", "sqs", "queue"),
        ("arn:aws:iam::000000000000:role/team/deploy", "iam", "team/deploy"),
        ("arn:aws:s3:::bucket", "s3", "bucket"),
    ],
)
def test_the_fields_of_an_arn(text: str, service: str, name: str) -> None:
    arn = Arn.parse(text)
    assert (arn.service, arn.name) == (service, name)
    assert f"arn:{':'.join(arn)}" == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "churn",
        "arn:aws:sqs",
        "urn:aws:sqs:eu-west-1:000000000000:queue",
        "arn:aws::eu-west-1:0:queue",
        "arn:aws:sqs:::",
    ],
)
def test_other_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ARN"):
        Arn.parse(text)


def test_an_arn_of_s3_is_a_bucket_and_a_key() -> None:
    assert bucket_and_key("arn:aws:s3:::one") == ("one", "")
    assert bucket_and_key("arn:aws:s3:::one/a/b:::c") == ("one", "a/b:::c")
