"""``make demo``: the whole way on this machine, from a push to a canary in production, and a rollback that works."""
