"""Serverless endpoints: SageMaker runs and bills the model by request. They have no guardrails."""
