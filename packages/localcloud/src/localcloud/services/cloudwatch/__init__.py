"""CloudWatch as localcloud has it: metrics, metric maths, alarms on the clock, dashboards as records."""
