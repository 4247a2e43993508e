"""The command: up, down, status, reset, logs, remote, env."""
