"""The profile of a data set: what preprocess would do with it, and the settings that it needs for that."""
