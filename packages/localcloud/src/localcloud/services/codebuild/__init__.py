"""CodeBuild: builds as processes of this machine, as the buildspec says."""
