"""CloudWatch: metrics, metric math, alarms on the clock, dashboards as records."""
