"""SageMaker Pipelines: definitions, executions, steps, caching, retries."""
