"""Application Auto Scaling of endpoints' variants: alarms and schedules change how many instances they have."""
