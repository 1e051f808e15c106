"""What the demo host keeps running: its units and their processes."""
