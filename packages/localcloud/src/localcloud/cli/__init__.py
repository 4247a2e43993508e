"""The command: up, seed, down, status, reset, logs, remote, env."""
