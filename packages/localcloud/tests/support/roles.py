"""The role of tests."""

ROLE = "arn:aws:iam::000000000000:role/r"
