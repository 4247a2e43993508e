"""Real-time endpoints on instances: guarded rollouts, alarms that take a release back, autoscaling."""
