"""CodePipeline: executions that move through stages, with CodeBuild's builds and manual approvals."""
