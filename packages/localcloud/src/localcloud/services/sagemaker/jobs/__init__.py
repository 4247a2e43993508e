"""Processing, training and transform jobs: their operations, records and events."""
