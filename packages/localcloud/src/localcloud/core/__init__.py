"""What a service is made of: clock, events and metrics, validation, protocols, faults, logs, and moto's backends."""
