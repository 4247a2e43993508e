"""CodeBuild: builds run the commands of their buildspec as processes of this machine."""
