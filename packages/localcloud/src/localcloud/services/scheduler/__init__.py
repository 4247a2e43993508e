"""EventBridge Scheduler: targets invoked at times, on localcloud's clock."""
