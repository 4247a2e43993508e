"""CodeCommit: one bare Git repository and its operations."""
