"""CodePipeline: executions that move through stages, one clock, real builds, real approvals."""
