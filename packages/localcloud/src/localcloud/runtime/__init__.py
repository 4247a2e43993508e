"""Runs programs: processes, containers, jobs and model servers, and S3 as they use it. Knows no AWS service."""
