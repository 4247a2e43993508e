"""Members of CodeBuild's projects."""

ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"}
