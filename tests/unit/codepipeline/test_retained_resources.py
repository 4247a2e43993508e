"""What outlives its stack: found by its name and removed completely; resources of other names are not touched."""

import pytest

from codepipeline import retained_resources
from settings.errors import Problem
from settings.loader import load

BUCKET = "churn-dev-000000000000-eu-west-1"


@pytest.fixture
def stage(at, cloud):
    return load("dev", at(cloud))


@pytest.fixture
def bucket(aws):
    def create(name=BUCKET, stack="churn-dev-foundation"):
        s3 = aws("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if stack:
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "stack", "Value": stack}]})
        return s3

    return create


def remove(stage, aws):
    return list(retained_resources.remove(stage, aws))


@pytest.mark.slow
def test_nothing_to_remove_prints_nothing(stage, aws):
    assert remove(stage, aws) == []


def test_every_version_and_every_marker_is_removed(stage, aws, bucket):
    s3 = bucket()
    for number in range(3):
        s3.put_object(Bucket=BUCKET, Key="a", Body=str(number).encode())
    s3.delete_object(Bucket=BUCKET, Key="a")
    assert remove(stage, aws) == [f"removed bucket {BUCKET} with 4 object versions"]
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.slow
@pytest.mark.parametrize("stack", ["", "churn-prod-foundation"])
def test_a_bucket_of_somebody_else_is_kept(stage, aws, bucket, stack):
    s3 = bucket(stack=stack)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    assert remove(stage, aws) == [f"kept bucket {BUCKET}: it was not created by stack churn-dev-foundation"]
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"1"


class Busy:
    """S3 where something is written while the bucket is emptied."""

    def __init__(self, s3, deletions, errors=()):
        self.s3, self.deletions, self.errors = s3, deletions, list(errors)
        self.exceptions = s3.exceptions

    def __getattr__(self, name):
        return getattr(self.s3, name)

    def delete_bucket(self, Bucket):
        if self.deletions:
            self.deletions -= 1
            self.s3.put_object(Bucket=Bucket, Key=f"late-{self.deletions}", Body=b"")
        return self.s3.delete_bucket(Bucket=Bucket)

    def delete_objects(self, **request):
        return {"Errors": self.errors} if self.errors else self.s3.delete_objects(**request)


def test_what_is_written_meanwhile_is_removed_as_well(stage, aws, bucket):
    busy = Busy(bucket(), deletions=2)
    assert list(retained_resources._bucket(busy, BUCKET, "churn-dev-foundation")) == [
        f"removed bucket {BUCKET} with 2 object versions"
    ]


def test_a_bucket_that_is_never_empty_is_a_problem(stage, bucket):
    with pytest.raises(Problem, match="is still being written to: run teardown again in an hour"):
        list(retained_resources._bucket(Busy(bucket(), deletions=99), BUCKET, "churn-dev-foundation"))


def test_an_object_that_may_not_be_deleted_is_a_problem(stage, bucket):
    s3 = bucket()
    s3.put_object(Bucket=BUCKET, Key="locked", Body=b"1")
    busy = Busy(s3, 0, [{"Key": "locked", "Message": "Access Denied"}])
    with pytest.raises(Problem, match=f"s3://{BUCKET}/locked cannot be deleted: Access Denied"):
        list(retained_resources._bucket(busy, BUCKET, "churn-dev-foundation"))


def test_queue_images_logs_and_reports_of_this_stage_only(stage, aws):
    for name in ("churn-dev", "churn-prod"):
        aws("sqs").create_queue(QueueName=f"{name}-dead-letters")
        aws("ecr").create_repository(repositoryName=name)
        aws("logs").create_log_group(logGroupName=f"/aws/codebuild/{name}-upsert")
        aws("codebuild").create_report_group(
            name=f"{name}-test-tests", type="TEST", exportConfig={"exportConfigType": "NO_EXPORT"}
        )
    assert remove(stage, aws) == [
        "removed queue churn-dev-dead-letters",
        "removed image repository churn-dev",
        "removed log group /aws/codebuild/churn-dev-upsert",
        "removed test reports churn-dev-test-tests",
    ]
    assert [url.rpartition("/")[2] for url in aws("sqs").list_queues()["QueueUrls"]] == ["churn-prod-dead-letters"]
    [repository] = aws("ecr").describe_repositories()["repositories"]
    assert repository["repositoryName"] == "churn-prod"
    [group] = aws("logs").describe_log_groups(logGroupNamePrefix="/aws/codebuild")["logGroups"]
    assert group["logGroupName"] == "/aws/codebuild/churn-prod-upsert"
    [report] = aws("codebuild").list_report_groups()["reportGroups"]
    assert report.endswith("churn-prod-test-tests")


@pytest.mark.slow
def test_the_key_of_this_stage_only_and_only_once(stage, aws):
    own, other = (
        aws("kms").create_key(Description=f"{name}: data, models")["KeyMetadata"]["KeyId"]
        for name in ("churn-dev", "churn-development")
    )
    assert remove(stage, aws) == [f"removed key {own}, after a waiting period of 7 days"]
    assert remove(stage, aws) == []
    assert aws("kms").describe_key(KeyId=other)["KeyMetadata"]["KeyState"] == "Enabled"


def test_a_key_that_cannot_be_read_is_skipped(aws):
    kms = aws("kms")
    aws("kms").create_key(Description="hidden")
    own = aws("kms").create_key(Description="churn-dev: data")["KeyMetadata"]["KeyId"]

    class Hiding:
        exceptions = kms.exceptions

        def __getattr__(self, name):
            return getattr(kms, name)

        def describe_key(self, KeyId):
            response = kms.describe_key(KeyId=KeyId)
            if response["KeyMetadata"]["Description"] == "hidden":
                error = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
                raise kms.exceptions.ClientError(error, "DescribeKey")
            return response

    line = f"removed key {own}, after a waiting period of 7 days"
    assert list(retained_resources._keys(Hiding(), "churn-dev:")) == [line]
