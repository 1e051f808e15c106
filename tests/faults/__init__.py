"""The faults of the console's promise, injected for real, then healed, then judged."""
