"""CloudFormation: templates are deployed through the same API that every client calls."""
