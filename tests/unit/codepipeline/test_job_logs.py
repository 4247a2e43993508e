"""The groups that all jobs of an account log to: created once, with a limit, and never changed when they exist."""

from codepipeline import job_logs


def groups(aws):
    return {name: group.get("retentionInDays") for name, group in job_logs.read(aws("logs")).items()}


def test_missing_groups_are_created_with_a_limit(aws):
    logs = aws("logs")
    current = job_logs.read(logs)
    lines = list(job_logs.render(current))
    assert lines[0] == "  create log group /aws/sagemaker/ProcessingJobs, kept for 365 days"
    job_logs.create(logs, current)
    assert groups(aws) == dict.fromkeys(job_logs.NAMES, 365)
    assert list(job_logs.render(job_logs.read(logs))) == []


def test_a_group_that_exists_is_left_alone_and_reported_so(aws):
    logs = aws("logs")
    logs.create_log_group(logGroupName="/aws/sagemaker/TrainingJobs")
    current = job_logs.read(logs)
    [line] = [line for line in job_logs.render(current) if "TrainingJobs" in line]
    assert "exists and is kept forever; `aws logs put-retention-policy --log-group-name /aws/sagemaker/Tr" in line
    job_logs.create(logs, current)
    assert groups(aws)["/aws/sagemaker/TrainingJobs"] is None
