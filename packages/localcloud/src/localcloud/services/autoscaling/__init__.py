"""Application Auto Scaling of endpoints' variants: alarms and schedules change their number of instances."""
