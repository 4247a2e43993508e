"""SageMaker Runtime: InvokeEndpoint."""
