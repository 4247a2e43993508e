"""CloudFormation: templates become resources, made through the same API that everybody calls."""
